/** Asks for a pong now and then: it measures the latency and finds a dead connection. */

import { Alarm, type Timers } from "./timers";

const ANSWER_WITHIN_MS = 10_000;

interface Waiting {
  sentAt: number;
  resolve: (latencyMs: number) => void;
  reject: (error: Error) => void;
}

interface HeartbeatOptions {
  timers: Timers;
  send: (id: string) => boolean;
  onLatency: (latencyMs: number) => void;
  onDead: () => void;
}

export class Heartbeat {
  private readonly waiting = new Map<string, Waiting>();
  private readonly next: Alarm;
  private readonly deadline: Alarm;
  private sent = 0;

  constructor(private readonly options: HeartbeatOptions) {
    this.next = new Alarm(options.timers);
    this.deadline = new Alarm(options.timers);
  }

  start(intervalMs: number): void {
    this.next.set(intervalMs, () => {
      this.ping().catch(() => undefined);
      this.start(intervalMs);
    });
  }

  stop(): void {
    this.next.clear();
    this.deadline.clear();
    for (const { reject } of this.waiting.values()) reject(new Error("the connection ended"));
    this.waiting.clear();
  }

  ping(): Promise<number> {
    this.sent += 1;
    const id = `p${this.sent}`;
    if (!this.options.send(id)) return Promise.reject(new Error("there is no connection"));
    if (!this.deadline.isSet) this.deadline.set(ANSWER_WITHIN_MS, this.options.onDead);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { sentAt: this.options.timers.now(), resolve, reject });
    });
  }

  /** Anything that arrives proves that the connection lives. */
  heard(): void {
    this.deadline.clear();
  }

  pong(id: string | undefined): void {
    const ping = this.waiting.get(id ?? "");
    if (id === undefined || ping === undefined) return;
    this.waiting.delete(id);
    const latencyMs = this.options.timers.now() - ping.sentAt;
    ping.resolve(latencyMs);
    this.options.onLatency(latencyMs);
  }
}
