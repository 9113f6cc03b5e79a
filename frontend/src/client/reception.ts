/** Takes what arrives in order: each number once, each state once, whatever way it came. */

import { Acknowledgements } from "./acknowledgements";
import type { Emit, ReloadReason } from "./events";
import type { AlertFrame, AlertsFrame, HelloFrame } from "./frames";
import type { NotificationFrame, NotificationStateFrame } from "./frames";
import { frameOf, type InboxPage } from "./inbox";
import { Position } from "./position";
import { Alarm, type Timers } from "./timers";

const RESYNC_WITHIN_MS = 3_000;

interface ReceptionOptions {
  timers: Timers;
  random: () => number;
  emit: Emit;
  acknowledges: boolean;
  sendUpTo: (upTo: number) => boolean;
}

export class Reception {
  readonly position = new Position();
  readonly acknowledgements: Acknowledgements;
  private readonly resync: Alarm;
  private alertsVersion = -1;

  constructor(private readonly options: ReceptionOptions) {
    this.acknowledgements = new Acknowledgements(options.timers, options.sendUpTo);
    this.resync = new Alarm(options.timers);
  }

  stop(): void {
    this.resync.clear();
  }

  /** Compare the stream with our position in it; say why the list must be read again, if so. */
  greet(hello: HelloFrame): ReloadReason | null {
    this.alertsVersion = -1;
    const { epoch, last_seq: lastSeq } = hello.stream;
    const hadPosition = this.position.epoch !== null;
    const isSameEpoch = this.position.epoch === epoch;
    const isAhead = !hello.resume.recovered && this.position.seq > lastSeq;
    if (!isSameEpoch || isAhead) this.position.startEpoch(epoch, null);
    if (this.position.state === null) this.position.raiseState(hello.state_version);
    const isTrusted = isSameEpoch && hello.resume.recovered;
    if (!isTrusted) this.acknowledgements.forget();
    if (hadPosition && !isSameEpoch) return "epoch";
    if (hadPosition && !hello.resume.recovered) return "not-recovered";
    return hello.replay_truncated === true ? "truncated" : null;
  }

  /** Every number once; a doubled one is acknowledged all the same, for the server's window. */
  take(frame: NotificationFrame): void {
    if (this.position.isNew(frame.seq)) {
      this.position.raiseSeq(frame.seq);
      this.options.emit("notification", frame);
    }
    if (this.options.acknowledges) this.acknowledgements.add(frame.seq);
  }

  takeState(frame: NotificationStateFrame): void {
    const known = this.position.state;
    if (known !== null && frame.state_version <= known) return;
    this.position.raiseState(frame.state_version);
    this.options.emit("state", frame);
    this.options.emit("unread", { unread: frame.unread, through: null });
  }

  takeAlerts(snapshot: AlertsFrame): void {
    this.alertsVersion = snapshot.version;
    this.options.emit("alerts", snapshot);
  }

  takeAlert(frame: AlertFrame): void {
    if (frame.version <= this.alertsVersion) return;
    this.alertsVersion = frame.version;
    this.options.emit("alert", frame);
  }

  /** Spread over 3 s, because the server says it to many at the same moment. */
  resyncSoon(): void {
    if (this.resync.isSet) return;
    this.resync.set(this.options.random() * RESYNC_WITHIN_MS, () => {
      this.options.emit("resync", { reason: "server" });
    });
  }

  /** One page read over HTTP while there is no socket; false when it shows another stream. */
  takePage(page: InboxPage, isLast: boolean): boolean {
    const { epoch, last_seq: lastSeq, state_version: stateVersion } = page.stream;
    const hadPosition = this.position.epoch !== null;
    if (hadPosition && (this.position.epoch !== epoch || this.position.seq > lastSeq)) {
      this.position.forget();
      this.options.emit("reload", { reason: "epoch" });
      return false;
    }
    if (!hadPosition) this.position.startEpoch(epoch, null);
    for (const row of page.results) this.take(frameOf(row));
    if (isLast) this.position.raiseSeq(lastSeq);
    if (isLast) this.options.emit("unread", { unread: page.unread, through: lastSeq });
    const missedStates = this.position.state !== null && this.position.state < stateVersion;
    this.position.raiseState(stateVersion);
    if (missedStates) this.options.emit("resync", { reason: "poll" });
    return true;
  }
}
