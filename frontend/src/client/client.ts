/** CarillonClient: one live connection to a user's notifications (docs/protocol.md). */

import { AccountApi } from "./account";
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
import { Alarm, systemTimers, type Timers } from "./timers";

export interface ClientOptions extends HttpOptions {
  /** Where a ticket comes from; POST /api/auth/ticket/ when absent. */
  ticket?: () => Promise<string>;
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
const KEYS_PER_FRAME = 100;

export class CarillonClient extends Emitter<ClientEvents> {
  readonly inbox: InboxApi;
  readonly account: AccountApi;

  private readonly http: Http;
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
    this.http = new Http(options);
    this.inbox = new InboxApi(this.http);
    this.account = new AccountApi(this.http);
    this.timers = options.timers ?? systemTimers;
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

  /** Connect and stay connected until close() or a close code that forbids it. */
  connect(): void {
    if (this.current.phase !== "idle" && this.current.phase !== "stopped") return;
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
    this.position.adopt(stream);
  }

  /** Tell the server that these are stored or shown. */
  acknowledge(keys: readonly string[]): void {
    this.sendKeys("message_ack", keys);
  }

  markRead(keys: readonly string[]): void {
    this.sendKeys("message_read", keys);
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
    return this.options.ticket?.() ?? this.account.ticket();
  }

  private openSocket(ticket: string): void {
    const address = new URL(`/ws/notifications/${this.position.query()}`, this.http.baseUrl);
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
        this.position.forget();
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
        return this.position.raiseSeq(frame.seq);
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
    this.reception.acknowledgements.flush();
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

  private sendKeys(type: "message_ack" | "message_read", keys: readonly string[]): void {
    for (let start = 0; start < keys.length; start += KEYS_PER_FRAME) {
      const part = keys.slice(start, start + KEYS_PER_FRAME);
      this.send(type === "message_ack" ? { type, keys: part } : { type, keys: part });
    }
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
