/** Refusals of the server in the words of the page's language. */

import { HttpError } from "../client";
import { type Messages, words } from "../i18n";

/** The server speaks English; what it says of a field is told apart by these words. */
const KNOWN: readonly [pattern: RegExp, key: keyof Messages][] = [
  [/present password/i, "wrongPassword"],
  [/too short/i, "passwordTooShort"],
  [/too common/i, "passwordTooCommon"],
  [/entirely numeric/i, "passwordNumeric"],
  [/too similar/i, "passwordSimilar"],
  [/valid email/i, "badEmail"],
  [/7XXXXXXXXXX/, "badPhone"],
  [/chat id/i, "badTelegram"],
  [/time zone/i, "badTimezone"],
  [/may not be blank|required/i, "required"],
];

/** What is wrong with a field; empty when nothing is. */
export function fieldProblem(error: unknown, field: string): string {
  if (!(error instanceof HttpError)) return "";
  const said = error.fields[field] ?? [];
  return said.map((sentence) => inOurWords(sentence)).join(" ");
}

function inOurWords(sentence: string): string {
  const known = KNOWN.find(([pattern]) => pattern.test(sentence));
  return known === undefined ? sentence : (words()[known[1]] as string);
}

/** What is wrong as a whole; empty when the fields say it. */
export function problemOf(error: unknown): string {
  const say = words();
  if (!(error instanceof HttpError) || error.status === 0) return say.unreachableLater;
  if (error.status === 429) {
    return say.tooManyAttempts(Math.ceil((error.retryAfterMs ?? 60_000) / 1000));
  }
  if (error.status === 400 && Object.keys(error.fields).length > 0) return "";
  return error.status === 401 ? say.sessionEnded : say.refused(error.message);
}
