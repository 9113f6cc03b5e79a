/** Times as people of the present language read them. */

import { currentLanguage, type Language, words } from "./language";

interface Formats {
  relative: Intl.RelativeTimeFormat;
  dated: Intl.DateTimeFormat;
  exact: Intl.DateTimeFormat;
  clock: Intl.DateTimeFormat;
  day: Intl.DateTimeFormat;
  dayOfYear: Intl.DateTimeFormat;
  precise: Intl.DateTimeFormat;
  units: Readonly<Record<Unit, Intl.NumberFormat>>;
}

type Unit = "day" | "hour" | "minute" | "second";

const made = new Map<Language, Formats>();

function formats(): Formats {
  const language = currentLanguage();
  const known = made.get(language) ?? formatsIn(language);
  made.set(language, known);
  return known;
}

function formatsIn(language: Language): Formats {
  const twoDigits = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  return {
    relative: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
    dated: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
    exact: new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }),
    clock: new Intl.DateTimeFormat(language, { timeStyle: "short" }),
    day: new Intl.DateTimeFormat(language, {
      weekday: "long",
      day: "numeric",
      month: "long",
    }),
    dayOfYear: new Intl.DateTimeFormat(language, { dateStyle: "long" }),
    precise: new Intl.DateTimeFormat(language, {
      ...twoDigits,
      hourCycle: "h23",
      fractionalSecondDigits: 3,
    }),
    units: {
      day: unitIn(language, "day"),
      hour: unitIn(language, "hour"),
      minute: unitIn(language, "minute"),
      second: unitIn(language, "second"),
    },
  };
}

function unitIn(language: Language, unit: Unit): Intl.NumberFormat {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" });
}

const STEPS: [limitSeconds: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [7 * 86_400, "day", 86_400],
];

export function relativeTime(iso: string, now: number): string {
  const then = Date.parse(iso);
  const ageSeconds = (now - then) / 1000;
  if (Number.isNaN(then)) return iso;
  // A clock that is a little behind must not show a message from the future.
  if (ageSeconds < 45) return words().justNow;
  const step = STEPS.find(([limit]) => ageSeconds < limit);
  if (step === undefined) return formats().dated.format(then);
  return formats().relative.format(-Math.max(1, Math.round(ageSeconds / step[2])), step[1]);
}

export function exactTime(iso: string): string {
  const then = Date.parse(iso);
  return Number.isNaN(then) ? iso : formats().exact.format(then);
}

/** To the millisecond, for frames. */
export function preciseTime(at: number): string {
  return formats().precise.format(at);
}

/** The calendar day here, as a key: 2026-11-20. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const twoDigits = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

/** The heading of a day: Today, Yesterday, a weekday of this year, a date. */
export function dayHeading(day: string, now: number): string {
  const today = new Date(now);
  if (day === dayOf(now)) return words().today;
  if (day === dayOf(today.setDate(today.getDate() - 1))) return words().yesterday;
  const noon = Date.parse(`${day}T12:00:00`);
  if (Number.isNaN(noon)) return day;
  const isThisYear = new Date(noon).getFullYear() === new Date(now).getFullYear();
  return (isThisYear ? formats().day : formats().dayOfYear).format(noon);
}

const SPANS: [unit: Unit, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** In its two largest units: 2 days 3 hr, 4 min; seconds only below a minute. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const at = SPANS.findIndex(([, size]) => seconds >= size);
  const [unit, size] = SPANS[at] ?? ["second", 1];
  const { units } = formats();
  const first = units[unit].format(Math.floor(seconds / size));
  const [nextUnit, nextSize] = SPANS[at + 1] ?? ["second", 1];
  const rest = Math.floor((seconds % size) / nextSize);
  if (nextUnit === "second" || rest === 0) return first;
  return `${first} ${units[nextUnit].format(rest)}`;
}

/** A moment to come, as clocks in that zone show it: 18:00; tomorrow, 9:00; 3 Dec, 9:00. */
export function momentIn(zone: string, at: number, daysAhead: number): string {
  const timeZone = { timeZone: zone };
  const clock = new Intl.DateTimeFormat(currentLanguage(), { timeStyle: "short", ...timeZone });
  if (daysAhead === 0) return clock.format(at);
  if (daysAhead === 1) return words().tomorrowClock(clock.format(at));
  const dated = new Intl.DateTimeFormat(currentLanguage(), {
    dateStyle: "medium",
    timeStyle: "short",
    ...timeZone,
  });
  return dated.format(at);
}
