/** CarillonClient: one live connection to a user's notifications (docs/protocol.md). */

import { Access, type Pass, ticketsFrom } from "./access";
import { AccountApi } from "./account";
import { AlertsApi } from "./alerts";
import { Backoff } from "./backoff";
import { closeRule, type StopReason } from "./close-codes";
import { Emitter } from "./emitter";
import type { ClientEvents, ConnectionStatus } from "./events";
import { Fallback } from "./fallback";
import { type ClientFrame, type HelloFrame, type ServerFrame, parseFrame } from "./frames";
import { Heartbeat } from "./heartbeat";
import { Http, HttpError, type HttpOptions } from "./http";
import { InboxApi } from "./inbox";
import type { Position, StreamPosition } from "./position";
import { Reception } from "./reception";
import { Socket, type WebSocketConstructor } from "./socket";
import { defaultStorage, type PositionStorage } from "./storage";
import { Alarm, systemTimers, type Timers } from "./timers";

export interface ClientOptions extends Omit<HttpOptions, "authorization"> {
  /**
   * Where a ticket comes from, and with it the token for the inbox over HTTP. Without this
   * and `ticketUrl`: POST /api/auth/ticket/, with the session's cookie or `headers`.
   */
  ticket?: () => Promise<string | Pass>;
  /** An address of one's own backend that answers a POST with what the server gave it. */
  ticketUrl?: string;
  /** Where the resume position is kept; `localStorage` in a browser; null for nowhere. */
  storage?: PositionStorage | null;
  /** Node.js 20 has none of its own. */
  WebSocket?: WebSocketConstructor;
  timers?: Timers;
  random?: () => number;
  /** False for a caller that acknowledges by itself, after storing. */
  autoAcknowledge?: boolean;
}

const STABLE_AFTER_MS = 60_000;
const HELLO_WITHIN_MS = 15_000;
const FALLBACK_AFTER_MS = 10_000;
const THROTTLED_TICKET_MS = 10_000;
const RENEW_AGAIN_MS = 5_000;

export class CarillonClient extends Emitter<ClientEvents> {
  readonly inbox: InboxApi;
  readonly alerts: AlertsApi;
  readonly account: AccountApi;

  private readonly http: Http;
  private readonly access: Access | null;
  private readonly timers: Timers;
  private readonly random: () => number;
  private readonly backoff: Backoff;
  private readonly reception: Reception;
  private readonly heartbeat: Heartbeat;
  private readonly fallback: Fallback;
  private readonly retry: Alarm;
  private readonly stable: Alarm;
  private readonly helloDeadline: Alarm;
  private readonly renewal: Alarm;

  private current: ConnectionStatus = { phase: "idle" };
  private socket: Socket | null = null;
  /** Raised by every attempt, so that the late answer of an earlier one is ignored. */
  private attempt = 0;
  private announcedDelayMs: number | null = null;
  private wasRefused = false;

  constructor(private readonly options: ClientOptions = {}) {
    super();
    this.timers = options.timers ?? systemTimers;
    this.access = accessOf(options, this.timers);
    this.http = new Http({
      ...options,
      authorization: async (refused) => (await this.access?.authorization(refused)) ?? null,
    });
    this.inbox = new InboxApi(this.http);
    this.alerts = new AlertsApi(this.http);
    this.account = new AccountApi(this.http);
    this.random = options.random ?? Math.random;
    this.backoff = new Backoff(this.random);
    this.retry = new Alarm(this.timers);
    this.stable = new Alarm(this.timers);
    this.renewal = new Alarm(this.timers);
    this.helloDeadline = new Alarm(this.timers);
    this.reception = new Reception({
      timers: this.timers,
      random: this.random,
      emit: (name, event) => this.emit(name, event),
      acknowledges: options.autoAcknowledge !== false,
      storage: options.storage === undefined ? defaultStorage() : options.storage,
      server: this.http.baseUrl,
      sendKeys: (type, keys) => this.sendKeys(type, keys),
      sendUpTo: (upTo) => this.sendUpTo(upTo),
    });
    this.heartbeat = new Heartbeat({
      timers: this.timers,
      send: (id) => this.send({ type: "command", key: "ping", id }),
      onLatency: (milliseconds) => this.emit("latency", { milliseconds }),
      onDead: () => this.socket?.abandon(),
    });
    this.fallback = new Fallback({
      timers: this.timers,
      inbox: this.inbox,
      after: () => this.position.seq,
      onPage: (page, isLast) => this.reception.takePage(page, isLast),
      onChange: () => this.announceFallback(),
      onLoginRequired: () => this.stop("login-required", null),
    });
  }

  get position(): Position {
    return this.reception.position;
  }

  get status(): ConnectionStatus {
    return this.current;
  }

  /**
   * Connect and stay connected until close() or a close code that forbids it; without a list
   * (resumeFrom) from where this browser was.
   */
  connect(): void {
    if (this.current.phase !== "idle" && this.current.phase !== "stopped") return;
    if ((this.options.WebSocket ?? (globalThis.WebSocket as unknown)) === undefined) {
      throw new Error("There is no WebSocket here: give the option WebSocket.");
    }
    this.reception.restore();
    this.backoff.reset();
    this.wasRefused = false;
    void this.open();
  }

  /** Do not wait for the next attempt, for instance because the network came back. */
  retryNow(): void {
    if (this.current.phase === "waiting") void this.open();
  }

  close(): void {
    this.stop("closed", null);
  }

  /** Start from where a list was read. */
  resumeFrom(stream: StreamPosition): void {
    this.reception.resumeFrom(stream);
  }

  /** Tell the server that these are stored or shown; without a connection, later. */
  acknowledge(keys: readonly string[]): void {
    this.reception.acknowledge(keys);
  }

  /** Mark as read, which also acknowledges; without a connection, later. */
  markRead(keys: readonly string[]): void {
    this.reception.markRead(keys);
  }

  /** Measure the way there and back, in milliseconds. */
  ping(): Promise<number> {
    return this.heartbeat.ping();
  }

  watch(mailing: number): void {
    this.send({ type: "watch", mailing });
  }

  unwatch(mailing: number): void {
    this.send({ type: "unwatch", mailing });
  }

  private async open(): Promise<void> {
    const attempt = (this.attempt += 1);
    this.retry.clear();
    this.announcedDelayMs = null;
    this.fallback.startIn(FALLBACK_AFTER_MS);
    this.become({ phase: "connecting", fallback: this.fallback.state });
    try {
      const ticket = await this.newTicket();
      if (attempt !== this.attempt) return;
      this.openSocket(ticket);
    } catch (error) {
      if (attempt === this.attempt) this.ticketRefused(error);
    }
  }

  private newTicket(): Promise<string> {
    return this.access?.ticket() ?? this.account.ticket();
  }

  private openSocket(ticket: string): void {
    const address = new URL(`/ws/notifications/${this.reception.open()}`, this.http.baseUrl);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new Socket({
      WebSocket: this.options.WebSocket,
      address: address.href,
      protocols: ["carillon.v1", `ticket.${ticket}`],
      onText: (text) => this.receive(text),
      onClose: (code) => this.closed(code),
    });
    this.helloDeadline.set(HELLO_WITHIN_MS, () => this.socket?.abandon());
  }

  private ticketRefused(error: unknown): void {
    if (!(error instanceof HttpError)) return this.retryIn(this.backoff.nextDelayMs());
    if (error.isLoginRequired) return this.stop("login-required", null);
    const throttled = error.status === 429 ? THROTTLED_TICKET_MS : 0;
    const minimumMs = Math.max(error.retryAfterMs ?? 0, throttled);
    this.retryIn(minimumMs + this.backoff.nextDelayMs());
  }

  private closed(code: number): void {
    this.dropSocket();
    const rule = closeRule(code);
    switch (rule.kind) {
      case "stop":
        return this.stop(rule.reason, code);
      case "new-ticket":
        if (this.wasRefused) return this.stop("login-required", code);
        this.wasRefused = true;
        break;
      case "reload":
        this.reception.startOver();
        this.emit("reload", { reason: "epoch" });
        break;
      case "as-announced":
        if (this.announcedDelayMs !== null) return this.retryIn(this.announcedDelayMs);
        break;
      case "backoff":
        return this.retryIn(rule.minimumMs + this.backoff.nextDelayMs());
    }
    this.retryIn(this.backoff.nextDelayMs());
  }

  private retryIn(delayMs: number): void {
    this.retry.set(delayMs, () => void this.open());
    this.fallback.startIn(FALLBACK_AFTER_MS);
    this.become({
      phase: "waiting",
      retryAt: this.timers.now() + delayMs,
      fallback: this.fallback.state,
    });
  }

  private stop(reason: StopReason, code: number | null): void {
    this.attempt += 1;
    this.retry.clear();
    this.reception.stop();
    this.socket?.close();
    this.dropSocket();
    // First the status, so that the end of the fallback is not announced as a change of it.
    this.become({ phase: "stopped", reason, code });
    this.fallback.stop();
  }

  private dropSocket(): void {
    this.socket = null;
    this.helloDeadline.clear();
    this.stable.clear();
    this.renewal.clear();
    this.heartbeat.stop();
  }

  private become(status: ConnectionStatus): void {
    this.current = status;
    this.emit("status", status);
  }

  private announceFallback(): void {
    if (this.current.phase !== "connecting" && this.current.phase !== "waiting") return;
    this.become({ ...this.current, fallback: this.fallback.state });
  }

  private receive(text: string): void {
    this.emit("frame", { direction: "in", at: this.timers.now(), text });
    this.heartbeat.heard();
    const frame = parseFrame(text);
    if (frame !== null) this.handle(frame);
  }

  private handle(frame: ServerFrame): void {
    switch (frame.type) {
      case "hello":
        return this.greeted(frame);
      case "server_notification":
        return this.reception.take(frame);
      case "replay_end":
        return this.reception.endReplay(frame.seq);
      case "notification_state":
        return this.reception.takeState(frame);
      case "resync":
        return this.reception.resyncSoon();
      case "alerts":
        return this.reception.takeAlerts(frame);
      case "alert":
        return this.reception.takeAlert(frame);
      default:
        return this.handleControl(frame);
    }
  }

  private handleControl(frame: ServerFrame): void {
    switch (frame.type) {
      case "mailings":
        return this.emit("mailings", frame);
      case "mailing_progress":
        return this.emit("mailing_progress", frame);
      case "watch_result":
        return this.emit("watch_result", frame);
      case "command_processing_result":
        return this.heartbeat.pong(frame.id);
      case "message_processing_error":
        return this.emit("error", frame);
      case "session_expiring":
        return void this.renewSession();
      case "going_away":
        this.announcedDelayMs = frame.reconnect_in_ms;
        return;
      default:
        // auth_ok, and what a later version of the protocol may add: nothing to do.
        return;
    }
  }

  private greeted(hello: HelloFrame): void {
    if (!this.reception.isFor(hello)) return this.beginAnew();
    const reload = this.reception.greet(hello);
    this.helloDeadline.clear();
    this.stable.set(STABLE_AFTER_MS, () => {
      this.backoff.reset();
      this.wasRefused = false;
    });
    this.heartbeat.start(hello.ping_interval * 1000);
    this.become({ phase: "live" });
    this.fallback.stop();
    this.emit("hello", hello);
    this.emit("unread", { unread: hello.unread, through: hello.stream.last_seq });
    if (reload !== null) this.emit("reload", { reason: reload });
    this.reception.flush();
  }

  /** The tickets are another user's now: connect again, from that user's position. */
  private beginAnew(): void {
    this.socket?.close();
    this.dropSocket();
    this.emit("reload", { reason: "user" });
    void this.open();
  }

  private async renewSession(): Promise<void> {
    const socket = this.socket;
    try {
      const token = await this.newTicket();
      if (socket === this.socket) this.send({ type: "auth", token });
    } catch {
      // Try again until the server closes with 4401; then the ticket decides about the login.
      if (socket === null || socket !== this.socket) return;
      this.renewal.set(RENEW_AGAIN_MS, () => void this.renewSession());
    }
  }

  private sendUpTo(upTo: number): boolean {
    const epoch = this.position.epoch;
    if (epoch === null || this.current.phase !== "live") return false;
    return this.send({ type: "message_ack", up_to: upTo, epoch });
  }

  private sendKeys(type: "message_ack" | "message_read", keys: string[]): boolean {
    if (this.current.phase !== "live") return false;
    return this.send(type === "message_ack" ? { type, keys } : { type, keys });
  }

  private send(frame: ClientFrame): boolean {
    if (this.socket?.send(JSON.stringify(frame)) !== true) return false;
    // The ticket is of no use to whoever looks at the frames.
    const shown = frame.type === "auth" ? { ...frame, token: "…" } : frame;
    this.emit("frame", {
      direction: "out",
      at: this.timers.now(),
      text: JSON.stringify(shown),
    });
    return true;
  }
}

function accessOf(options: ClientOptions, timers: Timers): Access | null {
  const { ticket, ticketUrl, fetch } = options;
  if (ticket !== undefined) return new Access(ticket, timers);
  if (ticketUrl === undefined) return null;
  return new Access(ticketsFrom(ticketUrl, fetch === undefined ? {} : { fetch }), timers);
}
