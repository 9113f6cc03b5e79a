/** One signed-in user's inbox: joins the client, the HTTP calls and the store. */

import {
  type Account,
  CarillonClient,
  type ConnectionStatus,
  HttpError,
  type InboxAction,
  type InboxRow,
  type NotificationFrame,
  type RawFrame,
} from "../client";
import {
  emptyInbox,
  type Inbox,
  visibleItems,
  withList,
  withNotification,
  withOlder,
  withReadThrough,
  withRow,
  withState,
  withUnread,
} from "./store";

const PAGE_SIZE = 25;
const LARGEST_PAGE = 100;
const FRAMES_KEPT = 200;
const LOAD_AGAIN_MS = 5_000;

export interface NumberedFrame extends RawFrame {
  number: number;
}

interface LiveInboxOptions {
  account: Account;
  client?: CarillonClient;
  onChange: () => void;
  onArrival: (frame: NotificationFrame) => void;
  onSignedOut: () => void;
}

export class LiveInbox {
  inbox: Inbox = emptyInbox;
  status: ConnectionStatus = { phase: "idle" };
  frames: readonly NumberedFrame[] = [];
  latencyMs: number | null = null;
  /** Server time minus ours. */
  clockOffsetMs = 0;
  /** What went wrong last, in words for the user; empty when nothing did. */
  problem = "";
  isBusy = false;

  readonly account: Account;
  private readonly client: CarillonClient;
  private framesSeen = 0;
  private listedButNotAcknowledged: string[] = [];
  private isClosed = false;
  private loading: Promise<void> | null = null;
  private loadAgain: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: LiveInboxOptions) {
    this.account = options.account;
    this.client = options.client ?? new CarillonClient();
    this.listen();
  }

  /** Read the list, then connect where it ends; without a list connect all the same. */
  async open(): Promise<void> {
    await this.load();
    if (!this.isClosed) this.client.connect();
  }

  close(): void {
    this.isClosed = true;
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
    this.client.ping().catch(() => undefined);
  }

  async act(key: string, action: InboxAction): Promise<void> {
    await this.attempt(async () => {
      this.update(withRow(this.inbox, await this.client.inbox.act(key, action)));
    });
  }

  async markAllRead(): Promise<void> {
    const newest = visibleItems(this.inbox)[0];
    if (newest === undefined) return;
    await this.attempt(async () => {
      const { unread } = await this.client.inbox.readAll(newest.seq);
      this.update(withReadThrough(this.inbox, newest.seq, unread));
    });
  }

  async loadOlder(): Promise<void> {
    await this.attempt(async () => {
      // Rows that arrived or went since may have moved the pages; look until one brings news.
      let page = Math.floor(visibleItems(this.inbox).length / PAGE_SIZE) + 1;
      const before = this.inbox.items.length;
      do {
        const older = await this.client.inbox.list({ page, page_size: PAGE_SIZE });
        this.update(withOlder(this.inbox, older));
        this.client.acknowledge(unacknowledged(older.results));
        page += 1;
      } while (this.inbox.items.length === before && this.inbox.hasOlder);
    });
  }

  /** Show a problem that arose outside. */
  complain(problem: string): void {
    this.problem = problem;
    this.options.onChange();
  }

  clearFrames(): void {
    this.frames = [];
    this.options.onChange();
  }

  private listen(): void {
    const { client } = this;
    client.on("status", (status) => {
      this.status = status;
      if (status.phase !== "live") this.latencyMs = null;
      if (status.phase === "stopped" && status.reason === "login-required") {
        this.options.onSignedOut();
      }
      this.options.onChange();
    });
    client.on("hello", (hello) => {
      this.clockOffsetMs = Date.parse(hello.server_time) - Date.now();
      this.client.acknowledge(this.listedButNotAcknowledged.splice(0));
      this.client.ping().catch(() => undefined);
    });
    client.on("notification", (frame) => {
      const isKnown = this.inbox.items.some(({ key }) => key === frame.key);
      this.update(withNotification(this.inbox, frame));
      if (!isKnown) this.options.onArrival(frame);
    });
    client.on("state", (change) => this.update(withState(this.inbox, change)));
    client.on("unread", ({ unread, through }) =>
      this.update(withUnread(this.inbox, unread, through)),
    );
    client.on("resync", () => void this.load());
    client.on("reload", () => void this.load());
    client.on("latency", ({ milliseconds }) => {
      this.latencyMs = milliseconds;
      this.options.onChange();
    });
    client.on("frame", (frame) => {
      this.framesSeen += 1;
      const numbered = { ...frame, number: this.framesSeen };
      this.frames = [numbered, ...this.frames].slice(0, FRAMES_KEPT);
      this.options.onChange();
    });
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
    const shown = Math.max(PAGE_SIZE, Math.min(LARGEST_PAGE, this.inbox.items.length));
    const isRead = await this.attempt(async () => {
      const page = await this.client.inbox.list({ page: 1, page_size: shown });
      this.client.resumeFrom(page.stream);
      this.update(withList(this.inbox, page));
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
    this.problem = isAnswer
      ? `The server refused: ${error.message}`
      : "The server cannot be reached.";
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
