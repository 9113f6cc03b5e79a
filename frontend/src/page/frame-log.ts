/** The latest raw frames, for the developer drawer; it costs next to nothing while closed. */

import type { RawFrame } from "../client";
import { Batch } from "./batch";

const KEPT = 300;

export interface NumberedFrame extends RawFrame {
  number: number;
}

export class FrameLog {
  /** Newest first. */
  list: readonly NumberedFrame[] = [];
  private seen = 0;
  private readonly batch: Batch<NumberedFrame>;

  constructor(private readonly onChange: () => void) {
    this.batch = new Batch((frames) => this.take(frames));
  }

  add(frame: RawFrame): void {
    this.seen += 1;
    this.batch.add({ ...frame, number: this.seen });
  }

  clear(): void {
    this.batch.flush();
    this.list = [];
    this.onChange();
  }

  stop(): void {
    this.batch.stop();
  }

  private take(frames: readonly NumberedFrame[]): void {
    this.list = [...[...frames].reverse(), ...this.list].slice(0, KEPT);
    this.onChange();
  }
}
