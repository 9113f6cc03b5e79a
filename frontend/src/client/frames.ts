/** Types of every frame of the WebSocket protocol, version 1 (docs/protocol.md). */

export type Severity = "info" | "warning" | "critical";

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

export type NotificationStateName =
  "acked" | "read" | "unread" | "archived" | "withdrawn" | "expired";

export interface HelloFrame {
  type: "hello";
  v: number;
  connection_id: string;
  user_id: number;
  server_time: string;
  stream: { epoch: string; last_seq: number };
  state_version: number;
  alerts_version?: number;
  resume: { seq: number; recovered: boolean };
  replay_truncated?: boolean;
  unread: number;
  ping_interval: number;
  session_expires_at: string | null;
  limits: { frame: number; window: number };
}

export interface NotificationFrame {
  type: "server_notification";
  key: string;
  seq: number;
  value: Json;
  kind: string;
  title: string;
  body: string;
  severity: Severity;
  url: string;
  created_at: string;
  replay?: boolean;
  request_id?: string;
}

export interface NotificationStateFrame {
  type: "notification_state";
  keys: string[] | null;
  up_to: number | null;
  state: NotificationStateName;
  state_version: number;
  unread: number;
}

export interface ReplayEndFrame {
  type: "replay_end";
  seq: number;
}

export interface ResyncFrame {
  type: "resync";
}

export type AlertState = "unread" | "read" | "snoozed";

/** What an alert says to everybody. */
export interface SharedAlert {
  id: number;
  title: string;
  message: string;
  severity: Severity;
  visibility_type: "organization" | "team" | "user";
  start_time: string;
  expiry_time: string;
  created_at: string;
  updated_at: string;
}

/** What an alert is to this user. */
export interface OwnAlert {
  id: number;
  state: AlertState;
  read_at: string | null;
  snoozed_until: string | null;
  reminders: number;
  last_reminded_at: string | null;
}

export type AlertRow = SharedAlert & OwnAlert;

export interface AlertsFrame {
  type: "alerts";
  version: number;
  alerts: AlertRow[];
}

interface AlertFrameOf<Change, Fields> {
  type: "alert";
  version: number;
  alert: Fields;
  change: Change;
}

export type AlertFrame =
  | AlertFrameOf<"published" | "updated", SharedAlert>
  | AlertFrameOf<"reminder" | "state", OwnAlert>
  | AlertFrameOf<"expired" | "withdrawn", { id: number }>;

export type MailingStatus = "draft" | "scheduled" | "running" | "paused" | "done" | "cancelled";

/** How far a mailing is. */
export interface MailingProgress {
  mailing: number;
  /** The beginning of its text. */
  title: string;
  status: MailingStatus;
  /** Why it is paused. */
  reason: string;
  total: number;
  sent: number;
  failed: number;
  waiting: number;
  expired: number;
  unknown: number;
  cancelled: number;
  rate: number;
  eta_seconds: number | null;
}

export interface MailingsFrame {
  type: "mailings";
  mailings: MailingProgress[];
}

export interface MailingProgressFrame extends MailingProgress {
  type: "mailing_progress";
}

export interface WatchResultFrame {
  type: "watch_result";
  mailing: number;
  ok: boolean;
}

export interface CommandResultFrame {
  type: "command_processing_result";
  key: string;
  value: Json;
  id?: string;
  server_time: string;
}

export interface ErrorFrame {
  type: "message_processing_error";
  value: string;
  code: string;
  ref?: string | null;
}

export interface SessionExpiringFrame {
  type: "session_expiring";
  in: number;
}

export interface AuthOkFrame {
  type: "auth_ok";
  session_expires_at: string | null;
}

export interface GoingAwayFrame {
  type: "going_away";
  reconnect_in_ms: number;
}

export type ServerFrame =
  | HelloFrame
  | NotificationFrame
  | NotificationStateFrame
  | ReplayEndFrame
  | ResyncFrame
  | AlertsFrame
  | AlertFrame
  | MailingsFrame
  | MailingProgressFrame
  | WatchResultFrame
  | CommandResultFrame
  | ErrorFrame
  | SessionExpiringFrame
  | AuthOkFrame
  | GoingAwayFrame;

export type ClientFrame =
  | { type: "message_ack"; keys: string[] }
  | { type: "message_ack"; up_to: number; epoch: string }
  | { type: "message_read"; keys: string[] }
  | { type: "command"; key: "ping"; id: string }
  | { type: "watch"; mailing: number }
  | { type: "unwatch"; mailing: number }
  | { type: "auth"; token: string };

/** A frame as it travelled; what the raw-frame drawer shows. */
export interface RawFrame {
  direction: "in" | "out";
  at: number;
  text: string;
}

/** Read one text frame; null for what is no object with a type. */
export function parseFrame(text: string): ServerFrame | null {
  try {
    const parsed: unknown = JSON.parse(text);
    const isFrame =
      typeof parsed === "object" &&
      parsed !== null &&
      "type" in parsed &&
      typeof parsed.type === "string";
    return isFrame ? (parsed as ServerFrame) : null;
  } catch {
    return null;
  }
}
