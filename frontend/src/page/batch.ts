/** Collects what comes fast and hands it on once a frame, so that the page stays responsive. */

/** In a burst the page is drawn ten times a second; a single arrival shows at once. */
const BURST_MS = 100;

export class Batch<T> {
  private waiting: T[] = [];
  private lastAt = -BURST_MS;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly take: (all: readonly T[]) => void) {}

  add(one: T): void {
    this.waiting.push(one);
    if (this.timer !== null) return;
    const pause = Math.max(0, this.lastAt + BURST_MS - performance.now());
    // No animation frame: a tab in the background gets none, and must count all the same.
    this.timer = setTimeout(() => this.flush(), pause);
  }

  flush(): void {
    this.stop();
    if (this.waiting.length === 0) return;
    this.lastAt = performance.now();
    this.take(this.waiting.splice(0));
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
