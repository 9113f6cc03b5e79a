/** One notification of the inbox. Everything in it is bound as text, never as markup. */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { InboxAction } from "../../client";
import {
  exactTime,
  headlineOf,
  payloadDetails,
  relativeTime,
  safeLink,
  SEVERITIES,
} from "../format";
import { sharedStyles } from "../shared-styles";
import type { Item } from "../store";

export interface ActionDetail {
  key: string;
  action: InboxAction;
}

@customElement("carillon-notification-item")
export class NotificationItem extends LitElement {
  static override styles = [
    sharedStyles,
    css`
      article {
        display: grid;
        gap: 0.375rem;
        padding: 0.875rem 1rem;
        border: 1px solid var(--border);
        border-left: 0.375rem solid var(--tone);
        border-radius: 0.625rem;
        background: var(--surface);
      }

      .info {
        --tone: var(--info);
      }

      .warning {
        --tone: var(--warning);
      }

      .critical {
        --tone: var(--critical);
      }

      .meta,
      .actions {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.375rem 0.75rem;
        color: var(--muted);
        font-size: 0.875rem;
      }

      .severity {
        color: var(--tone);
        font-weight: 600;
      }

      .unread-mark {
        padding: 0 0.5rem;
        border-radius: 1rem;
        background: var(--accent);
        color: var(--on-accent);
        font-size: 0.75rem;
        font-weight: 600;
      }

      h3 {
        font-size: 1rem;
        font-weight: 500;
      }

      .unread h3 {
        font-weight: 700;
      }

      h3,
      .body,
      .address {
        overflow-wrap: anywhere;
        unicode-bidi: isolate;
      }

      .body {
        white-space: pre-line;
      }

      details {
        color: var(--muted);
        font-size: 0.875rem;
      }

      pre {
        color: var(--text);
      }
    `,
  ];

  @property({ attribute: false }) item!: Item;
  /** The server's time, in milliseconds. */
  @property({ attribute: false }) now = Date.now();

  protected override render() {
    const { item } = this;
    const severity = SEVERITIES[item.severity];
    const isUnread = item.state === "unread";
    return html`
      <article class="${item.severity} ${item.state}" aria-labelledby="headline">
        <div class="meta">
          <span class="severity">
            <span aria-hidden="true">${severity.icon}</span> ${severity.word}
          </span>
          ${isUnread ? html`<span class="unread-mark">Unread</span>` : nothing}
          <time datetime=${item.createdAt} title=${exactTime(item.createdAt)}>
            ${relativeTime(item.createdAt, this.now)}
          </time>
        </div>
        <h3 id="headline" dir="auto">${item.title || headlineOf(item.payload)}</h3>
        ${item.body === "" ? nothing : html`<p class="body" dir="auto">${item.body}</p>`}
        ${this.renderLink()} ${this.renderPayload()}
        <div class="actions">
          <button class="quiet" @click=${() => this.ask(isUnread ? "read" : "unread")}>
            ${isUnread ? "Mark read" : "Mark unread"}
          </button>
          <button class="quiet" @click=${() => this.ask("archive")}>Archive</button>
        </div>
      </article>
    `;
  }

  /** Take over from a neighbour that is gone. */
  takeFocus(): void {
    this.renderRoot.querySelector("button")?.focus();
  }

  private renderLink() {
    const { url } = this.item;
    if (url === "") return nothing;
    const href = safeLink(url, document.baseURI);
    if (href === null) return html`<p class="address">${url}</p>`;
    return html`<p class="address"><a href=${href} rel="noopener noreferrer">${url}</a></p>`;
  }

  private renderPayload() {
    const details = payloadDetails(this.item.payload);
    if (details === null) return nothing;
    return html`
      <details>
        <summary>Payload</summary>
        <pre tabindex="0" aria-label="Payload">${details}</pre>
      </details>
    `;
  }

  private ask(action: InboxAction): void {
    const detail: ActionDetail = { key: this.item.key, action };
    this.dispatchEvent(
      new CustomEvent("carillon-action", { detail, bubbles: true, composed: true }),
    );
  }
}
