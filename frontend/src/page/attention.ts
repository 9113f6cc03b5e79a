/** Desktop notifications and sound, from one tab only and only while nobody looks. */

import type { NotificationFrame } from "../client";
import { currentLanguage, words } from "../i18n";
import { chime } from "./chime";
import { headlineOf, severityWord } from "./format";
import { preferences } from "./preferences";
import type { Tabs } from "./tabs";

/** More than this at once become one notification with their number. */
const SINGLY_AT_MOST = 3;
const BODY_LENGTH = 240;

/** What a desktop notification needs to know. */
export type Arrival = Pick<NotificationFrame, "key" | "title" | "body" | "severity" | "value">;

export class Attention {
  constructor(private readonly tabs: Tabs) {}

  async arrived(frames: readonly Arrival[]): Promise<void> {
    const { desktop, sound } = preferences.current;
    if (!desktop && !sound) return;
    if (!(await this.tabs.isLeader())) return;
    if (await this.tabs.isAnyFocused()) return;
    if (sound) void chime();
    if (desktop) notify(frames);
  }
}

function notify(frames: readonly Arrival[]): void {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
  if (frames.length > SINGLY_AT_MOST) {
    show(words().arrivedMany(frames.length), { tag: "carillon-many" });
    return;
  }
  for (const { key, title, value, body, severity } of frames) {
    const headline = title || headlineOf(value);
    show(`${severityWord(severity)}: ${headline}`, {
      body: body.slice(0, BODY_LENGTH),
      tag: key,
      requireInteraction: severity === "critical",
    });
  }
}

function show(title: string, options: NotificationOptions): void {
  try {
    const shown = new Notification(title, {
      dir: "auto",
      lang: currentLanguage(),
      icon: "/static/favicon.svg",
      ...options,
    });
    shown.onclick = () => {
      globalThis.focus();
      shown.close();
    };
  } catch {
    // Some phones know the name but refuse the constructor.
  }
}
