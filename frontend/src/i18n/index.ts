/** What the page needs to speak. */

export type { Messages } from "./en";
export {
  currentLanguage,
  isLanguage,
  type Language,
  languageFor,
  LANGUAGES,
  onLanguage,
  speak,
  words,
} from "./language";
export {
  dayHeading,
  dayOf,
  duration,
  exactTime,
  momentIn,
  preciseTime,
  relativeTime,
} from "./times";
