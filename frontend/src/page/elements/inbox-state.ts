/** What stands in place of the list while there is nothing in it, and why. */

import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { type Filter, isNarrowed, noFilter } from "../filter";
import { icon, type IconName } from "../icons";
import { PageElement } from "./page-element";

interface Said {
  drawing: IconName;
  title: string;
  text: string;
}

@customElement("carillon-inbox-state")
export class InboxState extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      .empty {
        display: grid;
        justify-items: center;
        gap: 0.375rem;
        padding: 4rem 1.5rem;
        text-align: center;
      }

      .drawing {
        display: grid;
        place-items: center;
        width: 4.5rem;
        height: 4.5rem;
        margin-bottom: 0.875rem;
        border-radius: 1.5rem;
        background: var(--accent-tint);
        color: var(--accent);
      }

      .failed .drawing {
        background: var(--critical-tint);
        color: var(--critical);
      }

      .drawing svg {
        width: 2.25rem;
        height: 2.25rem;
      }

      h3 {
        font-size: 1.125rem;
        font-weight: 650;
      }

      p {
        max-width: 26rem;
        color: var(--muted);
      }

      button {
        margin-top: 0.875rem;
      }

      .bone {
        display: grid;
        grid-template-columns: 2.375rem 1fr;
        gap: 0.875rem;
        padding: 1rem 1.125rem;
      }

      .bone + .bone {
        border-top: 1px solid var(--border);
      }

      .bone span {
        border-radius: 0.5rem;
        background: var(--raised);
        animation: breathe 1.6s ease-in-out infinite alternate;
      }

      .bone span:first-child {
        grid-row: span 2;
        height: 2.375rem;
        border-radius: 0.75rem;
      }

      .bone span:nth-child(2) {
        width: 40%;
        height: 0.75rem;
      }

      .bone span:nth-child(3) {
        width: 75%;
        height: 1rem;
      }

      @keyframes breathe {
        to {
          opacity: 0.45;
        }
      }
    `,
  ];

  @property({ attribute: false }) filter: Filter = noFilter;
  @property({ attribute: false }) isLoaded = false;
  @property({ attribute: false }) problem = "";

  protected override render() {
    if (!this.isLoaded && this.problem === "") return this.renderBones();
    const { drawing, title, text } = this.said();
    const isFailed = !this.isLoaded;
    return html`<div class="empty card ${isFailed ? "failed" : ""}">
      <div class="drawing">${icon(drawing)}</div>
      <h3>${title}</h3>
      <p>${text}</p>
      ${isFailed ? this.renderButton(words().retry, "carillon-reload") : nothing}
      ${
        !isFailed && isNarrowed(this.filter)
          ? this.renderButton(words().clearFilters, "carillon-filter", {
              ...noFilter,
              state: this.filter.state,
            })
          : nothing
      }
    </div>`;
  }

  private renderButton(label: string, asks: `carillon-${string}`, detail?: unknown) {
    return html`<button @click=${() => this.tell(asks, detail)}>${label}</button>`;
  }

  private renderBones() {
    return html`<div class="card">
      <p class="visually-hidden" role="status">${words().loading}</p>
      ${[1, 2, 3].map(
        () =>
          html`<div class="bone" aria-hidden="true">
            <span></span><span></span><span></span>
          </div>`,
      )}
    </div>`;
  }

  private said(): Said {
    const say = words();
    if (!this.isLoaded) {
      return { drawing: "offline", title: say.failedTitle, text: this.problem };
    }
    if (isNarrowed(this.filter)) {
      return { drawing: "search", title: say.emptySearchTitle, text: say.emptySearchText };
    }
    if (this.filter.state === "unread") {
      return { drawing: "check", title: say.emptyUnreadTitle, text: say.emptyUnreadText };
    }
    if (this.filter.state === "archived") {
      return { drawing: "archive", title: say.emptyArchiveTitle, text: say.emptyArchiveText };
    }
    return { drawing: "bell", title: say.emptyTitle, text: say.emptyText };
  }
}
