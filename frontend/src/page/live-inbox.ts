/** One signed-in user's inbox: joins the client, the HTTP calls, the other tabs and the store. */

import {
  type Account,
  CarillonClient,
  type ConnectionStatus,
  HttpError,
  type InboxAction,
  type InboxRow,
  type NotificationFrame,
} from "../client";
import { words } from "../i18n";
import { Batch } from "./batch";
import { type Filter, isSameFilter, queryOf } from "./filter";
import { FrameLog } from "./frame-log";
import {
  emptyInbox,
  type Inbox,
  visibleItems,
  withFilter,
  withList,
  withNotifications,
  withOlder,
  withReadThrough,
  withRow,
  withState,
  withUnread,
} from "./store";
import type { TabMessage } from "./tabs";

const PAGE_SIZE = 25;
const OLDER_PAGE_SIZE = 50;
const LARGEST_PAGE = 100;
const LOAD_AGAIN_MS = 5_000;
const LATENCIES_KEPT = 40;

interface LiveInboxOptions {
  account: Account;
  client?: CarillonClient;
  onChange: () => void;
  /** All that came since the last time, in order; never what the list had already. */
  onArrivals: (frames: readonly NotificationFrame[]) => void;
  onSignedOut: () => void;
  tell: (message: TabMessage) => void;
}

export class LiveInbox {
  inbox: Inbox = emptyInbox;
  status: ConnectionStatus = { phase: "idle" };
  /** Of the last pings, newest last. */
  latencies: readonly number[] = [];
  /** Server time minus ours. */
  clockOffsetMs = 0;
  /** What went wrong last, in words for the user; empty when nothing did. */
  problem = "";
  isBusy = false;
  isLoadingOlder = false;
  /** Every kind seen so far, to choose from; another set when there is one more. */
  kinds: ReadonlySet<string> = new Set();
  readonly frames: FrameLog;
  account: Account;

  private readonly client: CarillonClient;
  private readonly arrivals: Batch<NotificationFrame>;
  private listedButNotAcknowledged: string[] = [];
  private isClosed = false;
  private loading: Promise<void> | null = null;
  private loadAgain: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: LiveInboxOptions) {
    this.account = options.account;
    this.client = options.client ?? new CarillonClient();
    this.arrivals = new Batch((frames) => this.take(frames));
    this.frames = new FrameLog(() => this.options.onChange());
    this.listen();
  }

  /** Read the list, then connect where it ends; without a list connect all the same. */
  async open(): Promise<void> {
    await this.load();
    if (!this.isClosed) this.client.connect();
  }

  close(): void {
    this.isClosed = true;
    this.arrivals.stop();
    this.frames.stop();
    if (this.loadAgain !== null) clearTimeout(this.loadAgain);
    this.client.close();
  }

  reconnect(): void {
    this.client.connect();
    this.client.retryNow();
  }

  /** The browser says that the network went or came; find out whether it is true. */
  checkConnection(): void {
    this.client.retryNow();
    this.ping();
  }

  ping(): void {
    this.client.ping().catch(() => undefined);
  }

  /** False when it failed; the problem says why. */
  async act(key: string, action: InboxAction): Promise<boolean> {
    return this.attempt(async () => {
      const row = await this.client.inbox.act(key, action);
      this.update(withRow(this.inbox, row));
      this.options.tell({ kind: "row", user: this.account.id, row });
    });
  }

  /** upTo: the newest number that the person has seen in the list. */
  async markAllRead(upTo: number): Promise<void> {
    await this.attempt(async () => {
      const { unread } = await this.client.inbox.readAll(upTo);
      this.update(withReadThrough(this.inbox, upTo, unread));
      this.options.tell({ kind: "read-through", user: this.account.id, upTo, unread });
    });
  }

  filterBy(filter: Filter): void {
    if (isSameFilter(filter, this.inbox.filter)) return;
    this.update(withFilter(this.inbox, filter));
    void this.load();
  }

  async loadOlder(): Promise<void> {
    const oldest = visibleItems(this.inbox).at(-1);
    if (oldest === undefined || this.isLoadingOlder || !this.inbox.hasOlder) return;
    const { filter } = this.inbox;
    this.isLoadingOlder = true;
    await this.attempt(async () => {
      const query = { ...queryOf(filter), before: oldest.seq, page_size: OLDER_PAGE_SIZE };
      const older = await this.client.inbox.list(query);
      if (isSameFilter(filter, this.inbox.filter)) this.update(withOlder(this.inbox, older));
      this.learnKinds(older.results);
      this.client.acknowledge(unacknowledged(older.results));
    });
    this.isLoadingOlder = false;
    this.options.onChange();
  }

  /** What another tab of this browser did or got. */
  hear(message: TabMessage): void {
    if (!("user" in message) || message.user !== this.account.id) return;
    if (message.kind === "row") this.update(withRow(this.inbox, message.row));
    if (message.kind === "read-through") {
      this.update(withReadThrough(this.inbox, message.upTo, message.unread));
    }
    // With a socket of our own they come from there, in order.
    if (message.kind === "arrivals" && this.status.phase !== "live") {
      this.update(withNotifications(this.inbox, message.frames));
    }
  }

  /** Read the list again, for instance after an error. */
  reload(): void {
    void this.load();
  }

  /** Show a problem that arose outside. */
  complain(problem: string): void {
    this.problem = problem;
    this.options.onChange();
  }

  private listen(): void {
    const { client } = this;
    client.on("status", (status) => this.becomes(status));
    client.on("hello", (hello) => {
      this.clockOffsetMs = Date.parse(hello.server_time) - Date.now();
      this.client.acknowledge(this.listedButNotAcknowledged.splice(0));
      this.ping();
    });
    client.on("notification", (frame) => this.arrivals.add(frame));
    client.on("state", (change) => {
      this.arrivals.flush();
      this.update(withState(this.inbox, change));
    });
    client.on("unread", ({ unread, through }) => {
      this.arrivals.flush();
      this.update(withUnread(this.inbox, unread, through));
    });
    client.on("resync", () => void this.load());
    client.on("reload", () => void this.load());
    client.on("latency", ({ milliseconds }) => {
      this.latencies = [...this.latencies, milliseconds].slice(-LATENCIES_KEPT);
      this.options.onChange();
    });
    client.on("frame", (frame) => this.frames.add(frame));
  }

  private becomes(status: ConnectionStatus): void {
    this.status = status;
    if (status.phase === "stopped" && status.reason === "login-required") {
      this.options.onSignedOut();
    }
    this.options.onChange();
  }

  private take(frames: readonly NotificationFrame[]): void {
    const known = new Set(this.inbox.items.map(({ key }) => key));
    const { listedThrough } = this.inbox;
    this.update(withNotifications(this.inbox, frames));
    this.learnKinds(frames);
    const fresh = frames.filter(({ key, seq }) => seq > listedThrough && !known.has(key));
    if (fresh.length === 0) return;
    this.options.tell({ kind: "arrivals", user: this.account.id, frames: fresh });
    this.options.onArrivals(fresh);
  }

  private learnKinds(all: readonly { kind: string }[]): void {
    const fresh = all.filter(({ kind }) => !this.kinds.has(kind));
    if (fresh.length > 0)
      this.kinds = new Set([...this.kinds, ...fresh.map(({ kind }) => kind)]);
  }

  /** Read as much of the list as is shown; a second wish meanwhile waits for a second read. */
  private load(): Promise<void> {
    const previous = this.loading ?? Promise.resolve();
    const next = previous.then(() => this.read());
    this.loading = next;
    return next;
  }

  private async read(): Promise<void> {
    if (this.isClosed) return;
    const { filter } = this.inbox;
    const shown = Math.max(PAGE_SIZE, Math.min(LARGEST_PAGE, this.inbox.items.length));
    const isRead = await this.attempt(async () => {
      const page = await this.client.inbox.list({ ...queryOf(filter), page_size: shown });
      this.client.resumeFrom(page.stream);
      // Another filter was chosen meanwhile; its own reading waits already.
      if (isSameFilter(filter, this.inbox.filter)) this.update(withList(this.inbox, page));
      this.learnKinds(page.results);
      this.listedButNotAcknowledged = unacknowledged(page.results);
      if (this.status.phase === "live") {
        this.client.acknowledge(this.listedButNotAcknowledged.splice(0));
      }
    });
    if (!isRead) this.readLater();
  }

  private readLater(): void {
    if (this.isClosed) return;
    if (this.loadAgain !== null) clearTimeout(this.loadAgain);
    this.loadAgain = setTimeout(() => void this.load(), LOAD_AGAIN_MS);
  }

  private async attempt(action: () => Promise<void>): Promise<boolean> {
    this.isBusy = true;
    this.options.onChange();
    try {
      await action();
      this.problem = "";
      return true;
    } catch (error) {
      this.report(error);
      return false;
    } finally {
      this.isBusy = false;
      this.options.onChange();
    }
  }

  private report(error: unknown): void {
    if (error instanceof HttpError && error.status === 401) {
      this.options.onSignedOut();
      return;
    }
    const isAnswer = error instanceof HttpError && error.status !== 0;
    this.problem = isAnswer ? words().refused(error.message) : words().unreachable;
  }

  private update(inbox: Inbox): void {
    this.inbox = inbox;
    this.options.onChange();
  }
}

/** Listed rows that no client has acknowledged yet; they are shown now. */
function unacknowledged(rows: readonly InboxRow[]): string[] {
  return rows.filter(({ acked_at }) => acked_at === null).map(({ key }) => key);
}
