/** Times of day where a person is, by the name of their zone. */

/** A date and a time as a clock on the wall shows them. */
export interface WallTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const DAY_MS = 86_400_000;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** The zone if this browser knows it, otherwise the browser's own. */
export function knownZone(zone: string): string {
  try {
    clockIn(zone);
    return zone;
  } catch {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
}

export function wallTime(at: number, zone: string): WallTime {
  const parts = new Map(
    clockIn(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return {
    year: part("year"),
    month: part("month"),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
  };
}

/**
 * The moment at which clocks there show this. The earlier one where they show it twice;
 * where they skip it, as much later as they skip.
 */
export function momentOf(wall: WallTime, zone: string): number {
  const asUtc = utcOf(wall);
  const before = asUtc - offsetAt(asUtc - DAY_MS, zone);
  const after = asUtc - offsetAt(asUtc + DAY_MS, zone);
  const right = [before, after].filter((at) => utcOf(wallTime(at, zone)) === asUtc);
  return right.length === 0 ? before : Math.min(...right);
}

/** Tomorrow at this hour, where the person is. */
export function tomorrowAt(hour: number, now: number, zone: string): number {
  const today = wallTime(now, zone);
  // The calendar of UTC counts the days; it has no gaps.
  const next = new Date(Date.UTC(today.year, today.month - 1, today.day + 1));
  const date = {
    year: next.getUTCFullYear(),
    month: next.getUTCMonth() + 1,
    day: next.getUTCDate(),
  };
  return momentOf({ ...date, hour, minute: 0 }, zone);
}

/** As a field for date and time takes it: 2026-11-20T09:00. */
export function fieldValue(at: number, zone: string): string {
  const { year, month, day, hour, minute } = wallTime(at, zone);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`;
}

/** What such a field says; null where it says nothing. */
export function momentOfField(value: string, zone: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(value);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map(Number);
  return momentOf({ year, month, day, hour, minute }, zone);
}

/** How many midnights lie between the two moments there. */
export function daysBetween(earlier: number, later: number, zone: string): number {
  const dateOf = (at: number) => utcOf({ ...wallTime(at, zone), hour: 0, minute: 0 });
  return Math.round((dateOf(later) - dateOf(earlier)) / DAY_MS);
}

function offsetAt(at: number, zone: string): number {
  return utcOf(wallTime(at, zone)) - Math.floor(at / 60_000) * 60_000;
}

function utcOf({ year, month, day, hour, minute }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

function clockIn(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  clocks.set(zone, clock);
  return clock;
}
