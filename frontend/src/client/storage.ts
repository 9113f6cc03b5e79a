/** Keeps the resume position across reloads, for each user of each server. */

import { Alarm, type Timers } from "./timers";

/** What is needed of `localStorage`; anything else with these three will do. */
export type PositionStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface KeptPosition {
  epoch: string;
  seq: number;
  state: number | null;
  /** Keys that wait to be acknowledged, and to be marked as read. */
  unsent: string[];
  unsentReads: string[];
}

/** A burst of arrivals is written down once. */
const WRITE_AT_MOST_EVERY_MS = 250;

interface KeeperOptions {
  storage: PositionStorage | null;
  server: string;
  timers: Timers;
  /** What to keep now; null for nothing. */
  current: () => KeptPosition | null;
}

export class PositionKeeper {
  private readonly alarm: Alarm;
  private hasNews = false;
  private keptFor: string | null = null;

  constructor(private readonly options: KeeperOptions) {
    this.alarm = new Alarm(options.timers);
  }

  /** Whose position it was that was kept last on this machine, and what it is. */
  recall(): { user: string; position: KeptPosition } | null {
    const user = this.read(this.pointer);
    if (user === null) return null;
    const position = parsePosition(this.read(this.nameOf(user)));
    return position === null ? null : { user, position };
  }

  recallOf(user: string): KeptPosition | null {
    return parsePosition(this.read(this.nameOf(user)));
  }

  /** From now on what is kept belongs to this user. */
  keepFor(user: string): void {
    if (user === this.keptFor) return;
    this.keptFor = user;
    this.attempt((storage) => storage.setItem(this.pointer, user));
  }

  /** Write the position down now or very soon. */
  keep(): void {
    this.hasNews = true;
    if (!this.alarm.isSet) this.write();
  }

  /** Write what is not written yet. */
  stop(): void {
    this.alarm.clear();
    if (this.hasNews) this.write();
    this.alarm.clear();
  }

  private write(): void {
    const { keptFor } = this;
    if (!this.hasNews || keptFor === null || this.options.storage === null) return;
    this.hasNews = false;
    const position = this.options.current();
    const name = this.nameOf(keptFor);
    this.attempt((storage) => {
      if (position === null) storage.removeItem(name);
      else storage.setItem(name, JSON.stringify(position));
    });
    this.alarm.set(WRITE_AT_MOST_EVERY_MS, () => this.write());
  }

  private get pointer(): string {
    return `carillon.user ${this.options.server}`;
  }

  private nameOf(user: string): string {
    return `carillon.position ${this.options.server} ${user}`;
  }

  private read(name: string): string | null {
    return this.attempt((storage) => storage.getItem(name)) ?? null;
  }

  /** A storage that is full or forbidden costs the position, not the connection. */
  private attempt<T>(action: (storage: PositionStorage) => T): T | undefined {
    try {
      return this.options.storage === null ? undefined : action(this.options.storage);
    } catch {
      return undefined;
    }
  }
}

/** The browser's own storage, where there is one and it may be used. */
export function defaultStorage(): PositionStorage | null {
  try {
    // Node.js has a storage of this name as well, and warns when it is touched.
    return "document" in globalThis ? globalThis.localStorage : null;
  } catch {
    return null;
  }
}

function parsePosition(text: string | null): KeptPosition | null {
  try {
    const found = JSON.parse(text ?? "null") as Partial<KeptPosition> | null;
    if (typeof found?.epoch !== "string" || !isNumber(found.seq)) return null;
    return {
      epoch: found.epoch,
      seq: found.seq,
      state: isNumber(found.state) ? found.state : null,
      unsent: texts(found.unsent),
      unsentReads: texts(found.unsentReads),
    };
  } catch {
    return null;
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
