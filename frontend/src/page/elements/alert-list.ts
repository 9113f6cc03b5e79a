/** The alerts above the inbox: critical first, and never more than leave room for it. */

import { css, html, nothing } from "lit";
import { customElement, property, query, queryAll, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import type { AlertRow } from "../../client";
import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { arranged, countsOf } from "../alerts";
import { icon } from "../icons";
import type { AlertCard } from "./alert-card";
import { PageElement } from "./page-element";
import "./alert-card";

const OPEN_AT_MOST = 2;
const OPEN_WHERE_SMALL = 1;
/** A phone, or a window that is not high. */
const SMALL = "(max-width: 36rem), (max-height: 50rem)";
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** How exact minutes need to be. */
const MINUTES_EVERY_MS = 10_000;

@customElement("carillon-alert-list")
export class AlertList extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.625rem;
        margin-bottom: 1.75rem;
      }

      h2 {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 0.75rem;
        font-size: 1.25rem;
        font-weight: 650;
        letter-spacing: -0.01em;
      }

      h2:focus {
        outline: none;
      }

      h2 .count {
        color: var(--muted);
        font-size: 0.9375rem;
        font-weight: 450;
        letter-spacing: 0;
      }

      ol {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.625rem;
      }

      .rest {
        max-height: 50vh;
        /* Room for the shadows and the ring of the focus, which would be cut off. */
        margin: -0.25rem;
        padding: 0.25rem;
        overflow-y: auto;
        overscroll-behavior: contain;
      }

      .more {
        justify-self: start;
        border-color: transparent;
        background: transparent;
        color: var(--muted);
      }

      .more:hover {
        color: var(--text);
      }

      .more svg {
        width: 1rem;
        height: 1rem;
      }

      .more[aria-expanded="true"] svg {
        transform: rotate(180deg);
      }

      li {
        animation: arrive 0.3s cubic-bezier(0.2, 0.8, 0.2, 1);
      }

      @keyframes arrive {
        from {
          opacity: 0;
          transform: translateY(-0.5rem);
        }
      }
    `,
  ];

  /** What is shown, in its order. */
  @property({ attribute: false }) alerts: readonly AlertRow[] = [];
  @property({ attribute: false }) clockOffsetMs = 0;
  @property({ attribute: false }) zone = "UTC";
  @state() private isUnfolded = false;
  @state() private now = Date.now();
  @query("h2") private heading!: HTMLElement | null;
  @queryAll("carillon-alert-card") private cards!: NodeListOf<AlertCard>;

  private readonly small = globalThis.matchMedia(SMALL);
  private focusedId: string | null = null;
  private ticking: ReturnType<typeof setTimeout> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.small.addEventListener("change", this.sizeChanged);
    document.addEventListener("visibilitychange", this.tick);
    this.tick();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.small.removeEventListener("change", this.sizeChanged);
    document.removeEventListener("visibilitychange", this.tick);
    if (this.ticking !== null) clearTimeout(this.ticking);
  }

  protected override willUpdate(): void {
    this.now = Date.now();
    const focused = this.shadowRoot?.activeElement as HTMLElement | null | undefined;
    this.focusedId = focused?.dataset["alert"] ?? null;
  }

  protected override updated(): void {
    void this.keepFocus();
  }

  protected override render() {
    const { alerts } = this;
    if (alerts.length === 0) return nothing;
    const say = words();
    const { shown, hidden } = arranged(alerts, this.openAtMost);
    const { unread } = countsOf(alerts);
    return html`<section aria-labelledby="heading">
      <h2 id="heading" tabindex="-1">
        ${say.alerts}
        <span class="count">${say.alertsUnread(unread, alerts.length)}</span>
      </h2>
      ${
        shown.length === 0
          ? nothing
          : html`<ol>
              ${this.renderCards(shown)}
            </ol>`
      }
      ${hidden.length === 0 ? nothing : this.renderRest(hidden)}
    </section>`;
  }

  private get openAtMost(): number {
    return this.small.matches ? OPEN_WHERE_SMALL : OPEN_AT_MOST;
  }

  private renderCards(rows: readonly AlertRow[]) {
    return repeat(
      rows,
      ({ id }) => id,
      (row) =>
        html`<li>
          <carillon-alert-card
            data-alert=${row.id}
            .alert=${row}
            .now=${this.now + this.clockOffsetMs}
            .zone=${this.zone}
          ></carillon-alert-card>
        </li>`,
    );
  }

  private renderRest(hidden: readonly AlertRow[]) {
    const say = words();
    const { isUnfolded } = this;
    const label = isUnfolded ? say.fewerAlerts : say.moreAlerts(hidden.length);
    const parts = isUnfolded ? "" : `: ${partsOf(hidden)}`;
    return html`
      <button
        class="more quiet"
        aria-expanded=${isUnfolded}
        aria-controls="rest"
        @click=${() => (this.isUnfolded = !isUnfolded)}
      >
        ${icon("down")}${label}${parts}
      </button>
      <ol id="rest" class="rest" ?hidden=${!isUnfolded}>
        ${isUnfolded ? this.renderCards(hidden) : nothing}
      </ol>
    `;
  }

  /** What had the focus may be gone or folded away; then the next alert has it. */
  private async keepFocus(): Promise<void> {
    const { focusedId } = this;
    await this.updateComplete;
    if (focusedId === null || (this.shadowRoot?.activeElement ?? null) !== null) return;
    const [first] = this.cards;
    // One that was folded away a moment ago has drawn nothing yet.
    await first?.updateComplete;
    if (first !== undefined) first.select();
    else if (this.heading !== null) this.heading.focus({ preventScroll: true });
    else this.tell("carillon-alerts-left");
  }

  /** Every second while one is about to end, otherwise as often as minutes change. */
  private readonly tick = (): void => {
    if (this.ticking !== null) clearTimeout(this.ticking);
    this.ticking = null;
    if (document.visibilityState === "hidden") return;
    this.now = Date.now();
    const now = this.now + this.clockOffsetMs;
    const left = Math.min(...this.alerts.map((row) => Date.parse(row.expiry_time) - now));
    const isSoon = left < HOUR_MS;
    this.ticking = setTimeout(this.tick, isSoon ? SECOND_MS : MINUTES_EVERY_MS);
  };

  private readonly sizeChanged = (): void => this.requestUpdate();
}

function partsOf(rows: readonly AlertRow[]): string {
  const say = words();
  const { unread, snoozed, read } = countsOf(rows);
  return [
    unread > 0 ? say.partUnread(unread) : "",
    snoozed > 0 ? say.partSnoozed(snoozed) : "",
    read > 0 ? say.partRead(read) : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}
