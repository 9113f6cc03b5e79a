import { describe, expect, test } from "vitest";

import type { AlertFrame, AlertRow } from "../client";
import { alertRow, moment, NOON } from "../client/testing/alerts";
import {
  type Alerts,
  arranged,
  countsOf,
  emptyAlerts,
  nextTurn,
  turnover,
  visibleAlerts,
  withChange,
  withoutWish,
  withSnapshot,
  withWish,
} from "./alerts";

function alertsOf(...rows: AlertRow[]): Alerts {
  return withSnapshot(emptyAlerts, rows);
}

const ids = (rows: readonly AlertRow[]) => rows.map(({ id }) => id);
const shown = (alerts: Alerts, now = NOON) => visibleAlerts(alerts, now);

function own(id: number, changes: Partial<AlertRow> = {}) {
  const { state, read_at, snoozed_until, reminders, last_reminded_at } = alertRow(id, changes);
  return { id, state, read_at, snoozed_until, reminders, last_reminded_at };
}

function shared(id: number, changes: Partial<AlertRow> = {}) {
  const names = new Set(["id", ...Object.keys(own(id))]);
  const fields = Object.entries({ ...alertRow(id), ...changes });
  return { id, ...Object.fromEntries(fields.filter(([name]) => !names.has(name))) };
}

function told(change: AlertFrame["change"], alert: object): AlertFrame {
  return { type: "alert", version: 2, change, alert } as AlertFrame;
}

describe("what arrives", () => {
  test("a snapshot replaces all", () => {
    const alerts = withSnapshot(alertsOf(alertRow(1), alertRow(2)), [alertRow(2), alertRow(3)]);

    expect(ids(shown(alerts)).sort()).toEqual([2, 3]);
  });

  test("a published alert is unread and was never reminded of", () => {
    const [row] = shown(withChange(alertsOf(), told("published", shared(1))));

    expect(row).toMatchObject({ id: 1, state: "unread", reminders: 0, title: "Alert 1" });
  });

  test("an update leaves what the person did", () => {
    const alerts = alertsOf(alertRow(1, { state: "read", read_at: moment(-1), reminders: 2 }));

    const [row] = shown(withChange(alerts, told("updated", shared(1, { title: "Other" }))));

    expect(row).toMatchObject({ title: "Other", state: "read", reminders: 2 });
  });

  test("a state and a reminder leave what the alert says", () => {
    const alerts = withChange(
      alertsOf(alertRow(1, { title: "Kept" })),
      told("reminder", own(1, { reminders: 3 })),
    );

    expect(shown(alerts)).toMatchObject([{ title: "Kept", state: "unread", reminders: 3 }]);
  });

  test.each(["state", "reminder"] as const)("a %s of an unknown alert adds nothing", (kind) => {
    expect(shown(withChange(alertsOf(), told(kind, own(1))))).toEqual([]);
  });

  test.each(["expired", "withdrawn"] as const)("what is %s is gone", (kind) => {
    const alerts = withChange(alertsOf(alertRow(1), alertRow(2)), told(kind, { id: 1 }));

    expect(ids(shown(alerts))).toEqual([2]);
  });
});

describe("what is shown", () => {
  test("critical first, then the newest", () => {
    const alerts = alertsOf(
      alertRow(1, { severity: "info", start_time: moment(-1) }),
      alertRow(2, { severity: "critical", start_time: moment(-50) }),
      alertRow(3, { severity: "warning" }),
      alertRow(4, { severity: "critical", start_time: moment(-10) }),
    );

    expect(ids(shown(alerts))).toEqual([4, 2, 3, 1]);
  });

  test("an alert whose time is over is not shown, also before the server says so", () => {
    const alerts = alertsOf(alertRow(1, { expiry_time: moment(5) }));

    expect(ids(shown(alerts, NOON + 299_999))).toEqual([1]);
    expect(ids(shown(alerts, NOON + 300_000))).toEqual([]);
  });

  test("one that is prolonged is shown again", () => {
    const alerts = alertsOf(alertRow(1, { expiry_time: moment(-5) }));

    const later = withChange(alerts, told("updated", shared(1, { expiry_time: moment(9) })));

    expect(ids(shown(later))).toEqual([1]);
  });

  test("a snooze that is over makes it unread", () => {
    const alerts = alertsOf(alertRow(1, { state: "snoozed", snoozed_until: moment(5) }));

    expect(shown(alerts)[0]?.state).toBe("snoozed");
    expect(shown(alerts, NOON + 300_000)[0]).toMatchObject({
      state: "unread",
      snoozed_until: null,
    });
  });

  test("the next turn is the first expiry or end of a snooze", () => {
    const alerts = alertsOf(
      alertRow(1, { expiry_time: moment(9) }),
      alertRow(2, { state: "snoozed", snoozed_until: moment(4) }),
    );

    expect(nextTurn(shown(alerts))).toBe(NOON + 240_000);
    expect(nextTurn([])).toBeNull();
  });

  test("the counts are those of the server's dashboard", () => {
    const alerts = alertsOf(
      alertRow(1, { severity: "critical" }),
      alertRow(2, { severity: "critical", state: "read" }),
      alertRow(3, { severity: "info" }),
      alertRow(4, { state: "snoozed", snoozed_until: moment(9) }),
    );

    expect(countsOf(shown(alerts))).toEqual({
      unread: 2,
      read: 1,
      snoozed: 1,
      bySeverity: { critical: 1, warning: 0, info: 1 },
    });
  });
});

describe("what a person asks for", () => {
  const read = { state: "read", until: null } as const;

  test("shows at once, and is undone when it is refused", () => {
    const before = alertsOf(alertRow(1));

    const asked = withWish(before, 1, read);
    const refused = withoutWish(asked, 1, read);

    expect(shown(asked)[0]?.state).toBe("read");
    expect(shown(refused)[0]?.state).toBe("unread");
  });

  test("the answer to an earlier wish does not end a later one", () => {
    const snooze = { state: "snoozed", until: moment(60) } as const;
    const asked = withWish(withWish(alertsOf(alertRow(1)), 1, read), 1, snooze);

    expect(shown(withoutWish(asked, 1, read))[0]?.state).toBe("snoozed");
  });

  test("survives a snapshot that does not know of it yet", () => {
    const asked = withSnapshot(withWish(alertsOf(alertRow(1)), 1, read), [alertRow(1)]);

    expect(shown(asked)[0]?.state).toBe("read");
  });
});

describe("what is folded away", () => {
  const rows = shown(
    alertsOf(
      alertRow(1, { severity: "critical", state: "read" }),
      alertRow(2, { severity: "warning" }),
      alertRow(3, { severity: "info" }),
      alertRow(4, { severity: "info", state: "snoozed", snoozed_until: moment(9) }),
      alertRow(5, { severity: "critical" }),
    ),
  );

  test("the first unread ones stand open, the rest follows, what is settled last", () => {
    const { shown: open, hidden } = arranged(rows, 2);

    expect(ids(open)).toEqual([5, 2]);
    expect(ids(hidden)).toEqual([3, 1, 4]);
  });

  test("with nothing unread nothing stands open", () => {
    const settled = rows.filter(({ state }) => state !== "unread");

    expect(arranged(settled, 2)).toEqual({ shown: [], hidden: settled });
  });
});

describe("what people hear of", () => {
  const snoozed = (until: number) =>
    alertRow(1, { state: "snoozed", snoozed_until: moment(until) });

  test("new ones and those that are gone", () => {
    const { arrived, gone } = turnover([alertRow(1)], [alertRow(2)], NOON);

    expect([ids(arrived), ids(gone)]).toEqual([[2], [1]]);
  });

  test("a snooze that ran out, but not one that was ended by hand", () => {
    expect(ids(turnover([snoozed(0)], [alertRow(1)], NOON).arrived)).toEqual([1]);
    expect(ids(turnover([snoozed(30)], [alertRow(1)], NOON).arrived)).toEqual([]);
  });

  test("not what was read before, nor what they marked unread themselves", () => {
    const read = alertRow(1, { state: "read" });

    expect(turnover([], [read], NOON).arrived).toEqual([]);
    expect(turnover([read], [alertRow(1)], NOON).arrived).toEqual([]);
  });
});
