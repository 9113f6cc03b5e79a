/** One notification of the inbox. Everything in it is bound as text, never as markup. */

import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { InboxAction } from "../../client";
import { exactTime, relativeTime, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { copyText } from "../copy-text";
import { headlineOf, safeLink, severityWord, unfolds } from "../format";
import { icon, type IconName } from "../icons";
import type { Item } from "../store";
import { PageElement } from "./page-element";
import "./json-tree";

export interface ActionDetail {
  key: string;
  action: InboxAction;
}

@customElement("carillon-notification-item")
export class NotificationItem extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      article {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 0.875rem;
        padding: 0.9375rem 1.125rem;
        scroll-margin: 9rem 0 2rem;
      }

      article:focus-visible {
        border-radius: var(--radius-small);
        outline-offset: -3px;
      }

      .info {
        --tone: var(--info);
        --tint: var(--info-tint);
      }

      .warning {
        --tone: var(--warning);
        --tint: var(--warning-tint);
      }

      .critical {
        --tone: var(--critical);
        --tint: var(--critical-tint);
      }

      .mark {
        position: relative;
        display: grid;
        place-items: center;
        width: 2.375rem;
        height: 2.375rem;
        border-radius: 0.75rem;
        background: var(--tint);
        color: var(--tone);
      }

      .read .mark,
      .archived .mark {
        background: var(--raised);
      }

      .dot {
        position: absolute;
        top: -0.1875rem;
        left: -0.1875rem;
        width: 0.75rem;
        height: 0.75rem;
        border: 2px solid var(--surface);
        border-radius: 50%;
        background: var(--accent);
      }

      .top {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 0.625rem;
        min-height: 1.5rem;
        color: var(--muted);
        font-size: 0.8125rem;
      }

      .severity {
        color: var(--tone);
        font-weight: 600;
      }

      .kind {
        max-width: 12rem;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }

      .actions {
        display: flex;
        gap: 0.125rem;
        margin: -0.375rem -0.5rem -0.375rem auto;
      }

      .what {
        min-width: 0;
      }

      h4 {
        color: var(--muted);
        font-size: 1rem;
        font-weight: 500;
        line-height: 1.4;
      }

      .unread h4 {
        color: var(--text);
        font-weight: 650;
      }

      h4,
      .body,
      .address {
        overflow-wrap: anywhere;
        unicode-bidi: isolate;
      }

      .body {
        margin-top: 0.125rem;
        color: var(--muted);
        white-space: pre-line;
      }

      .unread .body {
        color: var(--text);
      }

      .address {
        margin-top: 0.375rem;
        font-size: 0.875rem;
      }

      .address a {
        display: inline-flex;
        align-items: center;
        gap: 0.375rem;
      }

      .address svg {
        width: 1rem;
        height: 1rem;
      }

      .payload {
        margin-top: 0.375rem;
        font-size: 0.875rem;
      }

      .payload > summary {
        width: fit-content;
        border-radius: 0.25rem;
        color: var(--muted);
        cursor: pointer;
      }

      .payload > summary:hover {
        color: var(--text);
      }

      .tree {
        display: grid;
        gap: 0.625rem;
        margin-top: 0.5rem;
        padding: 0.75rem;
        border-radius: var(--radius-small);
        background: var(--background);
      }

      .tree button {
        justify-self: start;
      }

      @media (max-width: 36rem) {
        article {
          padding: 0.875rem;
          gap: 0 0.75rem;
        }

        .kind {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) item!: Item;
  /** The server's time, in milliseconds. */
  @property({ attribute: false }) now = Date.now();
  @state() private isUnfolded = false;
  @state() private isCopied = false;

  /** Whether a person reads in it, so that it must stay where it is. */
  get isBeingRead(): boolean {
    return this.isUnfolded || this.renderRoot.querySelector(":focus-visible") !== null;
  }

  protected override render() {
    const { item } = this;
    const say = words();
    const isUnread = item.state === "unread";
    return html`
      <article
        class="${item.severity} ${item.state}"
        aria-labelledby="headline"
        tabindex="-1"
        @keydown=${this.pressedKey}
      >
        <div class="mark">
          ${icon(item.severity)}${isUnread ? html`<span class="dot"></span>` : nothing}
        </div>
        <div class="what">
          <div class="top">
            <span class="severity">${severityWord(item.severity)}</span>
            ${isUnread ? html`<span class="visually-hidden">${say.unreadMark}</span>` : nothing}
            ${item.kind === "message" ? nothing : html`<bdi class="kind">${item.kind}</bdi>`}
            <time datetime=${item.createdAt} title=${exactTime(item.createdAt)}>
              ${relativeTime(item.createdAt, this.now)}
            </time>
            <div class="actions">${this.renderActions(isUnread)}</div>
          </div>
          <h4 id="headline" dir="auto">${item.title || headlineOf(item.payload)}</h4>
          ${item.body === "" ? nothing : html`<p class="body" dir="auto">${item.body}</p>`}
          ${this.renderLink()} ${this.renderPayload()}
        </div>
      </article>
    `;
  }

  /** For the keyboard: this one is meant now. */
  select(): void {
    const article = this.renderRoot.querySelector("article");
    article?.focus({ preventScroll: true });
    article?.scrollIntoView({ block: "nearest" });
  }

  fold(): void {
    this.isUnfolded = false;
  }

  private renderActions(isUnread: boolean) {
    const say = words();
    const isArchived = this.item.state === "archived";
    return html`
      ${
        isArchived
          ? nothing
          : this.renderAction(
              isUnread ? "read" : "unread",
              isUnread ? say.markRead : say.markUnread,
            )
      }
      ${
        isArchived
          ? this.renderAction("unarchive", say.unarchive)
          : this.renderAction("archive", say.archive)
      }
    `;
  }

  private renderAction(action: InboxAction & IconName, label: string) {
    return html`<button
      class="icon"
      aria-label=${label}
      title=${label}
      @click=${() => this.ask(action)}
    >
      ${icon(action)}
    </button>`;
  }

  private renderLink() {
    const { url } = this.item;
    if (url === "") return nothing;
    const href = safeLink(url, document.baseURI);
    if (href === null) return html`<p class="address"><bdi>${url}</bdi></p>`;
    return html`<p class="address">
      <a href=${href} rel="noopener noreferrer" @click=${this.markRead}>
        ${icon("link")}<bdi>${url}</bdi>
      </a>
    </p>`;
  }

  private renderPayload() {
    const { payload } = this.item;
    if (!unfolds(payload)) return nothing;
    const say = words();
    const isBranch = typeof payload === "object" && payload !== null;
    const count = isBranch ? Object.keys(payload).length : 0;
    return html`
      <details class="payload" ?open=${this.isUnfolded} @toggle=${this.toggled}>
        <summary>${isBranch ? say.payloadOf(count) : say.payload}</summary>
        ${this.isUnfolded ? this.renderTree() : nothing}
      </details>
    `;
  }

  private renderTree() {
    const say = words();
    return html`<div class="tree">
      <carillon-json-tree .value=${this.item.payload}></carillon-json-tree>
      <button class="quiet" @click=${this.copy}>
        ${icon(this.isCopied ? "check" : "copy")}${this.isCopied ? say.copied : say.copyPayload}
      </button>
    </div>`;
  }

  private toggled(event: Event): void {
    const details = event.target as HTMLDetailsElement;
    if (!details.classList.contains("payload")) return;
    this.isUnfolded = details.open;
    this.tell("carillon-reading");
  }

  private async copy(): Promise<void> {
    this.isCopied = await copyText(JSON.stringify(this.item.payload, null, 2));
  }

  /** Enter on the notification itself, not on something inside. */
  private pressedKey(event: KeyboardEvent): void {
    const isItself = event.target === event.currentTarget;
    if (!isItself || event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.markRead();
    if (unfolds(this.item.payload)) this.isUnfolded = !this.isUnfolded;
  }

  private markRead(): void {
    if (this.item.state === "unread") this.ask("read");
  }

  private ask(action: InboxAction): void {
    this.tell("carillon-action", { key: this.item.key, action } satisfies ActionDetail);
  }
}
