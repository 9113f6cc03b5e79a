/** The tabs of one browser tell each other what they know. */

import type { AlertRow, InboxRow, NotificationFrame } from "../client";

export type TabMessage =
  | { kind: "row"; user: number; row: InboxRow }
  | { kind: "alert"; user: number; row: AlertRow }
  | { kind: "read-through"; user: number; upTo: number; unread: number }
  | { kind: "arrivals"; user: number; frames: readonly NotificationFrame[] }
  | { kind: "signed-in" }
  | { kind: "signed-out"; everywhere: boolean }
  | { kind: "who-has-focus" }
  | { kind: "focus-is-here" }
  | { kind: "who-leads" }
  | { kind: "leader-is-here" };

const CHANNEL = "carillon";
const LEADER = "carillon.leader";
/** Tabs of one browser answer within a few milliseconds, busy ones within this. */
const ANSWER_WITHIN_MS = 200;
/** When the leader closes, another tab has its place within this. */
const HANDOVER_MS = 1_000;

export class Tabs {
  private readonly channel =
    "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
  private isLeading = false;
  private elect: () => void = () => undefined;
  private readonly elected = new Promise<void>((resolve) => {
    this.elect = resolve;
  });
  private focusIsElsewhere: (() => void) | null = null;
  private leaderIsElsewhere: (() => void) | null = null;

  constructor(private readonly onMessage: (message: TabMessage) => void) {
    this.channel?.addEventListener("message", (event: MessageEvent<TabMessage>) =>
      this.receive(event.data),
    );
    this.standForLeader();
  }

  /**
   * Whether this is the one tab that makes desktop notifications and sounds. What
   * arrives while the place changes hands is for the tab that gets it.
   */
  async isLeader(): Promise<boolean> {
    if (this.isLeading) return true;
    return new Promise((resolve) => {
      setTimeout(() => resolve(this.isLeading), HANDOVER_MS);
      void this.elected.then(() => resolve(true));
      this.leaderIsElsewhere = () => resolve(false);
      this.tell({ kind: "who-leads" });
    });
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
    } else if (message.kind === "who-leads") {
      if (this.isLeading) this.tell({ kind: "leader-is-here" });
    } else if (message.kind === "leader-is-here") {
      this.leaderIsElsewhere?.();
    } else {
      this.onMessage(message);
    }
  }

  /** The lock goes to the next tab when this one closes, however it closes. */
  private standForLeader(): void {
    if (!("locks" in navigator)) {
      // Without HTTPS there are no locks; there are no desktop notifications either.
      this.lead();
      return;
    }
    void navigator.locks.request(LEADER, () => {
      this.lead();
      return new Promise(() => undefined);
    });
  }

  private lead(): void {
    this.isLeading = true;
    this.elect();
  }
}
