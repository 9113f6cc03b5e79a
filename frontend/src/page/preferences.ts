/** What a person chose in this browser; other tabs follow at once. */

export type Theme = "system" | "light" | "dark";

export interface Choices {
  theme: Theme;
  /** A language, or "" for the one that fits. */
  language: string;
  showsToasts: boolean;
  desktop: boolean;
  sound: boolean;
  /** Null until it is unfolded or folded by hand. */
  showsOverview: boolean | null;
}

const KEY = "carillon.preferences";
const DEFAULTS: Choices = {
  theme: "system",
  language: "",
  showsToasts: true,
  desktop: false,
  sound: false,
  showsOverview: null,
};

export class Preferences {
  private choices: Choices = stored();
  private readonly listeners = new Set<() => void>();

  constructor() {
    globalThis.addEventListener("storage", (event) => {
      if (event.key !== KEY && event.key !== null) return;
      this.choices = stored();
      this.announce();
    });
  }

  get current(): Readonly<Choices> {
    return this.choices;
  }

  choose(changes: Partial<Choices>): void {
    this.choices = { ...this.choices, ...changes };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.choices));
    } catch {
      // Storage may be forbidden or full; then the choice lasts as long as the page.
    }
    this.announce();
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private announce(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

function stored(): Choices {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...DEFAULTS, ...(known as Partial<Choices>) };
  } catch {
    return DEFAULTS;
  }
}

/** The page's one set of choices. */
export const preferences = new Preferences();
