/** Where this client stands in the user's stream, and what it sends to resume there. */

/** As the inbox list carries it; read by the server before the rows of the list. */
export interface StreamPosition {
  epoch: string;
  last_seq: number;
  state_version: number;
}

export class Position {
  private epochSeen: string | null = null;
  private seqDone: number | null = null;
  private stateDone: number | null = null;

  get epoch(): string | null {
    return this.epochSeen;
  }

  get seq(): number {
    return this.seqDone ?? 0;
  }

  /** Whether anything of this epoch was processed. */
  get isKnown(): boolean {
    return this.seqDone !== null;
  }

  get state(): number | null {
    return this.stateDone;
  }

  /**
   * Take over what a list says. A number that was already processed in this epoch stays: the
   * list may be ahead of the frames that are still on their way, and they must not be dropped.
   */
  adopt(stream: StreamPosition): void {
    if (this.epochSeen !== stream.epoch) {
      this.startEpoch(stream.epoch, stream.last_seq);
    }
    this.raiseState(stream.state_version);
  }

  /** seq: null where nothing of this epoch was processed yet, so that all of it is new. */
  startEpoch(epoch: string, seq: number | null): void {
    this.epochSeen = epoch;
    this.seqDone = seq;
    this.stateDone = null;
  }

  forget(): void {
    this.epochSeen = null;
    this.seqDone = null;
    this.stateDone = null;
  }

  isNew(seq: number): boolean {
    return seq > this.seq;
  }

  raiseSeq(seq: number): void {
    this.seqDone = Math.max(this.seq, seq);
  }

  raiseState(version: number): void {
    this.stateDone = Math.max(this.stateDone ?? 0, version);
  }

  /** The query of the WebSocket address; empty when there is nothing to resume from. */
  query(): string {
    if (this.epochSeen === null || this.seqDone === null) return "";
    const query = new URLSearchParams({ epoch: this.epochSeen, seq: String(this.seqDone) });
    if (this.stateDone !== null) query.set("state", String(this.stateDone));
    return `?${query.toString()}`;
  }
}
