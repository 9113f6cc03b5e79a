/** The inbox: its heading with the unread count, and its notifications, newest first. */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, queryAll, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { sharedStyles } from "../shared-styles";
import { emptyInbox, type Inbox, visibleItems } from "../store";
import type { NotificationItem } from "./notification-item";
import "./notification-item";

const REFRESH_TIMES_MS = 20_000;

@customElement("carillon-inbox-list")
export class InboxList extends LitElement {
  static override styles = [
    sharedStyles,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0.5rem 1rem;
        margin-bottom: 0.75rem;
      }

      h2 {
        font-size: 1.25rem;
      }

      ol {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.625rem;
        list-style: none;
      }

      .empty {
        padding: 2rem 1rem;
        color: var(--muted);
        text-align: center;
      }

      .older {
        margin-top: 1rem;
        text-align: center;
      }
    `,
  ];

  @property({ attribute: false }) inbox: Inbox = emptyInbox;
  @property({ attribute: false }) isBusy = false;
  @property({ attribute: false }) problem = "";
  @property({ attribute: false }) clockOffsetMs = 0;
  @state() private now = Date.now();
  @query("h2") private heading!: HTMLElement;
  @queryAll("carillon-notification-item") private itemElements!: NodeListOf<NotificationItem>;
  private ticking: ReturnType<typeof setInterval> | null = null;
  private focused: Element | null = null;
  private focusedPlace = -1;

  override connectedCallback(): void {
    super.connectedCallback();
    this.ticking = setInterval(() => (this.now = Date.now()), REFRESH_TIMES_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.ticking !== null) clearInterval(this.ticking);
  }

  protected override willUpdate(): void {
    this.now = Date.now();
    this.focused = this.shadowRoot?.activeElement ?? null;
    this.focusedPlace = [...this.itemElements].findIndex((item) => item === this.focused);
  }

  protected override updated(): void {
    this.keepFocus();
  }

  protected override render() {
    const { inbox } = this;
    const items = visibleItems(inbox);
    return html`
      <section aria-labelledby="heading" aria-busy=${this.isBusy}>
        <header>
          <h2 id="heading" tabindex="-1">
            Inbox <span class="count">(${inbox.unread} unread)</span>
          </h2>
          <button ?hidden=${inbox.unread === 0} @click=${() => this.ask("carillon-read-all")}>
            Mark all read
          </button>
        </header>
        <p class="problem" role="alert">${this.problem}</p>
        ${items.length > 0 ? this.renderItems() : this.renderEmpty()}
        ${inbox.hasOlder ? this.renderOlder() : nothing}
      </section>
    `;
  }

  /** What had the focus may be gone; without this the keyboard would start at the top. */
  private keepFocus(): void {
    const { focused } = this;
    if (!(focused instanceof HTMLElement) || (focused.isConnected && !focused.hidden)) return;
    const wasItem = this.focusedPlace >= 0;
    const place = Math.min(this.focusedPlace, this.itemElements.length - 1);
    const next = wasItem ? this.itemElements[place] : undefined;
    if (next === undefined) this.heading.focus();
    else next.takeFocus();
  }

  private renderItems() {
    const now = this.now + this.clockOffsetMs;
    return html`<ol>
      ${repeat(
        visibleItems(this.inbox),
        ({ key }) => key,
        (item) =>
          html`<li>
            <carillon-notification-item
              data-key=${item.key}
              .item=${item}
              .now=${now}
            ></carillon-notification-item>
          </li>`,
      )}
    </ol>`;
  }

  private renderEmpty() {
    const words = this.inbox.isLoaded
      ? "Nothing here yet. New notifications appear by themselves."
      : "Loading…";
    return html`<p class="empty">${words}</p>`;
  }

  private renderOlder() {
    return html`<p class="older">
      <button @click=${() => this.ask("carillon-load-older")}>Load older</button>
    </p>`;
  }

  private ask(name: string): void {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true }));
  }
}
