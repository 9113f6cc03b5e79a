/** How values read on the page. */

import type { ConnectionStatus, Json, Severity, StopReason } from "../client";
import { type Messages, words } from "../i18n";

export const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];

export function severityWord(severity: Severity): string {
  const { severityInfo, severityWarning, severityCritical } = words();
  return { info: severityInfo, warning: severityWarning, critical: severityCritical }[severity];
}

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

/** Whether the payload has more to show than a line can hold. */
export function unfolds(payload: Json): boolean {
  if (typeof payload === "object" && payload !== null) {
    const values: Json[] = Object.values(payload);
    return values.length > 1 || (values.length === 1 && values[0] !== headlineOf(payload));
  }
  return typeof payload === "string" && payload.length > HEADLINE_LENGTH;
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

const STOPPED: Record<StopReason, keyof Messages> = {
  closed: "stoppedClosed",
  "protocol-error": "stoppedProtocol",
  "not-yours": "stoppedNotYours",
  replaced: "stoppedReplaced",
  "too-large": "stoppedTooLarge",
  version: "stoppedVersion",
  "login-required": "stoppedLogin",
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
  const say = words();
  switch (status.phase) {
    case "idle":
      return { tone: "busy", words: say.notConnected, countdown: "" };
    case "live":
      return { tone: "good", words: say.live, countdown: "" };
    case "stopped":
      return { tone: "bad", words: say[STOPPED[status.reason]] as string, countdown: "" };
    case "connecting":
    case "waiting":
      if (status.fallback !== "off") {
        const isReached = status.fallback === "checking";
        const said = isReached ? say.offlineChecking : say.offlineUnreachable;
        return { tone: "bad", words: said, countdown: "" };
      }
      if (status.phase === "connecting") {
        return { tone: "busy", words: say.connecting, countdown: "" };
      }
      return {
        tone: "busy",
        words: say.reconnecting,
        countdown: say.inSeconds(Math.max(1, Math.ceil((status.retryAt - now) / 1000))),
      };
  }
}

/** JSON with line breaks; text that is none stays as it came. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
