/** Mailings as bars that move: what runs, waits, or has just ended. */

import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import type { MailingProgress } from "../../client";
import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { PageElement } from "./page-element";

@customElement("carillon-mailing-list")
export class MailingList extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      section {
        display: grid;
        gap: 0.625rem;
        margin-bottom: 1.75rem;
      }

      h2 {
        font-size: 1.25rem;
        font-weight: 650;
        letter-spacing: -0.01em;
      }

      ul {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.625rem;
      }

      li {
        display: grid;
        gap: 0.5rem;
        padding: 0.75rem 0.875rem;
      }

      .top {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 0.75rem;
      }

      h3 {
        overflow: hidden;
        font-size: 0.9375rem;
        font-weight: 600;
        text-overflow: ellipsis;
        white-space: nowrap;
      }

      progress {
        width: 100%;
        height: 0.625rem;
        accent-color: var(--accent);
      }

      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 0.125rem 1rem;
        color: var(--muted);
        font-size: 0.8125rem;
        font-variant-numeric: tabular-nums;
      }

      .status {
        flex: none;
        color: var(--muted);
        font-size: 0.8125rem;
      }
    `,
  ];

  @property({ attribute: false }) mailings: readonly MailingProgress[] = [];

  protected override render() {
    return html`<section aria-labelledby="title">
      <h2 id="title">${words().mailings}</h2>
      <ul role="list">
        ${repeat(
          this.mailings,
          ({ mailing }) => mailing,
          (each) => this.renderMailing(each),
        )}
      </ul>
    </section>`;
  }

  private renderMailing(each: MailingProgress) {
    const say = words();
    const ended = each.total - each.waiting;
    return html`<li class="card" data-mailing=${each.mailing}>
      <div class="top">
        <h3>${each.title}</h3>
        ${
          each.status === "draft"
            ? html`<button
                class="primary"
                aria-label=${say.mailingStartOf(each.title)}
                @click=${() => this.tell("carillon-mailing-start", each.mailing)}
              >
                ${say.mailingStart}
              </button>`
            : html`<span class="status">${say.mailingStatus(each.status)}</span>`
        }
      </div>
      ${
        each.total > 0
          ? html`<progress
              aria-label=${say.mailingProgress(each.title)}
              max=${each.total}
              .value=${ended}
            ></progress>`
          : nothing
      }
      ${this.renderFacts(each)}
      ${each.reason === "" ? nothing : html`<p class="bad">${each.reason}</p>`}
    </li>`;
  }

  private renderFacts(each: MailingProgress) {
    if (each.total === 0) return nothing;
    const say = words();
    const facts = [say.mailingSent(each.sent, each.total)];
    if (each.failed > 0) facts.push(say.mailingFailed(each.failed));
    if (each.expired > 0) facts.push(say.mailingExpired(each.expired));
    if (each.unknown > 0) facts.push(say.mailingUnknown(each.unknown));
    if (each.cancelled > 0) facts.push(say.mailingCancelled(each.cancelled));
    if (each.status === "running") {
      facts.push(say.mailingRate(each.rate));
      if (each.eta_seconds !== null) facts.push(say.mailingLeft(duration(each.eta_seconds)));
    }
    return html`<p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}</p>`;
  }
}

/** Hours, minutes and seconds, as 1:02:03 or 2:03. */
function duration(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = two(Math.floor(seconds % 60));
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
