// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { notification, row } from "../client/testing/fake-server";
import { Batch } from "./batch";
import { isWanted, noFilter, queryOf } from "./filter";
import { grouped } from "./groups";
import { commandOf } from "./keyboard";
import { ReadingPlace } from "./reading-place";
import { snippetsFor } from "./snippets";
import { itemOfFrame, itemOfRow } from "./store";
import { Toasts } from "./toasts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const at = (seq: number, created_at: string) => itemOfRow(row(seq, { created_at }));

describe("a filter", () => {
  const item = itemOfFrame(
    notification(1, { title: "Диск", kind: "disk", severity: "critical", value: { a: "Ünï" } }),
  );

  test("asks the server only for what it narrows", () => {
    expect(queryOf(noFilter)).toEqual({});
    expect(queryOf({ ...noFilter, state: "unread", search: "x" })).toEqual({
      state: "unread",
      search: "x",
    });
  });

  test.each([
    [{}, true],
    [{ state: "archived" as const }, false],
    [{ severity: "info" as const }, false],
    [{ kind: "disk" }, true],
    [{ kind: "dis" }, false],
    [{ search: "ДИСК" }, true],
    [{ search: "ünï" }, true],
    [{ search: "nowhere" }, false],
  ])("%j on what arrives: %s", (changes, answer) => {
    expect(isWanted(item, { ...noFilter, ...changes })).toBe(answer);
  });
});

describe("days and chunks", () => {
  test("a day begins at midnight here, and chunks are cut by number", () => {
    const items = [
      at(41, "2026-11-20T00:00:01"),
      at(40, "2026-11-19T23:59:59"),
      at(39, "2026-11-19T12:00:00"),
    ];

    const days = grouped(items, []);

    expect(days.map(({ day }) => day)).toEqual(["2026-11-20", "2026-11-19"]);
    expect(days[1]?.chunks.map((chunk) => chunk.items.length)).toEqual([1, 1]);
  });

  test("what did not change stays the same object", () => {
    const old = Array.from({ length: 80 }, (_, n) => at(79 - n, "2026-11-20T12:00:00"));
    const before = grouped(old, []);

    const after = grouped([at(80, "2026-11-20T12:00:01"), ...old], before);

    const chunks = after[0]?.chunks ?? [];
    expect(chunks).toHaveLength(3);
    expect(chunks[1]).toBe(before[0]?.chunks[0]);
    expect(chunks[2]).toBe(before[0]?.chunks[1]);
  });
});

describe("what is being read", () => {
  test("holds back what arrives until the reading ends", () => {
    const place = new ReadingPlace();
    place.update(10, false);

    place.update(10, true);
    expect(place.heldAt).toBeNull();
    place.update(12, true);
    expect(place.heldAt).toBe(10);
    place.update(13, true);
    expect(place.heldAt).toBe(10);
    place.update(13, false);
    expect(place.heldAt).toBeNull();
  });

  test("the first list is shown whatever the person does", () => {
    const place = new ReadingPlace();

    place.update(10, true);

    expect(place.heldAt).toBeNull();
  });
});

describe("a burst", () => {
  test("is handed on together, and one alone at once", () => {
    const taken: (readonly number[])[] = [];
    const batch = new Batch<number>((all) => taken.push(all));
    vi.advanceTimersByTime(1_000);

    batch.add(1);
    vi.advanceTimersByTime(0);
    for (const n of [2, 3, 4]) batch.add(n);
    vi.advanceTimersByTime(99);
    expect(taken).toEqual([[1]]);
    vi.advanceTimersByTime(1);

    expect(taken).toEqual([[1], [2, 3, 4]]);
  });
});

describe("toasts", () => {
  const tones = (toasts: Toasts) => toasts.list.map(({ tone }) => tone);

  test("go by themselves, but critical ones stay", () => {
    const toasts = new Toasts(() => undefined);
    toasts.add({ title: "a" });
    toasts.add({ title: "b", tone: "critical" });

    vi.advanceTimersByTime(10_000);

    expect(tones(toasts)).toEqual(["critical"]);
  });

  test("wait while they are paused or read", () => {
    const toasts = new Toasts(() => undefined);
    toasts.add({ title: "a" });

    toasts.pause(true);
    vi.advanceTimersByTime(60_000);
    expect(toasts.list).toHaveLength(1);
    toasts.read(true);
    toasts.pause(false);
    vi.advanceTimersByTime(60_000);
    expect(toasts.list).toHaveLength(1);
    toasts.read(false);
    vi.advanceTimersByTime(10_000);

    expect(toasts.list).toHaveLength(0);
  });

  test("many arrivals are one toast that counts on", () => {
    const toasts = new Toasts(() => undefined);

    for (let n = 0; n < 20; n += 1) toasts.addMany(50, (count) => `${count} new`);
    expect(toasts.list.map(({ title }) => title)).toEqual(["1000 new"]);
    vi.advanceTimersByTime(10_000);
    toasts.addMany(4, (count) => `${count} new`);

    expect(toasts.list.map(({ title }) => title)).toEqual(["4 new"]);
  });

  test("do not pile up without end", () => {
    const toasts = new Toasts(() => undefined);

    for (let n = 0; n < 500; n += 1) toasts.add({ title: "x", tone: "critical" });

    expect(toasts.list).toHaveLength(50);
  });
});

describe("keys", () => {
  const pressed = (init: KeyboardEventInit, on: Element = document.body) => {
    let command: unknown = "nothing heard";
    const listen = (event: Event) => (command = commandOf(event as KeyboardEvent));
    document.addEventListener("keydown", listen, { once: true });
    document.body.append(on === document.body ? document.createElement("i") : on);
    on.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, composed: true, ...init }));
    return command;
  };

  test.each([
    [{ key: "j", code: "KeyJ" }, "next"],
    [{ key: "J", code: "KeyJ", shiftKey: true }, "next"],
    [{ key: "о", code: "KeyJ" }, "next"],
    [{ key: "л", code: "KeyK" }, "previous"],
    [{ key: "h", code: "KeyJ" }, null],
    [{ key: "?", code: "Digit7", shiftKey: true }, "help"],
    [{ key: "j", code: "KeyJ", ctrlKey: true }, null],
    [{ key: "x", code: "KeyX" }, null],
  ])("%j asks for %s", (init, command) => {
    expect(pressed(init)).toBe(command);
  });

  test("in a field they are letters", () => {
    expect(pressed({ key: "j", code: "KeyJ" }, document.createElement("input"))).toBeNull();
  });
});

test("the lines to send name the user and the server", () => {
  const lines = snippetsFor({ userId: 7, origin: "https://carillon.example" });

  expect(lines.curl).toContain("https://carillon.example/api/notifications/send/");
  expect(lines.rabbit).toContain("--exchange=notifications_exchange");
  expect(lines.rabbit).toContain("--routing-key=notifications.send");
  expect(lines.curl).toContain('"user_id":7');
  expect(lines.rabbit).toContain('"user_id":7');
  expect(lines.python).toContain('notify_user_by_id("7"');
});
