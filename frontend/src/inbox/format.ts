/** How a notification's values read. */

import type { Json } from "../client";
import type { Item } from "./model";
import type { Language, Words } from "./words";

const HEADLINE_FIELDS = ["title", "subject", "message", "text", "name"];
const HEADLINE_LENGTH = 140;

/** The title, or a line from the payload. */
export function headlineOf({ title, payload }: Pick<Item, "title" | "payload">): string {
  return title === "" ? cut(lineOf(payload)) : title;
}

function lineOf(payload: Json): string {
  if (typeof payload === "string") return payload;
  if (typeof payload === "object" && payload !== null && !Array.isArray(payload)) {
    for (const field of HEADLINE_FIELDS) {
      const value = payload[field];
      if (typeof value === "string" && value.trim() !== "") return value;
    }
  }
  return JSON.stringify(payload);
}

function cut(text: string): string {
  // A character may take two places; one more than fits shows that there is more.
  const characters = Array.from(text.slice(0, 2 * (HEADLINE_LENGTH + 1)));
  const fits = characters.length <= HEADLINE_LENGTH;
  return fits ? text : `${characters.slice(0, HEADLINE_LENGTH - 1).join("")}…`;
}

/** The payload in full, where the headline cannot hold it; empty where it can. */
export function payloadText(payload: Json): string {
  if (typeof payload === "object" && payload !== null) {
    return Object.keys(payload).length === 0 ? "" : JSON.stringify(payload, null, 2);
  }
  return typeof payload === "string" && payload.length > HEADLINE_LENGTH ? payload : "";
}

/** The address if a person may be sent there: relative, http or https; otherwise null. */
export function safeLink(url: string, base: string): string | null {
  if (url === "") return null;
  try {
    const { protocol, href } = new URL(url, base);
    return protocol === "http:" || protocol === "https:" ? href : null;
  } catch {
    return null;
  }
}

type Step = [limitSeconds: number, unit: Intl.RelativeTimeFormatUnit, seconds: number];

const STEPS: Step[] = [
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [7 * 86_400, "day", 86_400],
];

interface Reader {
  language: Language;
  words: Words;
}

export function relativeTime(iso: string, now: number, reader: Reader): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return iso;
  const ageSeconds = (now - then) / 1000;
  // A clock that is a little behind must not show a message from the future.
  if (ageSeconds < 45) return reader.words.justNow;
  const step = STEPS.find(([limit]) => ageSeconds < limit);
  if (step === undefined) {
    return new Intl.DateTimeFormat(reader.language, { dateStyle: "medium" }).format(then);
  }
  const relative = new Intl.RelativeTimeFormat(reader.language, { numeric: "auto" });
  return relative.format(-Math.max(1, Math.round(ageSeconds / step[2])), step[1]);
}

export function exactTime(iso: string, language: Language): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return iso;
  const style = { dateStyle: "full", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(language, style).format(then);
}
