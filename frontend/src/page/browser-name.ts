/** A browser's name for people, from the User-Agent header that it sends. */

import { words } from "../i18n";

// The order counts: every browser claims to be others as well.
const BROWSERS: readonly [pattern: RegExp, name: string][] = [
  [/YaBrowser\//, "Yandex Browser"],
  [/OPR\//, "Opera"],
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|Chromium\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly [pattern: RegExp, name: string][] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

export function browserOf(userAgent: string): string {
  const named = (table: typeof BROWSERS) => table.find(([pattern]) => pattern.test(userAgent));
  const browser = named(BROWSERS)?.[1];
  const system = named(SYSTEMS)?.[1];
  if (browser === undefined) return words().unknownBrowser;
  return system === undefined ? browser : words().browserOn(browser, system);
}
