/** Alerts for tests. */

import type { AlertRow } from "../frames";

export const NOON = Date.parse("2026-11-20T12:00:00Z");

/** A time so many minutes after noon, as the server writes it. */
export function moment(minutes: number): string {
  return new Date(NOON + minutes * 60_000).toISOString();
}

export function alertRow(id: number, changes: Partial<AlertRow> = {}): AlertRow {
  return {
    id,
    title: `Alert ${id}`,
    message: "More of it.",
    severity: "info",
    visibility_type: "organization",
    start_time: moment(-60),
    expiry_time: moment(600),
    created_at: moment(-60),
    updated_at: moment(-60),
    state: "unread",
    read_at: null,
    snoozed_until: null,
    reminders: 0,
    last_reminded_at: null,
    ...changes,
  };
}
