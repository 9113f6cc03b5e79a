/** Which key asks for what, on any keyboard layout. */

export type KeyCommand = "next" | "previous" | "archive" | "unread" | "new" | "search" | "help";

const LETTERS: Readonly<Record<string, KeyCommand>> = {
  j: "next",
  k: "previous",
  e: "archive",
  u: "unread",
  n: "new",
};
const SIGNS: Readonly<Record<string, KeyCommand>> = { "/": "search", "?": "help" };

/** Null where the key belongs to somebody else: a field, a dialog, the browser. */
export function commandOf(event: KeyboardEvent): KeyCommand | null {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (isTyping(event)) return null;
  const sign = SIGNS[event.key];
  if (sign !== undefined) return sign;
  return LETTERS[letterOf(event)] ?? null;
}

/** On a Cyrillic layout the key with the letter J counts, whatever it writes. */
function letterOf({ key, code }: KeyboardEvent): string {
  const isLatin = /^[a-z]$/i.test(key);
  return (isLatin ? key : (/^Key([A-Z])$/.exec(code)?.[1] ?? "")).toLowerCase();
}

function isTyping(event: KeyboardEvent): boolean {
  return event
    .composedPath()
    .some(
      (target) =>
        target instanceof HTMLElement &&
        target.matches("input, textarea, select, dialog, [contenteditable]"),
    );
}
