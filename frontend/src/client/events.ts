/** What the client tells: its status, and what arrives. */

import type { StopReason } from "./close-codes";
import type { FallbackState } from "./fallback";
import type {
  AlertFrame,
  AlertsFrame,
  ErrorFrame,
  HelloFrame,
  MailingProgressFrame,
  MailingsFrame,
  NotificationFrame,
  NotificationStateFrame,
  RawFrame,
  WatchResultFrame,
} from "./frames";

export type ConnectionStatus =
  | { phase: "idle" }
  | { phase: "connecting"; fallback: FallbackState }
  | { phase: "live" }
  | { phase: "waiting"; retryAt: number; fallback: FallbackState }
  | { phase: "stopped"; reason: StopReason; code: number | null };

export type ReloadReason =
  | "epoch"
  | "not-recovered"
  | "truncated"
  /** The tickets belong to somebody else now; what was shown is not theirs. */
  | "user";

export interface ClientEvents {
  status: ConnectionStatus;
  hello: HelloFrame;
  notification: NotificationFrame;
  state: NotificationStateFrame;
  /** unread: of the whole inbox; through: the newest number it counts, where that is known. */
  unread: { unread: number; through: number | null };
  alerts: AlertsFrame;
  alert: AlertFrame;
  mailings: MailingsFrame;
  mailing_progress: MailingProgressFrame;
  watch_result: WatchResultFrame;
  latency: { milliseconds: number };
  frame: RawFrame;
  /** States were missed: read the list again. */
  resync: { reason: "server" | "poll" };
  /** The position was worth nothing: read the list again from the start. */
  reload: { reason: ReloadReason };
  error: ErrorFrame;
}

/** How a part of the client tells something. */
export type Emit = <Name extends keyof ClientEvents>(
  name: Name,
  event: ClientEvents[Name],
) => void;
