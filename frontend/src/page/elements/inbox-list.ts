/** The inbox: its heading with the unread count, and its notifications by day, newest first. */

import { html, nothing, type PropertyValues } from "lit";
import { customElement, property, query, queryAll, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { dayHeading, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { isNarrowed, isSameFilter } from "../filter";
import { type Day, grouped } from "../groups";
import { icon } from "../icons";
import { commandOf, type KeyCommand } from "../keyboard";
import { ReadingPlace } from "../reading-place";
import { emptyInbox, type Inbox, type Item, visibleItems } from "../store";
import { inboxListStyles } from "./inbox-list-styles";
import type { InboxToolbar } from "./inbox-toolbar";
import type { ItemChunk } from "./item-chunk";
import type { NotificationItem } from "./notification-item";
import { PageElement } from "./page-element";
import "./inbox-state";
import "./inbox-toolbar";
import "./item-chunk";

/** Read over HTTP now and then, or not reachable at all. */
export type Staleness = "" | "polling" | "lost";

const REFRESH_TIMES_MS = 20_000;
/** Not at every arrival: a new time draws every notification in sight anew. */
const TIMES_HOLD_MS = 5_000;
/** So far beyond the window notifications are drawn, and older ones are asked for. */
const NEAR = "1200px 0px";
/** More than this at once appear without sliding. */
const SLIDING_AT_MOST = 5;

@customElement("carillon-inbox-list")
export class InboxList extends PageElement {
  static override styles = [sharedStyles, inboxListStyles];

  @property({ attribute: false }) inbox: Inbox = emptyInbox;
  @property({ attribute: false }) kinds: ReadonlySet<string> = new Set();
  @property({ attribute: false }) isBusy = false;
  @property({ attribute: false }) isLoadingOlder = false;
  /** Why what is shown may be old; empty while the page is live. */
  @property({ attribute: false }) staleness: Staleness = "";
  @property({ attribute: false }) problem = "";
  @property({ attribute: false }) clockOffsetMs = 0;
  @state() private now = Date.now();
  @query("h2") private heading!: HTMLElement;
  @query("carillon-inbox-toolbar") private toolbar!: InboxToolbar;
  @queryAll("carillon-item-chunk") private chunkElements!: NodeListOf<ItemChunk>;
  @queryAll("carillon-notification-item") private itemElements!: NodeListOf<NotificationItem>;

  private readonly place = new ReadingPlace();
  private shown: readonly Item[] = [];
  private waiting = 0;
  private days: readonly Day[] = [];
  private arrivedAfter = Infinity;
  private selectedKey: string | null = null;
  private focused: Element | null = null;
  private focusedIndex = -1;
  private ticking: ReturnType<typeof setInterval> | null = null;
  private nearby: IntersectionObserver | null = null;
  private bottom: IntersectionObserver | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.ticking = setInterval(() => (this.now = Date.now()), REFRESH_TIMES_MS);
    this.nearby = new IntersectionObserver((seen) => this.sawChunks(seen), {
      rootMargin: NEAR,
    });
    this.bottom = new IntersectionObserver((seen) => this.sawBottom(seen), {
      rootMargin: NEAR,
    });
    document.addEventListener("keydown", this.pressedKey);
    globalThis.addEventListener("scroll", this.scrolled, { passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.ticking !== null) clearInterval(this.ticking);
    this.nearby?.disconnect();
    this.bottom?.disconnect();
    document.removeEventListener("keydown", this.pressedKey);
    globalThis.removeEventListener("scroll", this.scrolled);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (Date.now() - this.now > TIMES_HOLD_MS) this.now = Date.now();
    const before = changed.get("inbox");
    const isOther = before !== undefined && !isSameFilter(before.filter, this.inbox.filter);
    if (isOther) this.place.reset();
    this.rememberFocus();
    this.choose(isOther);
  }

  protected override updated(): void {
    for (const chunk of this.chunkElements) this.nearby?.observe(chunk);
    const end = this.renderRoot.querySelector(".older");
    // Seen again after each page, for the end may still be in the window.
    this.bottom?.disconnect();
    if (end !== null && !this.isLoadingOlder) this.bottom?.observe(end);
    void this.keepFocus();
  }

  protected override render() {
    const { inbox } = this;
    const say = words();
    return html`
      <section aria-labelledby="heading" aria-busy=${this.isBusy}>
        <header>
          <h2 id="heading" tabindex="-1">
            ${say.inbox} <span class="unread">${say.unread(inbox.unread)}</span>
          </h2>
          <button class="quiet" ?hidden=${!this.canMarkAll} @click=${this.markAllRead}>
            ${icon("check")}${say.markAllRead}
          </button>
        </header>
        <carillon-inbox-toolbar
          .filter=${inbox.filter}
          .kinds=${[...this.kinds].sort()}
        ></carillon-inbox-toolbar>
        ${this.staleness === "" ? nothing : this.renderStaleness()}
        <p class="problem" role="alert" ?hidden=${!inbox.isLoaded || this.problem === ""}>
          ${this.problem}
        </p>
        <div class="pill-place" role="status">
          ${this.waiting > 0 ? this.renderPill() : nothing}
        </div>
        ${this.shown.length > 0 ? this.renderDays() : this.renderEmpty()} ${this.renderEnd()}
      </section>
    `;
  }

  private get canMarkAll(): boolean {
    const { filter, unread } = this.inbox;
    return unread > 0 && filter.state !== "archived" && !isNarrowed(filter);
  }

  /** Decide what is drawn now and what waits above. */
  private choose(isOther: boolean): void {
    const items = visibleItems(this.inbox);
    const newest = items[0]?.seq ?? 0;
    const newestBefore = this.shown[0]?.seq ?? Infinity;
    this.place.update(newest, this.isReading);
    const { heldAt } = this.place;
    this.shown = heldAt === null ? items : items.filter(({ seq }) => seq <= heldAt);
    this.waiting = items.length - this.shown.length;
    const arrived = isOther ? 0 : this.shown.findIndex(({ seq }) => seq <= newestBefore);
    const slides = arrived > 0 && arrived <= SLIDING_AT_MOST;
    if (arrived !== 0) this.arrivedAfter = slides ? newestBefore : Infinity;
    this.days = grouped(this.shown, this.days);
  }

  private get isReading(): boolean {
    if (this.place.isScrolled) return true;
    return [...this.itemElements].some((item) => item.isBeingRead);
  }

  private renderStaleness() {
    const say = words();
    const isPolling = this.staleness === "polling";
    const title = isPolling ? say.pollingTitle : say.lostTitle;
    const text = isPolling ? say.pollingText : say.lostText;
    return html`<div class="offline card">
      ${icon("offline")}
      <p><strong>${title}.</strong> ${text}</p>
    </div>`;
  }

  private renderPill() {
    const say = words();
    return html`<button class="pill primary" @click=${this.showNew}>
      ${icon("up")} ${say.newOnes(this.waiting)}
      <span class="visually-hidden">. ${say.showNewOnes}</span>
    </button>`;
  }

  private renderDays() {
    const now = this.now + this.clockOffsetMs;
    let order = 0;
    return repeat(
      this.days,
      ({ day }) => day,
      ({ day, chunks }) =>
        html`<div class="day" role="group" aria-labelledby="day-${day}">
          <h3 id="day-${day}">${dayHeading(day, now)}</h3>
          <div class="card">
            ${repeat(
              chunks,
              ({ id }) => id,
              (chunk) =>
                html`<carillon-item-chunk
                  .chunk=${chunk}
                  .order=${order++}
                  .now=${now}
                  .arrivedAfter=${this.arrivedAfter}
                ></carillon-item-chunk>`,
            )}
          </div>
        </div>`,
    );
  }

  private renderEmpty() {
    return html`<carillon-inbox-state
      .filter=${this.inbox.filter}
      .isLoaded=${this.inbox.isLoaded}
      .problem=${this.problem}
    ></carillon-inbox-state>`;
  }

  private renderEnd() {
    const say = words();
    if (this.inbox.hasOlder) {
      return html`<p class="older">
        <button
          ?disabled=${this.isLoadingOlder}
          @click=${() => this.tell("carillon-load-older")}
        >
          ${this.isLoadingOlder ? say.loadingOlder : say.loadOlder}
        </button>
      </p>`;
    }
    return this.shown.length > 10 ? html`<p class="older muted small">${say.end}</p>` : nothing;
  }

  private sawChunks(seen: IntersectionObserverEntry[]): void {
    const near = new Map(seen.map((each) => [each.target, each.isIntersecting]));
    const focused = this.shadowRoot?.activeElement ?? null;
    for (const chunk of this.chunkElements) {
      const isNear = near.get(chunk);
      // Drawing nothing would take the focus away.
      if (isNear !== undefined) chunk.far = !isNear && !chunk.contains(focused);
    }
  }

  private sawBottom(seen: IntersectionObserverEntry[]): void {
    if (seen.some(({ isIntersecting }) => isIntersecting)) this.tell("carillon-load-older");
  }

  private readonly scrolled = (): void => {
    if (this.waiting > 0 && !this.place.isScrolled) this.requestUpdate();
  };

  private markAllRead(): void {
    const upTo = this.shown[0]?.seq;
    if (upTo !== undefined) this.tell("carillon-read-all", { upTo });
  }

  private showNew(): void {
    globalThis.scrollTo({ top: 0 });
    (this.shadowRoot?.activeElement as HTMLElement | null)?.blur();
    this.heading.focus({ preventScroll: true });
    this.selectedKey = null;
    for (const item of this.itemElements) item.fold();
    this.place.release();
    this.requestUpdate();
  }

  private rememberFocus(): void {
    this.focused = this.shadowRoot?.activeElement ?? null;
    const key = (this.focused as HTMLElement | null)?.dataset["key"];
    this.focusedIndex = this.shown.findIndex((item) => item.key === key);
  }

  /** What had the focus may be gone; without this the keyboard would start at the top. */
  private async keepFocus(): Promise<void> {
    const { focused, focusedIndex } = this;
    await Promise.all([...this.chunkElements].map((chunk) => chunk.updateComplete));
    if (!(focused instanceof HTMLElement) || (focused.isConnected && !focused.hidden)) return;
    const next = this.shown[Math.min(focusedIndex, this.shown.length - 1)];
    if (focusedIndex < 0 || next === undefined) this.heading.focus();
    else this.select(next.key);
  }

  private readonly pressedKey = (event: KeyboardEvent): void => {
    const command = commandOf(event);
    if (command === null) return;
    event.preventDefault();
    this.obey(command);
  };

  private obey(command: KeyCommand): void {
    const selected = this.shown.find(({ key }) => key === this.currentKey);
    switch (command) {
      case "next":
        return this.move(1);
      case "previous":
        return this.move(-1);
      case "archive":
        return this.act(selected, selected?.state === "archived" ? "unarchive" : "archive");
      case "unread":
        return this.act(selected, selected?.state === "unread" ? "read" : "unread");
      case "new":
        return this.showNew();
      case "search":
        return this.toolbar.focusSearch();
      case "help":
        return this.tell("carillon-help");
    }
  }

  private act(item: Item | undefined, action: string): void {
    if (item !== undefined) this.tell("carillon-action", { key: item.key, action });
  }

  private get currentKey(): string | null {
    const focused = this.shadowRoot?.activeElement as HTMLElement | null;
    return focused?.dataset["key"] ?? this.selectedKey;
  }

  private move(step: number): void {
    const at = this.shown.findIndex(({ key }) => key === this.currentKey);
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), this.shown.length - 1);
    const item = this.shown[next];
    if (item !== undefined) this.select(item.key);
  }

  private select(key: string): void {
    this.selectedKey = key;
    [...this.itemElements].find((item) => item.dataset["key"] === key)?.select();
  }
}
