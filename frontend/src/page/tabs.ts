/** The tabs of one browser tell each other what they know. */

import type { InboxRow, NotificationFrame } from "../client";

export type TabMessage =
  | { kind: "row"; user: number; row: InboxRow }
  | { kind: "read-through"; user: number; upTo: number; unread: number }
  | { kind: "arrivals"; user: number; frames: readonly NotificationFrame[] }
  | { kind: "signed-in" }
  | { kind: "signed-out"; everywhere: boolean }
  | { kind: "who-has-focus" }
  | { kind: "focus-is-here" };

const CHANNEL = "carillon";
const LEADER = "carillon.leader";
/** Tabs of one browser answer within a few milliseconds, busy ones within this. */
const ANSWER_WITHIN_MS = 200;

export class Tabs {
  private readonly channel =
    "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
  private isLeading = false;
  private focusIsElsewhere: (() => void) | null = null;

  constructor(private readonly onMessage: (message: TabMessage) => void) {
    this.channel?.addEventListener("message", (event: MessageEvent<TabMessage>) =>
      this.receive(event.data),
    );
    this.standForLeader();
  }

  /** The one tab that makes desktop notifications and sounds. */
  get isLeader(): boolean {
    return this.isLeading;
  }

  tell(message: TabMessage): void {
    this.channel?.postMessage(message);
  }

  /** Whether this tab or another of this browser has the focus. */
  async isAnyFocused(): Promise<boolean> {
    if (document.hasFocus()) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
      this.focusIsElsewhere = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.tell({ kind: "who-has-focus" });
    });
  }

  private receive(message: TabMessage): void {
    if (message.kind === "who-has-focus") {
      if (document.hasFocus()) this.tell({ kind: "focus-is-here" });
    } else if (message.kind === "focus-is-here") {
      this.focusIsElsewhere?.();
    } else {
      this.onMessage(message);
    }
  }

  /** The lock goes to the next tab when this one closes, however it closes. */
  private standForLeader(): void {
    if (!("locks" in navigator)) {
      // Without HTTPS there are no locks; there are no desktop notifications either.
      this.isLeading = true;
      return;
    }
    void navigator.locks.request(LEADER, () => {
      this.isLeading = true;
      return new Promise(() => undefined);
    });
  }
}
