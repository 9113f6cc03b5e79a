/** What the page knows of alerts; pure functions from one state to the next. */

import type { AlertFrame, AlertRow, AlertState, Severity } from "../client";

/** What a person asked for and the server has not confirmed yet. */
export interface Wish {
  readonly state: AlertState;
  /** Null also for the end of the day, which the server knows. */
  readonly until: string | null;
}

export interface Alerts {
  /** As the server said it, in no order. */
  readonly known: readonly AlertRow[];
  readonly wishes: ReadonlyMap<number, Wish>;
  readonly isLoaded: boolean;
}

export interface AlertCounts {
  readonly unread: number;
  readonly read: number;
  readonly snoozed: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
}

export const emptyAlerts: Alerts = { known: [], wishes: new Map(), isLoaded: false };

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/** Replace all of them; what is asked for meanwhile stays asked for. */
export function withSnapshot(alerts: Alerts, rows: readonly AlertRow[]): Alerts {
  return { ...alerts, known: rows, isLoaded: true };
}

export function withChange(alerts: Alerts, frame: AlertFrame): Alerts {
  const { change, alert } = frame;
  switch (change) {
    case "expired":
    case "withdrawn":
      return without(alerts, alert.id);
    case "published":
    case "updated": {
      const before = alerts.known.find(({ id }) => id === alert.id) ?? untouched(alert.id);
      return withRow(alerts, { ...before, ...alert });
    }
    case "reminder":
    case "state": {
      const before = alerts.known.find(({ id }) => id === alert.id);
      // What it is to this user says nothing without the alert itself.
      return before === undefined ? alerts : withRow(alerts, { ...before, ...alert });
    }
  }
}

function untouched(id: number) {
  const nothing = { read_at: null, snoozed_until: null, last_reminded_at: null };
  return { id, state: "unread" as const, reminders: 0, ...nothing };
}

export function withRow(alerts: Alerts, row: AlertRow): Alerts {
  const others = alerts.known.filter(({ id }) => id !== row.id);
  return { ...alerts, known: [...others, row] };
}

export function without(alerts: Alerts, id: number): Alerts {
  return { ...alerts, known: alerts.known.filter((row) => row.id !== id) };
}

/** Show it as asked for; a later wish takes the place of an earlier one. */
export function withWish(alerts: Alerts, id: number, wish: Wish): Alerts {
  return { ...alerts, wishes: new Map(alerts.wishes).set(id, wish) };
}

/** The wish was answered or refused: what the server said counts again. */
export function withoutWish(alerts: Alerts, id: number, wish: Wish): Alerts {
  if (alerts.wishes.get(id) !== wish) return alerts;
  const wishes = new Map(alerts.wishes);
  wishes.delete(id);
  return { ...alerts, wishes };
}

/**
 * What is shown: critical first, newest first within a severity.
 * now: the server's time, in milliseconds; what is over by then is not waited for.
 */
export function visibleAlerts(alerts: Alerts, now: number): AlertRow[] {
  return alerts.known
    .filter(({ expiry_time }) => Date.parse(expiry_time) > now)
    .map((row) => asWished(row, alerts.wishes.get(row.id)))
    .map((row) => awake(row, now))
    .sort(inOrder);
}

function asWished(row: AlertRow, wish: Wish | undefined): AlertRow {
  return wish === undefined ? row : { ...row, state: wish.state, snoozed_until: wish.until };
}

function awake(row: AlertRow, now: number): AlertRow {
  const until = row.snoozed_until;
  const isOver = row.state === "snoozed" && until !== null && Date.parse(until) <= now;
  return isOver ? { ...row, state: "unread", snoozed_until: null } : row;
}

function inOrder(one: AlertRow, other: AlertRow): number {
  return (
    RANK[one.severity] - RANK[other.severity] ||
    Date.parse(other.start_time) - Date.parse(one.start_time) ||
    other.id - one.id
  );
}

export function countsOf(visible: readonly AlertRow[]): AlertCounts {
  const unread = visible.filter(({ state }) => state === "unread");
  const inState = (state: AlertState) => visible.filter((row) => row.state === state).length;
  const of = (severity: Severity) => unread.filter((row) => row.severity === severity).length;
  return {
    unread: unread.length,
    read: inState("read"),
    snoozed: inState("snoozed"),
    bySeverity: { critical: of("critical"), warning: of("warning"), info: of("info") },
  };
}

export interface Arrangement {
  readonly shown: readonly AlertRow[];
  readonly hidden: readonly AlertRow[];
}

/**
 * Unread ones stand first, and only the first of them are open; the rest waits behind a
 * button, so that alerts never push the inbox out of the window.
 */
export function arranged(visible: readonly AlertRow[], openAtMost: number): Arrangement {
  const unread = visible.filter(({ state }) => state === "unread");
  const settled = visible.filter(({ state }) => state !== "unread");
  return {
    shown: unread.slice(0, openAtMost),
    hidden: [...unread.slice(openAtMost), ...settled],
  };
}

export interface Turnover {
  /** New to this user, or back after a snooze. */
  readonly arrived: readonly AlertRow[];
  readonly gone: readonly AlertRow[];
}

/** What a person should hear of; what they did themselves, here or elsewhere, is no news. */
export function turnover(
  before: readonly AlertRow[],
  after: readonly AlertRow[],
  now: number,
): Turnover {
  const earlier = new Map(before.map((row) => [row.id, row]));
  const later = new Set(after.map(({ id }) => id));
  const isNews = ({ id, state }: AlertRow) => {
    const was = earlier.get(id);
    return state === "unread" && (was === undefined || isBack(was, now));
  };
  return {
    arrived: after.filter(isNews),
    gone: before.filter(({ id }) => !later.has(id)),
  };
}

function isBack({ state, snoozed_until: until }: AlertRow, now: number): boolean {
  // The two clocks may differ by a moment.
  return state === "snoozed" && until !== null && Date.parse(until) <= now + 1_000;
}

/** The moment at which the next of them changes by itself; null when none does. */
export function nextTurn(visible: readonly AlertRow[]): number | null {
  const moments = visible.flatMap(({ expiry_time, snoozed_until }) => [
    Date.parse(expiry_time),
    ...(snoozed_until === null ? [] : [Date.parse(snoozed_until)]),
  ]);
  return moments.length === 0 ? null : Math.min(...moments);
}
