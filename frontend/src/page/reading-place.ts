/** Keeps what is being read where it is: while somebody reads, what arrives waits above. */

/** Within this of the top, new ones may slide in. */
const TOP_PX = 64;

export class ReadingPlace {
  /** The newest number that is shown; what is newer waits. Null: everything is shown. */
  heldAt: number | null = null;
  private newestShown = 0;

  /** Decide before drawing. newest: of the list; isReading: whether a move would disturb. */
  update(newest: number, isReading: boolean): void {
    if (!isReading) this.heldAt = null;
    else if (this.heldAt === null && newest > this.newestShown && this.newestShown > 0) {
      this.heldAt = this.newestShown;
    }
    if (this.heldAt === null) this.newestShown = newest;
  }

  /** Show everything. */
  release(): void {
    this.heldAt = null;
  }

  /** Another list begins. */
  reset(): void {
    this.heldAt = null;
    this.newestShown = 0;
  }

  get isScrolled(): boolean {
    return globalThis.scrollY > TOP_PX;
  }
}
