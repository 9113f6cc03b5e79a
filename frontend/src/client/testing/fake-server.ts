/** A scripted server for tests: its sockets and its HTTP answers are in the test's hands. */

import { vi } from "vitest";

import { CarillonClient, type ClientOptions } from "../client";
import type { ClientEvents } from "../events";
import type { HelloFrame, NotificationFrame, ServerFrame } from "../frames";
import type { InboxPage, InboxRow } from "../inbox";
import type { WebSocketLike } from "../socket";

export class FakeSocket implements WebSocketLike {
  readyState = 0;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  closedWith: number | undefined;
  readonly sent: Record<string, unknown>[] = [];

  constructor(
    readonly address: string,
    readonly protocols: string[],
  ) {}

  get query(): Record<string, string> {
    return Object.fromEntries(new URL(this.address).searchParams);
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }

  close(code?: number): void {
    this.closedWith = code;
    this.readyState = 3;
  }

  accept(): void {
    this.readyState = 1;
  }

  say(frame: ServerFrame | { type: string }): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  /** The frames of one type that the client sent. */
  of(type: string): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame["type"] === type);
  }
}

export function hello(changes: Partial<HelloFrame> = {}): HelloFrame {
  return {
    type: "hello",
    v: 1,
    connection_id: "c_1",
    user_id: 7,
    server_time: "2026-11-20T10:00:00.000Z",
    stream: { epoch: "e_1", last_seq: 0 },
    state_version: 0,
    resume: { seq: 0, recovered: true },
    unread: 0,
    ping_interval: 20,
    session_expires_at: null,
    limits: { frame: 16384, window: 64 },
    ...changes,
  };
}

export function notification(
  seq: number,
  changes: Partial<NotificationFrame> = {},
): NotificationFrame {
  return {
    type: "server_notification",
    key: `k${seq}`,
    seq,
    value: { n: seq },
    kind: "message",
    title: `Number ${seq}`,
    body: "",
    severity: "info",
    url: "",
    created_at: "2026-11-20T10:00:00.000Z",
    ...changes,
  };
}

export function row(seq: number, changes: Partial<InboxRow> = {}): InboxRow {
  return {
    id: seq,
    key: `k${seq}`,
    seq,
    payload: { n: seq },
    title: `Number ${seq}`,
    body: "",
    severity: "info",
    kind: "message",
    url: "",
    created_at: "2026-11-20T10:00:00.000Z",
    expires_at: null,
    acked_at: null,
    read_at: null,
    archived_at: null,
    state: "unread",
    ...changes,
  };
}

export function page(results: InboxRow[], changes: Partial<InboxPage> = {}): InboxPage {
  const lastSeq = Math.max(0, ...results.map(({ seq }) => seq));
  return {
    count: results.length,
    next: null,
    previous: null,
    results,
    stream: { epoch: "e_1", last_seq: lastSeq, state_version: 0 },
    unread: results.length,
    ...changes,
  };
}

export function answer(status: number, body: unknown = {}, headers = {}): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
}

type Route = (path: string) => Response | Promise<Response>;

export class FakeServer {
  readonly sockets: FakeSocket[] = [];
  readonly requests: string[] = [];
  /** Method and address of each request with what it was authorized by. */
  readonly calls: { call: string; authorization: string | null }[] = [];
  readonly told: { name: keyof ClientEvents; event: unknown }[] = [];
  tickets = 0;
  onTicket: Route = () => answer(201, { ticket: `t${this.tickets}`, expires_in: 30 });
  onList: Route = () => answer(200, page([]));
  readonly client: CarillonClient;

  /** random: what every draw gives; 0.5 unless told. */
  constructor(options: Partial<ClientOptions> & { drawn?: number } = {}) {
    const { sockets } = this;
    const { drawn, ...rest } = options;
    this.client = new CarillonClient({
      baseUrl: "https://carillon.example",
      fetch: (address, init) => this.handle(new URL(address as string), init ?? {}),
      WebSocket: class extends FakeSocket {
        constructor(address: string, protocols: string[]) {
          super(address, protocols);
          sockets.push(this);
        }
      },
      random: () => drawn ?? 0.5,
      ...rest,
    });
    for (const name of NAMES) {
      this.client.on(name, (event: unknown) => this.told.push({ name, event }));
    }
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error("the client opened no socket");
    return last;
  }

  /** Let promises settle and, if wished, time pass. */
  async pass(milliseconds = 0): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
  }

  /** Connect and greet. */
  async live(changes: Partial<HelloFrame> = {}): Promise<FakeSocket> {
    this.client.connect();
    await this.pass();
    return this.greet(changes);
  }

  greet(changes: Partial<HelloFrame> = {}): FakeSocket {
    this.socket.accept();
    this.socket.say(hello(changes));
    return this.socket;
  }

  events<Name extends keyof ClientEvents>(name: Name): ClientEvents[Name][] {
    return this.told
      .filter((one) => one.name === name)
      .map(({ event }) => event as ClientEvents[Name]);
  }

  private async handle(address: URL, init: RequestInit): Promise<Response> {
    const path = `${address.pathname}${address.search}`;
    this.calls.push({
      call: `${init.method ?? "GET"} ${address.origin}${path}`,
      authorization: new Headers(init.headers).get("Authorization"),
    });
    this.requests.push(path);
    if (address.pathname === "/api/auth/ticket/") {
      this.tickets += 1;
      return await this.onTicket(path);
    }
    return await this.onList(path);
  }
}

/** A browser's storage; give the same one to two clients for a reload. */
export class FakeStorage {
  readonly entries = new Map<string, string>();

  getItem(name: string): string | null {
    return this.entries.get(name) ?? null;
  }

  setItem(name: string, value: string): void {
    this.entries.set(name, value);
  }

  removeItem(name: string): void {
    this.entries.delete(name);
  }
}

const NAMES: (keyof ClientEvents)[] = [
  "status",
  "hello",
  "notification",
  "state",
  "unread",
  "alerts",
  "alert",
  "mailings",
  "mailing_progress",
  "watch_result",
  "latency",
  "frame",
  "resync",
  "reload",
  "error",
];
