/** Joins the acknowledgements of many numbers into one frame. */

import { Alarm, type Timers } from "./timers";

/** Half of the server's joining time, so that both together stay unnoticed. */
const JOIN_MS = 25;
/** Well below the window of 64 unacknowledged frames, so that the server need not wait. */
const JOIN_AT_MOST = 16;

export class Acknowledgements {
  private upTo = 0;
  private waiting = 0;
  private readonly alarm: Alarm;

  constructor(
    timers: Timers,
    private readonly send: (upTo: number) => boolean,
  ) {
    this.alarm = new Alarm(timers);
  }

  add(seq: number): void {
    this.upTo = Math.max(this.upTo, seq);
    this.waiting += 1;
    if (this.waiting >= JOIN_AT_MOST) this.flush();
    else if (!this.alarm.isSet) this.alarm.set(JOIN_MS, () => this.flush());
  }

  /** Send what is due; without a connection it stays due for the next one. */
  flush(): void {
    this.alarm.clear();
    if (this.waiting > 0 && this.send(this.upTo)) this.forget();
  }

  forget(): void {
    this.alarm.clear();
    this.waiting = 0;
    this.upTo = 0;
  }
}
