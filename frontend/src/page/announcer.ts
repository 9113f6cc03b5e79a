/** What a screen reader hears: critical arrivals at once, the others when it is their turn. */

import type { NotificationFrame } from "../client";
import { words } from "../i18n";
import { headlineOf, severityWord } from "./format";

export class Announcer {
  polite = "";
  urgent = "";

  constructor(private readonly onChange: () => void) {}

  arrived(frames: readonly NotificationFrame[]): void {
    const critical = frames.filter(({ severity }) => severity === "critical");
    const others = frames.filter(({ severity }) => severity !== "critical");
    if (critical.length > 0) this.urgent = sentenceOf(critical);
    if (others.length > 0) this.polite = sentenceOf(others);
    this.onChange();
  }

  /** At once, whatever is being read. */
  call(sentence: string): void {
    this.urgent = sentence;
    this.onChange();
  }

  say(sentence: string): void {
    this.polite = sentence;
    this.onChange();
  }

  clear(): void {
    this.polite = "";
    this.urgent = "";
  }
}

function sentenceOf(frames: readonly NotificationFrame[]): string {
  const [first] = frames;
  if (first === undefined || frames.length > 1) return words().arrivedMany(frames.length);
  return words().arrivedPolite(
    severityWord(first.severity),
    first.title || headlineOf(first.value),
  );
}
