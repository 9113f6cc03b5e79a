/** How values read on the page. */

import type { ConnectionStatus, Json, Severity, StopReason } from "../client";

export const SEVERITIES: Record<Severity, { word: string; icon: string }> = {
  info: { word: "Info", icon: "ℹ" },
  warning: { word: "Warning", icon: "⚠" },
  critical: { word: "Critical", icon: "✖" },
};

const HEADLINE_FIELDS = ["title", "subject", "message", "text", "name"];
const HEADLINE_LENGTH = 140;

/** A line for a notification without a title, from its payload. */
export function headlineOf(payload: Json): string {
  if (typeof payload === "string") return shortened(payload);
  if (typeof payload === "object" && payload !== null && !Array.isArray(payload)) {
    for (const field of HEADLINE_FIELDS) {
      const value = payload[field];
      if (typeof value === "string" && value.trim() !== "") return shortened(value);
    }
  }
  return shortened(JSON.stringify(payload));
}

/** The payload in full, where a line cannot hold it; null where there is nothing to unfold. */
export function payloadDetails(payload: Json): string | null {
  if (typeof payload === "object" && payload !== null) {
    return Object.keys(payload).length === 0 ? null : JSON.stringify(payload, null, 2);
  }
  return typeof payload === "string" && payload.length > HEADLINE_LENGTH ? payload : null;
}

function shortened(text: string): string {
  return text.length <= HEADLINE_LENGTH ? text : `${text.slice(0, HEADLINE_LENGTH - 1)}…`;
}

/** The address if a person may be sent there: relative, http or https; otherwise null. */
export function safeLink(url: string, base: string): string | null {
  try {
    const { protocol, href } = new URL(url, base);
    return url !== "" && (protocol === "http:" || protocol === "https:") ? href : null;
  } catch {
    return null;
  }
}

const STEPS: [limitSeconds: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [7 * 86_400, "day", 86_400],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const dated = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "long" });

export function relativeTime(iso: string, now: number): string {
  const then = Date.parse(iso);
  const ageSeconds = (now - then) / 1000;
  if (Number.isNaN(then)) return iso;
  // A clock that is a little behind must not show a message from the future.
  if (ageSeconds < 45) return "just now";
  const step = STEPS.find(([limit]) => ageSeconds < limit);
  if (step === undefined) return dated.format(then);
  return relative.format(-Math.max(1, Math.round(ageSeconds / step[2])), step[1]);
}

export function exactTime(iso: string): string {
  const then = Date.parse(iso);
  return Number.isNaN(then) ? iso : exact.format(then);
}

const STOPPED: Record<StopReason, string> = {
  closed: "Disconnected",
  "protocol-error": "Stopped: the server did not understand this page",
  "not-yours": "Stopped: this stream belongs to somebody else",
  replaced: "Signed in elsewhere",
  "too-large": "Stopped: this page sent too much at once",
  version: "Stopped: reload the page, it is out of date",
  "login-required": "Signed out",
};

const OFFLINE = {
  checking: "Offline, checking every 15 s",
  unreachable: "Offline, checking every 15 s (server out of reach)",
};

export type Tone = "good" | "busy" | "bad";

export interface StatusWords {
  tone: Tone;
  words: string;
  /** Changes every second, so a screen reader is spared it. */
  countdown: string;
}

/** What the badge says. now: for the countdown. */
export function describeStatus(status: ConnectionStatus, now: number): StatusWords {
  switch (status.phase) {
    case "idle":
      return { tone: "busy", words: "Not connected", countdown: "" };
    case "live":
      return { tone: "good", words: "Live", countdown: "" };
    case "stopped":
      return { tone: "bad", words: STOPPED[status.reason], countdown: "" };
    case "connecting":
    case "waiting":
      if (status.fallback !== "off") {
        return { tone: "bad", words: OFFLINE[status.fallback], countdown: "" };
      }
      if (status.phase === "connecting") {
        return { tone: "busy", words: "Connecting…", countdown: "" };
      }
      return {
        tone: "busy",
        words: "Reconnecting",
        countdown: countdown(status.retryAt - now),
      };
  }
}

function countdown(leftMs: number): string {
  return `in ${Math.max(1, Math.ceil(leftMs / 1000))} s`;
}

/** JSON with line breaks; text that is none stays as it came. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
