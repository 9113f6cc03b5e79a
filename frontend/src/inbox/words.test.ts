import { describe, expect, test } from "vitest";

import type { ConnectionStatus } from "../client";
import { exactTime, headlineOf, payloadText, relativeTime, safeLink } from "./format";
import { describeStatus, wordsFor } from "./words";

const { words: en } = wordsFor("en-GB");
const { words: ru } = wordsFor("ru-RU");

test.each([
  ["ru", "ru"],
  ["ru-UA", "ru"],
  ["RU", "ru"],
  ["run", "en"],
  ["de", "en"],
  ["", "en"],
])("%s is answered in %s", (tag, language) => {
  expect(wordsFor(tag).language).toBe(language);
});

test("both languages have every word", () => {
  expect(Object.keys(ru).sort()).toEqual(Object.keys(en).sort());
  expect(Object.values(ru).filter((word) => word === "")).toEqual([]);
});

test.each([
  [1, "1 непрочитанное"],
  [2, "2 непрочитанных"],
  [5, "5 непрочитанных"],
  [11, "11 непрочитанных"],
  [21, "21 непрочитанное"],
])("%i is counted in Russian", (count, words) => {
  expect(ru.unread(count)).toBe(words);
});

describe("the connection", () => {
  const statuses: [ConnectionStatus, string, boolean][] = [
    [{ phase: "live" }, "Live", false],
    [{ phase: "idle" }, "Connecting…", false],
    [{ phase: "connecting", fallback: "off" }, "Connecting…", false],
    [{ phase: "waiting", retryAt: 0, fallback: "off" }, "Reconnecting…", false],
    [{ phase: "waiting", retryAt: 0, fallback: "checking" }, en.checking, false],
    [{ phase: "connecting", fallback: "unreachable" }, en.unreachable, false],
    [{ phase: "stopped", reason: "login-required", code: 4401 }, en.loginRequired, true],
    [{ phase: "stopped", reason: "replaced", code: 4409 }, "Disconnected", true],
  ];

  test.each(statuses)("%o", (status, text, isOver) => {
    expect(describeStatus(status, en)).toMatchObject({ text, isOver });
  });
});

describe("values", () => {
  test.each([
    ["A title", { text: "no" }, "A title"],
    ["", { text: "From the payload" }, "From the payload"],
    ["", { order: 7 }, '{"order":7}'],
    ["", [1, 2], "[1,2]"],
    ["", "Only text", "Only text"],
    ["", { text: " " }, '{"text":" "}'],
  ])("the headline of %j and %j", (title, payload, headline) => {
    expect(headlineOf({ title, payload })).toBe(headline);
  });

  test("a long line is cut between characters", () => {
    const headline = headlineOf({ title: "", payload: "😀".repeat(500) });

    expect(Array.from(headline)).toHaveLength(140);
    expect(headline.endsWith("😀…")).toBe(true);
  });

  test.each([
    [{}, ""],
    [{ a: 1 }, '{\n  "a": 1\n}'],
    ["short", ""],
    [7, ""],
    [[], ""],
  ])("the details of %j", (payload, text) => {
    expect(payloadText(payload)).toBe(text);
  });

  test.each([
    ["/orders/7", "https://shop.example/orders/7"],
    ["https://elsewhere.example/", "https://elsewhere.example/"],
    ["", null],
    ["javascript:alert(1)", null],
    [" java\nscript:alert(1)", null],
    ["data:text/html,x", null],
    ["https://", null],
  ])("the link %j is %j", (url, href) => {
    expect(safeLink(url, "https://shop.example/a")).toBe(href);
  });

  test("times", () => {
    const now = Date.parse("2026-11-20T10:00:00Z");
    const english = { language: "en" as const, words: en };

    expect(relativeTime("2026-11-20T10:00:30Z", now, english)).toBe("just now");
    expect(relativeTime("2026-11-20T09:57:00Z", now, english)).toBe("3 minutes ago");
    expect(relativeTime("2026-11-19T09:00:00Z", now, english)).toBe("yesterday");
    expect(relativeTime("2026-10-01T12:00:00Z", now, english)).toBe("Oct 1, 2026");
    expect(relativeTime("2026-11-20T07:00:00Z", now, { language: "ru", words: ru })).toBe(
      "3 часа назад",
    );
    expect(relativeTime("nonsense", now, english)).toBe("nonsense");
    expect(exactTime("nonsense", "en")).toBe("nonsense");
    expect(exactTime("2026-10-01T12:00:00Z", "ru")).toContain("2026");
  });
});
