/** Tells people of alerts who may be looking elsewhere: aloud, in the corner, on the desktop. */

import type { AlertRow } from "../client";
import { words } from "../i18n";
import type { AlertAction } from "./live-alerts";
import type { Announcer } from "./announcer";
import type { Arrival, Attention } from "./attention";
import { severityWord } from "./format";
import { preferences } from "./preferences";
import type { Toasts } from "./toasts";

interface CallsOptions {
  announcer: Announcer;
  attention: Attention;
  toasts: Toasts;
  /** Whether the alerts of the page are in the window. */
  isInSight: () => boolean;
}

export class Calls {
  constructor(private readonly options: CallsOptions) {}

  /** What was there already when the page was opened is only read out, where critical. */
  arrived(rows: readonly AlertRow[], isFirst: boolean): void {
    const critical = rows.filter(({ severity }) => severity === "critical");
    const others = rows.filter(({ severity }) => severity !== "critical");
    const { announcer } = this.options;
    if (critical.length > 0) announcer.call(sentenceOf(critical));
    if (isFirst) return;
    if (others.length > 0) announcer.say(sentenceOf(others));
    void this.options.attention.arrived(rows.map(asArrival));
    for (const row of rows) this.toast(row, row.title);
  }

  reminded(row: AlertRow): void {
    const say = words();
    const { announcer, attention } = this.options;
    const sentence = say.alertReminder(severityWord(row.severity), row.title, row.reminders);
    if (row.severity === "critical") announcer.call(sentence);
    else announcer.say(sentence);
    void attention.arrived([asArrival(row)]);
    this.toast(row, `${row.title} (${say.reminded(row.reminders)})`);
  }

  gone(rows: readonly AlertRow[]): void {
    const [first] = rows;
    if (first !== undefined) this.options.announcer.say(words().alertEnded(first.title));
  }

  /** What a person did takes the alert away from under their hands, so that it can be undone. */
  done(action: AlertAction, undo: () => void): void {
    const say = words();
    if (action.kind === "unread" || action.kind === "end-snooze") return;
    const title = action.kind === "read" ? say.alertMarkedRead : say.alertSnoozed;
    this.options.announcer.say(title);
    this.options.toasts.add({
      tone: "done",
      title,
      action: { label: say.undo, run: undo },
    });
  }

  failed(title: string, reason: string): void {
    this.options.announcer.call(reason === "" ? title : `${title}. ${reason}`);
    this.options.toasts.add({ tone: "warning", title, text: reason });
  }

  private toast(row: AlertRow, title: string): void {
    if (!preferences.current.showsToasts || this.options.isInSight()) return;
    this.options.toasts.add({ tone: row.severity, title, text: row.message });
  }
}

function sentenceOf(rows: readonly AlertRow[]): string {
  const say = words();
  const [first] = rows;
  if (first === undefined || rows.length > 1) return say.alertsAnnounced(rows.length);
  return say.alertAnnounced(severityWord(first.severity), first.title);
}

function asArrival({ id, reminders, title, message, severity }: AlertRow): Arrival {
  return { key: `alert-${id}-${reminders}`, title, body: message, severity, value: title };
}
