/** One inbox with one socket, however many elements of a page show it. */

import {
  CarillonClient,
  type ClientOptions,
  type ConnectionStatus,
  HttpError,
  type InboxAction,
  type InboxRow,
  type NotificationFrame,
  type TicketSource,
} from "../client";
import {
  emptyInbox,
  type Inbox,
  withChange,
  withList,
  withNotification,
  withOlder,
  withReadThrough,
  withRestored,
  withRow,
  withUnread,
} from "./model";

const PAGE_SIZE = 20;
const LARGEST_PAGE = 100;
const READ_AGAIN_MS = 5_000;

export interface Source {
  server: string;
  ticketUrl: string | null;
  ticket: TicketSource | null;
}

export interface View {
  /** Show what the inbox is now. */
  update: () => void;
  /** isFirst: of several views of the inbox one announces it. */
  arrived: (frame: NotificationFrame, isFirst: boolean) => void;
}

type MakeClient = (options: ClientOptions) => CarillonClient;

const open: SharedInbox[] = [];

export class SharedInbox {
  inbox: Inbox = emptyInbox;
  /** Whether the last thing that the person asked for failed. */
  hasFailed = false;

  private readonly views = new Set<View>();
  private readonly client: CarillonClient;
  private readAgain: ReturnType<typeof setTimeout> | null = null;
  private reading: Promise<void> = Promise.resolve();
  private isClosed = false;

  private constructor(
    private readonly source: Source,
    makeClient: MakeClient,
  ) {
    const { server, ticketUrl, ticket } = source;
    this.client = makeClient({
      baseUrl: server,
      // The list says where to begin; nothing is left behind in the storage of the host.
      storage: null,
      ...(ticketUrl === null ? {} : { ticketUrl }),
      ...(ticket === null ? {} : { ticket }),
    });
    this.listen();
  }

  /** Show the inbox of a source; whoever comes first opens it. */
  static join(
    source: Source,
    view: View,
    makeClient: MakeClient = (options) => new CarillonClient(options),
  ): SharedInbox {
    let shared = open.find((other) => isSame(other.source, source));
    if (shared === undefined) {
      shared = new SharedInbox(source, makeClient);
      open.push(shared);
      void shared.start();
    }
    shared.views.add(view);
    return shared;
  }

  /** Stop showing it; with the last view the socket goes. */
  leave(view: View): void {
    this.views.delete(view);
    // An element that moves within the page leaves and joins again at once.
    setTimeout(() => {
      if (this.views.size === 0) this.close();
    });
  }

  get status(): ConnectionStatus {
    return this.client.status;
  }

  retry(): void {
    this.hasFailed = false;
    this.client.connect();
    this.client.retryNow();
    void this.read();
  }

  /** Say whether it worked. */
  act(key: string, action: InboxAction): Promise<boolean> {
    return this.attempt(async () => {
      const row = await this.client.inbox.act(key, action);
      this.become(withRow(this.inbox, row));
    });
  }

  /** Move back from the archive; say whether it worked. */
  restore(key: string): Promise<boolean> {
    return this.attempt(async () => {
      const row = await this.client.inbox.act(key, "unarchive");
      this.become(withRestored(this.inbox, row));
    });
  }

  /** Mark as read by the socket, which does not end with a page that is being left. */
  markReadOnLeaving(key: string): void {
    this.client.markRead([key]);
  }

  async markAllRead(): Promise<void> {
    const newest = this.inbox.items[0];
    if (newest === undefined) return;
    await this.attempt(async () => {
      const { unread } = await this.client.inbox.readAll(newest.seq);
      this.become(withReadThrough(this.inbox, newest.seq, unread));
    });
  }

  async showOlder(): Promise<void> {
    await this.attempt(async () => {
      // Rows that arrived or went since may have moved the pages; look until one brings news.
      let page = Math.floor(this.inbox.items.length / PAGE_SIZE) + 1;
      const before = this.inbox.items.length;
      do {
        const older = await this.client.inbox.list({ page, page_size: PAGE_SIZE });
        this.become(withOlder(this.inbox, older));
        this.client.acknowledge(unacknowledged(older.results));
        page += 1;
      } while (this.inbox.items.length === before && this.inbox.hasOlder);
    });
  }

  private async start(): Promise<void> {
    await this.read();
    if (!this.isClosed) this.client.connect();
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    open.splice(open.indexOf(this), 1);
    if (this.readAgain !== null) clearTimeout(this.readAgain);
    globalThis.removeEventListener("online", this.checkConnection);
    this.client.close();
  }

  private listen(): void {
    const { client } = this;
    client.on("status", () => this.update());
    client.on("notification", (frame) => this.arrived(frame));
    client.on("state", (change) => this.become(withChange(this.inbox, change)));
    client.on("unread", ({ unread, through }) =>
      this.become(withUnread(this.inbox, unread, through)),
    );
    client.on("resync", () => void this.read());
    client.on("reload", ({ reason }) => {
      // Nothing of one person may be left for the next.
      if (reason === "user") this.become(emptyInbox);
      void this.read();
    });
    globalThis.addEventListener("online", this.checkConnection);
  }

  private readonly checkConnection = (): void => {
    this.client.retryNow();
    this.client.ping().catch(() => undefined);
  };

  private arrived(frame: NotificationFrame): void {
    const inbox = withNotification(this.inbox, frame);
    if (inbox === null) return;
    this.become(inbox);
    let isFirst = true;
    for (const view of this.views) {
      view.arrived(frame, isFirst);
      isFirst = false;
    }
  }

  /** Read as much of the list as is shown, one reading after the other. */
  private read(): Promise<void> {
    this.reading = this.reading.then(() => this.readList());
    return this.reading;
  }

  private async readList(): Promise<void> {
    if (this.isClosed) return;
    const wanted = Math.max(PAGE_SIZE, Math.min(LARGEST_PAGE, this.inbox.items.length));
    try {
      const page = await this.client.inbox.list({ page: 1, page_size: wanted });
      this.client.resumeFrom(page.stream);
      this.client.acknowledge(unacknowledged(page.results));
      this.become(withList(this.inbox, page));
    } catch (error) {
      const isRefused = error instanceof HttpError && error.isLoginRequired;
      if (!isRefused) this.readLater();
    }
  }

  private readLater(): void {
    if (this.isClosed) return;
    if (this.readAgain !== null) clearTimeout(this.readAgain);
    this.readAgain = setTimeout(() => void this.read(), READ_AGAIN_MS);
  }

  private async attempt(action: () => Promise<void>): Promise<boolean> {
    this.hasFailed = false;
    try {
      await action();
    } catch {
      this.hasFailed = true;
      this.update();
    }
    return !this.hasFailed;
  }

  private become(inbox: Inbox): void {
    this.inbox = inbox;
    this.update();
  }

  private update(): void {
    for (const view of this.views) view.update();
  }
}

function isSame(one: Source, other: Source): boolean {
  return (
    one.server === other.server &&
    one.ticketUrl === other.ticketUrl &&
    one.ticket === other.ticket
  );
}

function unacknowledged(rows: readonly InboxRow[]): string[] {
  return rows.filter(({ acked_at }) => acked_at === null).map(({ key }) => key);
}
