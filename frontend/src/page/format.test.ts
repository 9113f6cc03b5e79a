import { describe, expect, test } from "vitest";

import type { ConnectionStatus } from "../client";
import {
  describeStatus,
  headlineOf,
  payloadDetails,
  prettyJson,
  relativeTime,
  safeLink,
} from "./format";

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
    expect(payloadDetails("x".repeat(10_000))).toHaveLength(10_000);
  });

  test("only what a line cannot hold unfolds", () => {
    expect(payloadDetails({ n: 1 })).toBe('{\n  "n": 1\n}');
    expect(payloadDetails({})).toBeNull();
    expect(payloadDetails("short")).toBeNull();
    expect(payloadDetails(7)).toBeNull();
  });

  test("frames are shown with line breaks, broken ones as they came", () => {
    expect(prettyJson('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(prettyJson("{")).toBe("{");
  });
});

describe("times", () => {
  const now = Date.parse("2026-11-20T10:00:00Z");
  test.each([
    ["2026-11-20T10:00:05Z", "just now"],
    ["2026-11-20T09:59:30Z", "just now"],
    ["2026-11-20T09:59:00Z", "1 minute ago"],
    ["2026-11-20T09:15:00Z", "45 minutes ago"],
    ["2026-11-20T07:00:00Z", "3 hours ago"],
    ["2026-11-18T10:00:00Z", "2 days ago"],
    ["2026-10-01T12:00:00Z", "Oct 1, 2026"],
    ["nonsense", "nonsense"],
  ])("%s reads %s", (iso, words) => {
    expect(relativeTime(iso, now)).toBe(words);
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
