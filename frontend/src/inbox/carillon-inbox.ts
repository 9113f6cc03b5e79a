/** <carillon-inbox>: a bell and a panel for any page (docs/embedding.md). */

import type { InboxAction, NotificationFrame, TicketSource } from "../client";
import { BELL, CROSS, element, icon, setText } from "./dom";
import { fit } from "./fit";
import { headlineOf } from "./format";
import { ItemView } from "./item-view";
import type { Item } from "./model";
import { SharedInbox, type View } from "./shared-inbox";
import { STYLES } from "./styles";
import { UndoLine } from "./undo-line";
import { describeStatus, type Words, wordsFor } from "./words";

const TIMES_EVERY_MS = 30_000;
const MOST_SHOWN = 99;
/** Where this module came from is where the server is, unless somebody says otherwise. */
const HOME = new URL(import.meta.url).origin;

let styleSheet: CSSStyleSheet | null = null;

/** One sheet for all elements; no policy forbids what is no style element. */
function sharedStyleSheet(): CSSStyleSheet {
  if (styleSheet === null) {
    styleSheet = new CSSStyleSheet();
    styleSheet.replaceSync(STYLES);
  }
  return styleSheet;
}

export class CarillonInbox extends HTMLElement implements View {
  static readonly observedAttributes = ["server", "ticket-url", "lang"];

  private readonly badge = element("span", { class: "badge", part: "badge" });
  private readonly bell = element("button", {
    type: "button",
    class: "bell",
    part: "bell",
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
    "aria-controls": "panel",
  });
  private readonly heading = element("h2", { id: "heading", part: "heading" });
  private readonly markAll = element("button", { type: "button", part: "action" });
  private readonly closeButton = element("button", { type: "button", part: "action" });
  private readonly status = element("p", { class: "status", part: "status", role: "status" });
  private readonly noticeText = element("span");
  private readonly retryButton = element("button", { type: "button", part: "action" });
  private readonly notice = element("p", { class: "notice", part: "notice", role: "alert" });
  private readonly undoLine = new UndoLine({
    words: () => this.speech().words,
    restore: (item) => this.restore(item),
  });
  private readonly list = element("ul", { part: "list" });
  private readonly empty = element("p", { class: "empty", part: "empty" });
  private readonly older = element("button", {
    type: "button",
    class: "older",
    part: "action",
  });
  private readonly panel = element("section", {
    id: "panel",
    class: "panel",
    part: "panel",
    role: "dialog",
    tabindex: "-1",
    "aria-labelledby": "heading",
  });
  private readonly politely = element("div", { class: "heard", role: "status" });
  private readonly urgently = element("div", { class: "heard", role: "alert" });

  private readonly views = new Map<string, ItemView>();
  private shared: SharedInbox | null = null;
  private ticketSource: TicketSource | null = null;
  private toldUnread: number | null = null;
  private clock: ReturnType<typeof setInterval> | null = null;

  constructor() {
    super();
    this.build();
    this.listen();
  }

  /** A function that gives tickets, in place of the attribute ticket-url. */
  get ticket(): TicketSource | null {
    return this.ticketSource;
  }

  set ticket(source: TicketSource | null) {
    this.ticketSource = source;
    this.rejoin();
  }

  get unread(): number {
    return this.shared?.inbox.unread ?? 0;
  }

  get isOpen(): boolean {
    return !this.panel.hidden;
  }

  connectedCallback(): void {
    // A property that was set before this module was there.
    if (Object.hasOwn(this, "ticket")) {
      const { ticket } = this;
      Reflect.deleteProperty(this, "ticket");
      this.ticketSource = ticket;
    }
    this.rejoin();
  }

  disconnectedCallback(): void {
    this.close();
    this.leave();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    if (name === "lang") this.update();
    else this.rejoin();
  }

  open(): void {
    if (this.isOpen) return;
    this.panel.hidden = false;
    this.bell.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", this.pressedSomewhere);
    this.clock = setInterval(() => this.update(), TIMES_EVERY_MS);
    this.update();
    fit(this.panel, this.bell, this.getAttribute("placement")?.startsWith("top") === true);
    this.panel.focus();
    this.tell("open", {});
  }

  close(): void {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    this.undoLine.forget();
    this.bell.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", this.pressedSomewhere);
    if (this.clock !== null) clearInterval(this.clock);
    this.tell("close", {});
  }

  /** Close as the keyboard does: the focus goes back to where it came from. */
  private leavePanel(): void {
    this.close();
    this.bell.focus();
  }

  update(): void {
    const { language, words } = this.speech();
    for (const part of [this.bell, this.panel, this.politely, this.urgently]) {
      part.lang = language;
    }
    this.showBell(words);
    this.showConnection(words);
    if (this.isOpen) this.showItems(words);
    this.tellUnread();
  }

  arrived(frame: NotificationFrame, isFirst: boolean): void {
    this.tell("notification", frame);
    if (!isFirst) return;
    const { words } = this.speech();
    const headline = headlineOf({ title: frame.title, payload: frame.value });
    const place = frame.severity === "critical" ? this.urgently : this.politely;
    place.textContent = words.arrived(words.severities[frame.severity], headline);
  }

  private rejoin(): void {
    this.leave();
    if (!this.isConnected) return;
    const server = new URL(this.getAttribute("server") ?? HOME, document.baseURI).origin;
    const ticketUrl = this.getAttribute("ticket-url");
    const hasTickets = ticketUrl !== null || this.ticketSource !== null;
    // The cookie of a session does not travel to another origin.
    if (hasTickets || server === location.origin) {
      const source = {
        server,
        ticketUrl: this.ticketSource === null ? ticketUrl : null,
        ticket: this.ticketSource,
      };
      this.shared = SharedInbox.join(source, this);
    }
    this.update();
  }

  private leave(): void {
    this.shared?.leave(this);
    this.shared = null;
  }

  private speech() {
    const told = this.closest("[lang]")?.getAttribute("lang");
    return wordsFor(told ?? navigator.language);
  }

  private build(): void {
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sharedStyleSheet()];
    this.bell.append(icon(BELL), this.badge);
    this.closeButton.append(icon(CROSS));
    this.notice.append(this.noticeText, " ", this.retryButton);
    this.panel.hidden = true;
    this.panel.append(
      element(
        "div",
        { class: "head", part: "header" },
        this.heading,
        this.markAll,
        this.closeButton,
      ),
      this.status,
      this.notice,
      this.undoLine.root,
      element("div", { class: "scroller" }, this.list, this.empty, this.older),
    );
    root.append(this.bell, this.panel, this.politely, this.urgently);
  }

  private listen(): void {
    this.bell.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    this.closeButton.addEventListener("click", () => this.leavePanel());
    this.retryButton.addEventListener("click", () => this.shared?.retry());
    this.older.addEventListener("click", () => void this.shared?.showOlder());
    this.markAll.addEventListener("click", () => {
      void this.shared?.markAllRead();
      this.panel.focus();
    });
    this.panel.addEventListener("keydown", (event) => this.pressed(event));
    this.panel.addEventListener("focusout", ({ relatedTarget }) => {
      const isOutside = relatedTarget instanceof Node && !this.holds(relatedTarget);
      if (isOutside) this.close();
    });
  }

  private holds(node: Node): boolean {
    return node === this || this.contains(node) || this.shadowRoot?.contains(node) === true;
  }

  private readonly pressedSomewhere = (event: Event): void => {
    if (!event.composedPath().includes(this)) this.close();
  };

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOnItem = (event.target as Element).localName === "article";
    const item = this.focusedView();
    const actions: Record<string, () => unknown> = {
      Escape: () => this.leavePanel(),
      ArrowDown: () => this.moveFocus(1),
      j: () => this.moveFocus(1),
      ArrowUp: () => this.moveFocus(-1),
      k: () => this.moveFocus(-1),
      u: () => item?.askToggle(),
      e: () => item?.askArchive(),
      z: () => this.undoLine.undo(),
      ...(isOnItem ? { Enter: () => item?.enter() } : {}),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  private focusedView(): ItemView | undefined {
    return [...this.views.values()].find(({ isFocused }) => isFocused);
  }

  private moveFocus(by: 1 | -1): void {
    const keys = this.shared?.inbox.items.map(({ key }) => key) ?? [];
    const current = keys.indexOf(this.focusedView()?.item.key ?? "");
    const next = keys[Math.max(0, Math.min(keys.length - 1, current + by))];
    this.views.get(next ?? "")?.focus();
  }

  private showBell(words: Words): void {
    const { unread } = this;
    this.badge.hidden = unread === 0;
    setText(this.badge, unread > MOST_SHOWN ? `${MOST_SHOWN}+` : `${unread}`);
    const label = unread === 0 ? words.title : `${words.title}, ${words.unread(unread)}`;
    this.bell.setAttribute("aria-label", label);
  }

  private showConnection(words: Words): void {
    const { shared } = this;
    const status =
      shared === null
        ? { text: words.misconfigured, isLive: false, isOver: false }
        : describeStatus(shared.status, words);
    setText(this.status, status.text);
    this.status.classList.toggle("live", status.isLive);
    const hasFailed = shared?.hasFailed === true;
    this.notice.hidden = !status.isOver && !hasFailed;
    setText(this.noticeText, hasFailed ? words.refused : "");
    setText(this.retryButton, words.retry);
  }

  private showItems(words: Words): void {
    const inbox = this.shared?.inbox;
    const items = inbox?.items ?? [];
    setText(this.heading, words.title);
    setText(this.markAll, words.markAll);
    this.markAll.hidden = this.unread === 0;
    this.closeButton.setAttribute("aria-label", words.close);
    setText(this.empty, inbox?.isLoaded === true ? words.empty : words.loading);
    this.empty.hidden = items.length > 0;
    setText(this.older, words.older);
    this.undoLine.show();
    this.older.hidden = inbox?.hasOlder !== true;
    this.showList(items);
  }

  /** Put the items in order without touching those that are in their place. */
  private showList(items: readonly Item[]): void {
    const reading = { ...this.speech(), now: Date.now() };
    const focused = this.focusedView();
    const present = new Set(items.map(({ key }) => key));
    for (const [key, view] of this.views) {
      if (present.has(key)) continue;
      view.root.remove();
      this.views.delete(key);
    }
    let next: Element | null = this.list.firstElementChild;
    for (const item of items) {
      const view = this.viewOf(item);
      view.update(item, reading);
      if (view.root === next) next = next.nextElementSibling;
      else this.list.insertBefore(view.root, next);
    }
    if (focused !== undefined && !present.has(focused.item.key)) this.focusAfter(focused.item);
  }

  private viewOf(item: Item): ItemView {
    const known = this.views.get(item.key);
    if (known !== undefined) return known;
    const view = new ItemView(item, {
      followed: (followed) => this.followed(followed),
      asked: (asked, action) => void this.act(asked, action),
    });
    this.views.set(item.key, view);
    return view;
  }

  /** The keyboard stays where it was when an item goes. */
  private focusAfter(gone: Item): void {
    const items = this.shared?.inbox.items ?? [];
    const next = items.find(({ seq }) => seq < gone.seq) ?? items.at(-1);
    if (next === undefined) this.panel.focus();
    else this.views.get(next.key)?.focus();
  }

  private async act(item: Item, action: InboxAction): Promise<void> {
    const isDone = (await this.shared?.act(item.key, action)) === true;
    if (!isDone || action !== "archive" || !this.isOpen) return;
    this.undoLine.offer(item);
    this.politely.textContent = this.undoLine.said;
  }

  private async restore({ key }: Item): Promise<boolean> {
    const isDone = (await this.shared?.restore(key)) === true;
    if (isDone && this.isOpen) this.views.get(key)?.focus();
    return isDone;
  }

  private followed(item: Item): boolean {
    if (item.state === "unread") this.shared?.markReadOnLeaving(item.key);
    return this.tell("activate", item);
  }

  private tellUnread(): void {
    const { unread } = this;
    if (this.shared?.inbox.isLoaded !== true || unread === this.toldUnread) return;
    this.toldUnread = unread;
    this.tell("unread", { unread });
  }

  /** False where a listener prevented the default. */
  private tell(name: string, detail: unknown): boolean {
    const options = { detail, bubbles: true, composed: true, cancelable: true };
    return this.dispatchEvent(new CustomEvent(name, options));
  }
}

if (customElements.get("carillon-inbox") === undefined) {
  customElements.define("carillon-inbox", CarillonInbox);
}
