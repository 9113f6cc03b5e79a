// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { alertRow } from "../client/testing/alerts";
import { Announcer } from "./announcer";
import type { Arrival, Attention } from "./attention";
import { Calls } from "./calls";
import { Toasts } from "./toasts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function caller(isInSight: boolean) {
  const announcer = new Announcer(() => undefined);
  const toasts = new Toasts(() => undefined);
  const desktop: string[] = [];
  const arrived = (all: readonly Arrival[]) => {
    desktop.push(...all.map(({ title }) => title));
    return Promise.resolve();
  };
  const attention = { arrived } as unknown as Attention;
  const calls = new Calls({ announcer, attention, toasts, isInSight: () => isInSight });
  return { calls, announcer, toasts, desktop };
}

const critical = alertRow(1, { severity: "critical", title: "Fire" });
const info = alertRow(2, { title: "Cake" });

describe("new alerts", () => {
  test("that are critical are heard at once, others in their turn", () => {
    const { calls, announcer } = caller(true);

    calls.arrived([critical, info], false);

    expect(announcer.urgent).toBe("New alert, Critical: Fire");
    expect(announcer.polite).toBe("New alert, Info: Cake");
  });

  test("that were there when the page was opened call nobody, but critical ones are heard", () => {
    const { calls, announcer, toasts, desktop } = caller(false);

    calls.arrived([critical, info], true);

    expect([announcer.urgent, announcer.polite]).toEqual(["New alert, Critical: Fire", ""]);
    expect([toasts.list, desktop]).toEqual([[], []]);
  });

  test("show in the corner only to who does not see them above the inbox", () => {
    const [near, far] = [caller(true), caller(false)];

    for (const { calls } of [near, far]) calls.arrived([info], false);

    expect(near.toasts.list).toEqual([]);
    expect(far.toasts.list).toMatchObject([{ title: "Cake", tone: "info" }]);
    expect([near.desktop, far.desktop]).toEqual([["Cake"], ["Cake"]]);
  });
});

test("a second reminder is heard although its alert is the same", () => {
  const { calls, announcer } = caller(true);

  calls.reminded({ ...critical, reminders: 1 });
  const first = announcer.urgent;
  calls.reminded({ ...critical, reminders: 2 });

  expect(first).toBe("Reminder 1, Critical: Fire");
  expect(announcer.urgent).toBe("Reminder 2, Critical: Fire");
});

test("what takes an alert away can be undone, what brings it back needs no message", () => {
  const { calls, toasts } = caller(true);
  const undo = vi.fn();

  calls.done({ kind: "unread" }, undo);
  calls.done({ kind: "read" }, undo);
  toasts.list[0]?.action?.run();

  expect(toasts.list).toHaveLength(1);
  expect(undo).toHaveBeenCalledOnce();
});

test("a failure says what failed and why", () => {
  const { calls, announcer, toasts } = caller(true);

  calls.failed("Not snoozed", "The server is away.");

  expect(announcer.urgent).toBe("Not snoozed. The server is away.");
  expect(toasts.list).toMatchObject([{ title: "Not snoozed", text: "The server is away." }]);
});
