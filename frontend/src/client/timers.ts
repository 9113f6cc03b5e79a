/** Time as the client sees it; tests put their own in its place. */

export type TimerId = ReturnType<typeof setTimeout>;

export interface Timers {
  now: () => number;
  set: (callback: () => void, delayMs: number) => TimerId;
  clear: (id: TimerId) => void;
}

export const systemTimers: Timers = {
  now: () => Date.now(),
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (id) => clearTimeout(id),
};

/** One timer that is either set or not; setting it again moves it. */
export class Alarm {
  private id: TimerId | null = null;

  constructor(private readonly timers: Timers) {}

  get isSet(): boolean {
    return this.id !== null;
  }

  set(delayMs: number, callback: () => void): void {
    this.clear();
    this.id = this.timers.set(() => {
      this.id = null;
      callback();
    }, delayMs);
  }

  clear(): void {
    if (this.id !== null) this.timers.clear(this.id);
    this.id = null;
  }
}
