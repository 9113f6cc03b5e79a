/** A line that gives back what was just archived, the latest first, for a while. */

import { element, setText } from "./dom";
import { headlineOf } from "./format";
import type { Item } from "./model";
import type { Words } from "./words";

const OFFERED_MS = 10_000;

interface Options {
  words: () => Words;
  /** Whether it worked. */
  restore: (item: Item) => Promise<boolean>;
}

export class UndoLine {
  readonly root = element("p", { class: "undo", part: "undo" });
  private readonly text = element("span", { dir: "auto" });
  private readonly button = element("button", { type: "button", part: "action" });
  private archived: Item[] = [];
  private expiry: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: Options) {
    this.root.hidden = true;
    this.root.append(this.text, " ", this.button);
    this.button.addEventListener("click", () => void this.undo());
  }

  /** What it says now. */
  get said(): string {
    return this.text.textContent;
  }

  offer(item: Item): void {
    this.archived.push(item);
    this.offerForAWhile();
  }

  /** Give the latest one back; where that fails, it can be tried again. */
  async undo(): Promise<void> {
    const item = this.archived.pop();
    if (item === undefined) return;
    this.offerForAWhile();
    if (!(await this.options.restore(item))) this.offer(item);
  }

  forget(): void {
    this.archived = [];
    this.show();
  }

  show(): void {
    const item = this.archived.at(-1);
    this.root.hidden = item === undefined;
    if (item === undefined) return;
    const [words, headline] = [this.options.words(), headlineOf(item)];
    setText(this.text, words.archived(headline));
    setText(this.button, words.undo);
    this.button.setAttribute("aria-label", `${words.undo}: ${headline}`);
  }

  private offerForAWhile(): void {
    this.show();
    if (this.expiry !== null) clearTimeout(this.expiry);
    this.expiry = setTimeout(() => {
      const { activeElement } = this.root.getRootNode() as ShadowRoot;
      const isInUse = this.root.matches(":hover") || activeElement === this.button;
      if (isInUse) this.offerForAWhile();
      else this.forget();
    }, OFFERED_MS);
  }
}
