/** Keys to tell the server: joined while connected, kept while not. */

import { Alarm, type Timers } from "./timers";

/** Half of the server's joining time, so that both together stay unnoticed. */
const JOIN_MS = 25;
/** Well below the window of 64 unacknowledged frames, so that the server need not wait. */
const JOIN_AT_MOST = 16;
/** What the server takes in one frame. */
const KEYS_PER_FRAME = 100;
/** Five frames: what a client may say at once after hours without a connection. */
export const KEYS_KEPT = 500;

type SendKeys = (keys: string[]) => boolean;

/** Keys in the order in which they came, each once; of too many the oldest are forgotten. */
export class KeyQueue {
  /** The number of each key in the stream; 0 where nobody said. */
  private readonly waiting = new Map<string, number>();

  constructor(private readonly send: SendKeys) {}

  get size(): number {
    return this.waiting.size;
  }

  get keys(): string[] {
    return [...this.waiting.keys()];
  }

  get newestSeq(): number {
    return Math.max(0, ...this.waiting.values());
  }

  add(key: string, seq = 0): void {
    this.waiting.delete(key);
    this.waiting.set(key, seq);
    const [oldest] = this.waiting.keys();
    if (this.waiting.size > KEYS_KEPT && oldest !== undefined) this.waiting.delete(oldest);
  }

  /** Send what there is; what cannot be sent stays. */
  flush(): void {
    while (this.waiting.size > 0) {
      const part = this.keys.slice(0, KEYS_PER_FRAME);
      if (!this.send(part)) return;
      for (const key of part) this.waiting.delete(key);
    }
  }

  forgetNumbered(): void {
    for (const [key, seq] of this.waiting) if (seq > 0) this.waiting.delete(key);
  }

  forget(): void {
    this.waiting.clear();
  }
}

interface AcknowledgementsOptions {
  timers: Timers;
  sendKeys: SendKeys;
  sendUpTo: (seq: number) => boolean;
  /**
   * Whether everything unacknowledged up to the newest number reached this client. Only then
   * may one number stand for all below it: what nobody saw must not be acknowledged.
   */
  hasReceivedAll: () => boolean;
  onSent: () => void;
}

export class Acknowledgements {
  private readonly queue: KeyQueue;
  private readonly alarm: Alarm;
  private arrived = 0;

  constructor(private readonly options: AcknowledgementsOptions) {
    this.queue = new KeyQueue((keys) => options.sendKeys(keys));
    this.alarm = new Alarm(options.timers);
  }

  get keys(): string[] {
    return this.queue.keys;
  }

  /** Acknowledge what arrived, together with what arrives within the next moment. */
  take(key: string, seq: number): void {
    this.queue.add(key, seq);
    this.arrived += 1;
    if (this.arrived >= JOIN_AT_MOST) this.flush();
    else if (!this.alarm.isSet) this.alarm.set(JOIN_MS, () => this.flush());
  }

  /** Have keys of any age acknowledged with the next flush. */
  add(keys: Iterable<string>): void {
    for (const key of keys) this.queue.add(key);
  }

  /** Send what is due; without a connection it stays due for the next one. */
  flush(): void {
    this.alarm.clear();
    this.arrived = 0;
    if (this.queue.size === 0) return;
    const upTo = this.options.hasReceivedAll() ? this.queue.newestSeq : 0;
    if (upTo > 0 && this.options.sendUpTo(upTo)) this.queue.forgetNumbered();
    this.queue.flush();
    this.options.onSent();
  }

  forget(): void {
    this.alarm.clear();
    this.arrived = 0;
    this.queue.forget();
  }
}
