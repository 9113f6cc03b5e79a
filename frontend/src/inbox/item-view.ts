/** One notification of the panel; its elements stay while its state changes. */

import type { InboxAction } from "../client";
import { element, icon, setText, SEVERITY_ICONS } from "./dom";
import { exactTime, headlineOf, payloadText, relativeTime, safeLink } from "./format";
import type { Item } from "./model";
import type { Language, Words } from "./words";

export interface ItemListener {
  /** False where the host takes over from the link. */
  followed: (item: Item) => boolean;
  asked: (item: Item, action: InboxAction) => void;
}

export interface Reading {
  language: Language;
  words: Words;
  now: number;
}

export class ItemView {
  readonly root = element("li", { part: "item" });
  private readonly article = element("article", { tabindex: "-1" });
  private readonly word = element("span");
  private readonly mark = element("span", { class: "mark" });
  private readonly time = element("time", { part: "time" });
  private readonly summary = element("summary");
  private readonly toggle = element("button", { type: "button", part: "action" });
  private readonly archive = element("button", { type: "button", part: "action" });
  private readonly headline: string;

  constructor(
    public item: Item,
    private readonly listener: ItemListener,
  ) {
    this.headline = headlineOf(item);
    this.build();
    this.toggle.addEventListener("click", () => this.askToggle());
    this.archive.addEventListener("click", () => this.askArchive());
  }

  get isFocused(): boolean {
    return this.root.querySelector(":focus") !== null;
  }

  focus(): void {
    this.article.focus();
  }

  askToggle(): void {
    this.listener.asked(this.item, this.item.state === "unread" ? "read" : "unread");
  }

  askArchive(): void {
    this.listener.asked(this.item, "archive");
  }

  /** Follow the link, or note that it was read where there is none. */
  enter(): void {
    const link = this.root.querySelector("a");
    if (link !== null) link.click();
    else if (this.item.state === "unread") this.askToggle();
  }

  update(item: Item, { language, words, now }: Reading): void {
    this.item = item;
    const isUnread = item.state === "unread";
    this.article.className = `${item.severity} ${item.state}`;
    this.root.setAttribute("part", isUnread ? "item unread" : "item");
    setText(this.word, words.severities[item.severity]);
    setText(this.mark, isUnread ? words.unreadMark : "");
    setText(this.time, relativeTime(item.createdAt, now, { language, words }));
    this.time.title = exactTime(item.createdAt, language);
    setText(this.summary, words.payload);
    label(this.toggle, isUnread ? words.markRead : words.markUnread, this.headline);
    label(this.archive, words.archive, this.headline);
  }

  private build(): void {
    const { item, headline } = this;
    const heading = element("h3", {
      dir: "auto",
      id: `headline-${item.key}`,
      part: "headline",
    });
    heading.append(this.link(headline) ?? headline);
    this.time.dateTime = item.createdAt;
    const severity = element(
      "span",
      { class: "severity" },
      icon(SEVERITY_ICONS[item.severity]),
    );
    severity.append(" ", this.word);
    this.article.setAttribute("aria-labelledby", heading.id);
    this.article.append(
      element("div", { class: "meta" }, severity, this.mark, this.time),
      heading,
    );
    if (item.body !== "") {
      this.article.append(
        element("p", { class: "body", dir: "auto", part: "body" }, item.body),
      );
    }
    const payload = payloadText(item.payload);
    if (payload !== "") this.article.append(this.details(payload));
    this.article.append(element("div", { class: "actions" }, this.toggle, this.archive));
    this.root.append(this.article);
  }

  private link(headline: string): HTMLAnchorElement | null {
    const href = safeLink(this.item.url, document.baseURI);
    if (href === null) return null;
    const link = element("a", { href, rel: "noopener", part: "link" }, headline);
    link.addEventListener("click", (event) => {
      if (!this.listener.followed(this.item)) event.preventDefault();
    });
    return link;
  }

  private details(payload: string): HTMLElement {
    const pre = element("pre", { dir: "auto", tabindex: "0", part: "payload" }, payload);
    return element("details", {}, this.summary, pre);
  }
}

/** The words on a button, and for a screen reader which notification they are about. */
function label(button: HTMLButtonElement, words: string, headline: string): void {
  setText(button, words);
  button.setAttribute("aria-label", `${words}: ${headline}`);
}
