/** Which language the page speaks, and who hears when that changes. */

import { en, type Messages } from "./en";
import { ru } from "./ru";

export type Language = "en" | "ru";

export const LANGUAGES: readonly { language: Language; name: string }[] = [
  { language: "en", name: "English" },
  { language: "ru", name: "Русский" },
];

const MESSAGES: Record<Language, Messages> = { en, ru };
const listeners = new Set<() => void>();
let current: Language = "en";

export function isLanguage(value: unknown): value is Language {
  return value === "en" || value === "ru";
}

/** The words of the present language. */
export function words(): Messages {
  return MESSAGES[current];
}

export function currentLanguage(): Language {
  return current;
}

export function speak(language: Language): void {
  if (language === current) return;
  current = language;
  for (const listener of [...listeners]) listener();
}

/** Call the listener whenever the language changes; the answer ends that. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

interface Wishes {
  /** Chosen by hand in this browser. */
  chosen: string | null;
  /** Of the account; null while nobody is signed in. */
  account: string | null;
  /** As navigator.languages has them. */
  browser: readonly string[];
}

/** By hand, else of the account, else of the browser, else English. */
export function languageFor({ chosen, account, browser }: Wishes): Language {
  if (isLanguage(chosen)) return chosen;
  // Every account begins with "en", so that this says nothing of what its person wants.
  if (isLanguage(account) && account !== "en") return account;
  const known = browser.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage);
  return known ?? "en";
}
