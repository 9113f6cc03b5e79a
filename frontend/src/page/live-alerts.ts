/** One signed-in user's alerts: what arrives, what the person does, and what failed. */

import {
  type AlertFrame,
  type AlertRow,
  type CarillonClient,
  HttpError,
  type Snooze,
} from "../client";
import { words } from "../i18n";
import {
  type Alerts,
  emptyAlerts,
  nextTurn,
  turnover,
  visibleAlerts,
  type Wish,
  withChange,
  without,
  withoutWish,
  withRow,
  withSnapshot,
  withWish,
} from "./alerts";
import type { TabMessage } from "./tabs";

export type AlertAction =
  | { kind: "read" }
  | { kind: "unread" }
  | { kind: "end-snooze" }
  | { kind: "snooze"; how: Snooze };

interface LiveAlertsOptions {
  client: CarillonClient;
  user: number;
  /** The server's time, in milliseconds. */
  now: () => number;
  onChange: () => void;
  /** New to this user, or back; first: they were there when the page was opened. */
  onArrivals: (rows: readonly AlertRow[], isFirst: boolean) => void;
  onReminder: (row: AlertRow) => void;
  onGone: (rows: readonly AlertRow[]) => void;
  onProblem: (title: string, reason: string) => void;
  tell: (message: TabMessage) => void;
}

const CHECK_MS = 15_000;
/** What setTimeout can wait for; a later turn is looked at again by then. */
const LONGEST_WAIT_MS = 3_600_000;
const READ_AT_ONCE = 100;

export class LiveAlerts {
  alerts: Alerts = emptyAlerts;
  private readonly queues = new Map<number, Promise<void>>();
  /** Raised when the server says what an alert is to this user. */
  private readonly heard = new Map<number, number>();
  private checking: ReturnType<typeof setInterval> | null = null;
  private turning: ReturnType<typeof setTimeout> | null = null;
  private isLive = false;
  /** How often all were replaced. */
  private snapshots = 0;
  private shown: readonly AlertRow[] = [];

  constructor(private readonly options: LiveAlertsOptions) {
    const { client } = options;
    client.on("alerts", ({ alerts }) => this.replace(alerts));
    client.on("alert", (frame) => this.change(frame));
    client.on("status", ({ phase }) => (this.isLive = phase === "live"));
    // Without a socket alerts are asked for as often as notifications are.
    this.checking = setInterval(() => void this.check(), CHECK_MS);
  }

  close(): void {
    if (this.checking !== null) clearInterval(this.checking);
    if (this.turning !== null) clearTimeout(this.turning);
  }

  get visible(): readonly AlertRow[] {
    return this.shown;
  }

  /**
   * Show it at once as asked for, and ask the server; false when that failed, and then
   * everything is as before. One alert's actions reach the server in their order.
   */
  act(id: number, action: AlertAction): Promise<boolean> {
    const wish = wishOf(action, this.options.now());
    this.update(withWish(this.alerts, id, wish));
    const before = this.queues.get(id) ?? Promise.resolve();
    const done = before.then(() => this.ask(id, action));
    const queued = done.then(() => this.update(withoutWish(this.alerts, id, wish)));
    this.queues.set(id, queued);
    return done;
  }

  /** What another tab of this browser was answered; a socket of our own tells it too. */
  hear(message: TabMessage): void {
    if (message.kind !== "alert" || message.user !== this.options.user) return;
    if (!this.isLive) this.update(withRow(this.alerts, message.row));
  }

  private async ask(id: number, action: AlertAction): Promise<boolean> {
    const heardBefore = this.heard.get(id) ?? 0;
    try {
      const row = await this.send(id, action);
      // A change that came meanwhile is not older than this answer.
      const isNews = (this.heard.get(id) ?? 0) === heardBefore;
      if (isNews && this.knows(id)) this.update(withRow(this.alerts, row));
      this.options.tell({ kind: "alert", user: this.options.user, row });
      return true;
    } catch (error) {
      this.fail(id, action, error);
      return false;
    }
  }

  private send(id: number, action: AlertAction): Promise<AlertRow> {
    const api = this.options.client.alerts;
    switch (action.kind) {
      case "read":
        return api.markRead(id);
      case "unread":
        return api.markUnread(id);
      case "end-snooze":
        return api.endSnooze(id);
      case "snooze":
        return api.snooze(id, action.how);
    }
  }

  private fail(id: number, action: AlertAction, error: unknown): void {
    const say = words();
    if (error instanceof HttpError && error.status === 404) {
      this.update(without(this.alerts, id));
      return this.options.onProblem(say.alertIsGone, "");
    }
    const isAnswer = error instanceof HttpError && error.status !== 0;
    const [said] = isAnswer ? Object.values(error.fields).flat() : [];
    const reason = isAnswer ? say.refused(said ?? error.message) : say.unreachable;
    const title = action.kind === "snooze" ? say.snoozeFailed : say.alertActionFailed;
    this.options.onProblem(title, reason);
  }

  private knows(wanted: number): boolean {
    return this.alerts.known.some(({ id }) => id === wanted);
  }

  private replace(rows: readonly AlertRow[]): void {
    this.snapshots += 1;
    for (const { id } of rows) this.hearOf(id);
    this.update(withSnapshot(this.alerts, rows));
  }

  private change(frame: AlertFrame): void {
    const { id } = frame.alert;
    this.hearOf(id);
    this.update(withChange(this.alerts, frame));
    const reminded = this.shown.find((row) => row.id === id);
    if (frame.change === "reminder" && reminded !== undefined)
      this.options.onReminder(reminded);
  }

  private hearOf(id: number): void {
    this.heard.set(id, (this.heard.get(id) ?? 0) + 1);
  }

  private async check(): Promise<void> {
    if (this.isLive) return;
    const { snapshots } = this;
    try {
      const rows = await this.readAll();
      // A snapshot that came meanwhile is newer.
      if (snapshots === this.snapshots) this.replace(rows);
    } catch {
      // The page says already that there is no connection; what is shown stays.
    }
  }

  private async readAll(): Promise<AlertRow[]> {
    const rows: AlertRow[] = [];
    for (let page = 1; ; page += 1) {
      const query = { page, page_size: READ_AT_ONCE };
      const { results, next } = await this.options.client.alerts.list(query);
      rows.push(...results);
      if (next === null) return rows;
    }
  }

  private update(alerts: Alerts): void {
    const isFirst = !this.alerts.isLoaded;
    const now = this.options.now();
    const before = this.shown;
    this.alerts = alerts;
    this.shown = visibleAlerts(alerts, now);
    this.waitForTurn(now);
    this.options.onChange();
    const { arrived, gone } = turnover(before, this.shown, now);
    if (arrived.length > 0) this.options.onArrivals(arrived, isFirst);
    if (gone.length > 0) this.options.onGone(gone);
  }

  /** Look again when the next alert expires or the next snooze is over. */
  private waitForTurn(now: number): void {
    if (this.turning !== null) clearTimeout(this.turning);
    const turn = nextTurn(this.shown);
    if (turn === null) return;
    const wait = Math.min(Math.max(turn - now, 0) + 50, LONGEST_WAIT_MS);
    this.turning = setTimeout(() => this.update(this.alerts), wait);
  }
}

function wishOf(action: AlertAction, now: number): Wish {
  switch (action.kind) {
    case "read":
      return { state: "read", until: null };
    case "unread":
    case "end-snooze":
      return { state: "unread", until: null };
    case "snooze":
      return { state: "snoozed", until: endOf(action.how, now) };
  }
}

function endOf(how: Snooze, now: number): string | null {
  if (how.until !== undefined) return how.until;
  if (how.minutes === undefined) return null;
  return new Date(now + how.minutes * 60_000).toISOString();
}
