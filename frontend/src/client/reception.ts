/** Takes what arrives in order: each number once, each state once, whatever way it came. */

import { Acknowledgements, KeyQueue } from "./acknowledgements";
import type { Emit, ReloadReason } from "./events";
import type { AlertFrame, AlertsFrame, HelloFrame } from "./frames";
import type { NotificationFrame, NotificationStateFrame } from "./frames";
import { frameOf, type InboxPage } from "./inbox";
import { Position, type StreamPosition } from "./position";
import { type KeptPosition, PositionKeeper, type PositionStorage } from "./storage";
import { Alarm, type Timers } from "./timers";

const RESYNC_WITHIN_MS = 3_000;

interface ReceptionOptions {
  timers: Timers;
  random: () => number;
  emit: Emit;
  acknowledges: boolean;
  storage: PositionStorage | null;
  server: string;
  sendKeys: (type: "message_ack" | "message_read", keys: string[]) => boolean;
  sendUpTo: (upTo: number) => boolean;
}

export class Reception {
  readonly position = new Position();
  private readonly acknowledgements: Acknowledgements;
  private readonly reads: KeyQueue;
  private readonly keeper: PositionKeeper;
  private readonly resync: Alarm;
  private alertsVersion = -1;
  /** Of each alert: the last change of what all see, and of what it is to this user. */
  private readonly alertVersions = new Map<string, number>();
  /** Whose position it is, where that is known. */
  private user: string | null = null;
  private isFresh = true;
  private hasReceivedAll = false;
  /** Numbers that a caller got and has not acknowledged, where it does so by itself. */
  private readonly unhandled = new Map<string, number>();

  constructor(private readonly options: ReceptionOptions) {
    const { timers, storage, server, sendKeys, sendUpTo } = options;
    this.acknowledgements = new Acknowledgements({
      timers,
      sendKeys: (keys) => sendKeys("message_ack", keys),
      sendUpTo,
      hasReceivedAll: () => this.hasReceivedAll,
      onSent: () => this.keeper.keep(),
    });
    this.reads = new KeyQueue((keys) => sendKeys("message_read", keys));
    this.keeper = new PositionKeeper({ storage, server, timers, current: () => this.kept() });
    this.resync = new Alarm(timers);
  }

  /** Go on where this browser was, unless a list already said where to begin. */
  restore(): void {
    if (this.position.epoch !== null) return;
    const recalled = this.keeper.recall();
    if (recalled !== null) this.resume(recalled.user, recalled.position);
  }

  stop(): void {
    this.resync.clear();
    this.keeper.stop();
  }

  /** Say the query of a socket that opens now. */
  open(): string {
    const query = this.position.query();
    this.isFresh = query === "";
    return query;
  }

  resumeFrom(stream: StreamPosition): void {
    if (this.position.epoch !== stream.epoch) this.startOver();
    this.position.adopt(stream);
    this.keeper.keep();
  }

  /** Forget what was processed: it counts for nothing any more. */
  startOver(): void {
    this.position.forget();
    this.acknowledgements.forget();
    this.reads.forget();
    this.unhandled.clear();
    this.hasReceivedAll = false;
    this.user = null;
  }

  /**
   * False where the greeting is for another user than the position: it is worth nothing
   * there, and the connection has to begin anew.
   */
  isFor(hello: HelloFrame): boolean {
    const user = String(hello.user_id);
    const isAnother = this.user !== null && this.user !== user;
    this.keeper.keepFor(user);
    if (isAnother) {
      this.startOver();
      const position = this.keeper.recallOf(user);
      if (position !== null) this.resume(user, position);
    }
    this.user = user;
    return !isAnother;
  }

  /** Compare the stream with our position in it; say why the list must be read again, if so. */
  greet(hello: HelloFrame): ReloadReason | null {
    this.alertsVersion = -1;
    const { epoch, last_seq: lastSeq } = hello.stream;
    const isTruncated = hello.replay_truncated === true;
    const worthless = this.position.epoch === null ? null : this.worthlessness(hello);
    if (worthless !== null) this.distrust();
    const isAhead = !hello.resume.recovered && this.position.seq > lastSeq;
    if (this.position.epoch !== epoch || isAhead) this.position.startEpoch(epoch, null);
    if (this.position.state === null) this.position.raiseState(hello.state_version);
    // Everything unacknowledged comes again, from the first one on.
    if (this.isFresh || !hello.resume.recovered) this.hasReceivedAll = !isTruncated;
    this.keeper.keep();
    return worthless ?? (isTruncated ? "truncated" : null);
  }

  private worthlessness(hello: HelloFrame): ReloadReason | null {
    if (this.position.epoch !== hello.stream.epoch) return "epoch";
    return hello.resume.recovered ? null : "not-recovered";
  }

  /** Send what waited for a connection. */
  flush(): void {
    this.acknowledgements.flush();
    this.reads.flush();
  }

  /** Every number once; a doubled one is acknowledged all the same, for the server's window. */
  take(frame: NotificationFrame): void {
    if (this.position.isNew(frame.seq)) {
      this.position.raiseSeq(frame.seq);
      if (!this.options.acknowledges) this.unhandled.set(frame.key, frame.seq);
      this.options.emit("notification", frame);
    }
    if (this.options.acknowledges) this.acknowledgements.take(frame.key, frame.seq);
    this.keeper.keep();
  }

  acknowledge(keys: readonly string[]): void {
    this.acknowledgements.add(keys);
    this.handled(keys);
  }

  markRead(keys: readonly string[]): void {
    for (const key of keys) this.reads.add(key);
    this.handled(keys);
  }

  endReplay(seq: number): void {
    this.position.raiseSeq(seq);
    this.keeper.keep();
  }

  takeState(frame: NotificationStateFrame): void {
    const known = this.position.state;
    if (known !== null && frame.state_version <= known) return;
    this.position.raiseState(frame.state_version);
    this.options.emit("state", frame);
    this.options.emit("unread", { unread: frame.unread, through: null });
    this.keeper.keep();
  }

  takeAlerts(snapshot: AlertsFrame): void {
    this.alertsVersion = snapshot.version;
    this.alertVersions.clear();
    this.options.emit("alerts", snapshot);
  }

  /** Each change once. Those of different alerts may overtake each other. */
  takeAlert(frame: AlertFrame): void {
    const isOwn = frame.change === "state" || frame.change === "reminder";
    const what = `${frame.alert.id} ${isOwn ? "own" : "shared"}`;
    const known = this.alertVersions.get(what) ?? this.alertsVersion;
    if (frame.version <= known) return;
    this.alertVersions.set(what, frame.version);
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
      this.startOver();
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
    this.keeper.keep();
    return true;
  }

  private resume(user: string, kept: KeptPosition): void {
    this.user = user;
    this.position.startEpoch(kept.epoch, kept.seq);
    if (kept.state !== null) this.position.raiseState(kept.state);
    this.acknowledgements.add(kept.unsent);
    for (const key of kept.unsentReads) this.reads.add(key);
  }

  /** The stream is not the one that the waiting keys came from. */
  private distrust(): void {
    this.acknowledgements.forget();
    this.unhandled.clear();
    this.hasReceivedAll = false;
  }

  private handled(keys: readonly string[]): void {
    for (const key of keys) this.unhandled.delete(key);
    this.flush();
    this.keeper.keep();
  }

  /** What a reload may begin from: below all that a caller has not acknowledged. */
  private kept(): KeptPosition | null {
    const { epoch, seq, state } = this.position;
    if (epoch === null || !this.position.isKnown) return null;
    const handled = Math.min(seq, ...[...this.unhandled.values()].map((open) => open - 1));
    const unsent = this.acknowledgements.keys;
    return { epoch, seq: handled, state, unsent, unsentReads: this.reads.keys };
  }
}
