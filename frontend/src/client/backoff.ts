/** How long to wait before the next attempt to connect: uniform(0, min(30 s, 1 s · 2ⁿ)). */

const FIRST_CEILING_MS = 1_000;
const HIGHEST_CEILING_MS = 30_000;

export class Backoff {
  private attempts = 0;

  constructor(private readonly random: () => number) {}

  nextDelayMs(): number {
    const ceiling = Math.min(HIGHEST_CEILING_MS, FIRST_CEILING_MS * 2 ** this.attempts);
    this.attempts += 1;
    return this.random() * ceiling;
  }

  reset(): void {
    this.attempts = 0;
  }
}
