import { describe, expect, test } from "vitest";

import type { ConnectionStatus } from "../client";
import { speak } from "../i18n";
import { describeStatus, headlineOf, prettyJson, safeLink, unfolds } from "./format";

const BASE = "https://carillon.example/";

describe("links", () => {
  test.each([
    ["/orders/7", "https://carillon.example/orders/7"],
    ["orders", "https://carillon.example/orders"],
    ["https://example.org/a", "https://example.org/a"],
    ["http://example.org/", "http://example.org/"],
  ])("%s may be followed", (url, href) => {
    expect(safeLink(url, BASE)).toBe(href);
  });

  test.each([
    "",
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "file:///etc/passwd",
    "https://",
  ])("%j is only text", (url) => {
    expect(safeLink(url, BASE)).toBeNull();
  });
});

describe("payloads", () => {
  test.each([
    ["plain text", "plain text"],
    [{ message: "hello", n: 1 }, "hello"],
    [{ title: " ", text: "second" }, "second"],
    [{ n: 1 }, '{"n":1}'],
    [[1, 2], "[1,2]"],
    [42, "42"],
    [false, "false"],
  ])("%j has the headline %s", (payload, headline) => {
    expect(headlineOf(payload)).toBe(headline);
  });

  test("a long one is cut", () => {
    expect(headlineOf("x".repeat(10_000))).toHaveLength(140);
  });

  test("only what a line cannot hold unfolds", () => {
    expect(unfolds({ n: 1 })).toBe(true);
    expect(unfolds("x".repeat(10_000))).toBe(true);
    expect(unfolds({})).toBe(false);
    expect(unfolds({ text: "all of it" })).toBe(false);
    expect(unfolds({ text: "all of it", n: 1 })).toBe(true);
    expect(unfolds({ text: "x".repeat(141) })).toBe(true);
    expect(unfolds("short")).toBe(false);
    expect(unfolds(7)).toBe(false);
  });

  test("frames are shown with line breaks, broken ones as they came", () => {
    expect(prettyJson('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(prettyJson("{")).toBe("{");
  });
});

describe("the badge", () => {
  test.each<[ConnectionStatus, string]>([
    [{ phase: "live" }, "Live"],
    [{ phase: "connecting", fallback: "off" }, "Connecting…"],
    [{ phase: "waiting", retryAt: 12_500, fallback: "off" }, "Reconnecting in 3 s"],
    [{ phase: "waiting", retryAt: 9_000, fallback: "off" }, "Reconnecting in 1 s"],
    [{ phase: "waiting", retryAt: 1, fallback: "checking" }, "Offline, checking every 15 s"],
    [{ phase: "connecting", fallback: "checking" }, "Offline, checking every 15 s"],
    [
      { phase: "connecting", fallback: "unreachable" },
      "Offline, checking every 15 s (server out of reach)",
    ],
    [{ phase: "stopped", reason: "replaced", code: 4409 }, "Signed in elsewhere"],
  ])("%j reads %s", (status, words) => {
    const said = describeStatus(status, 10_000);

    expect(`${said.words} ${said.countdown}`.trim()).toBe(words);
  });
});

test("the badge speaks Russian", () => {
  speak("ru");
  const said = describeStatus({ phase: "waiting", retryAt: 12_500, fallback: "off" }, 10_000);
  speak("en");

  expect(`${said.words} ${said.countdown}`).toBe("Переподключение через 3 с");
});
