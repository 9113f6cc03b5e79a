/** The dashboard: what waits, at a glance; folded to one line on a phone. */

import { css, html, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";

import type { AlertRow, Severity } from "../../client";
import { momentIn, relativeTime, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { countsOf } from "../alerts";
import { severityWord } from "../format";
import { icon } from "../icons";
import type { NotificationFigures } from "../overview";
import { preferences } from "../preferences";
import { daysBetween } from "../zones";
import { PageElement } from "./page-element";

const ROOMY = "(min-width: 44.01rem) and (min-height: 50.01rem)";
const WORST_FIRST: readonly Severity[] = ["critical", "warning", "info"];

type BySeverity = Readonly<Record<Severity, number>>;

@customElement("carillon-overview-panel")
export class OverviewPanel extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      details {
        margin-bottom: 1rem;
      }

      details[open] {
        margin-bottom: 1.5rem;
      }

      summary {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.25rem 1rem;
        width: fit-content;
        margin-bottom: 0.5rem;
        border-radius: 0.25rem;
        color: var(--muted);
        font-size: 0.875rem;
        cursor: pointer;
        list-style: none;
      }

      summary::-webkit-details-marker {
        display: none;
      }

      summary:hover {
        color: var(--text);
      }

      .title {
        display: inline-flex;
        align-items: center;
        gap: 0.375rem;
        font-size: 0.875rem;
        font-weight: 600;
      }

      .title svg {
        width: 1rem;
        height: 1rem;
        transform: rotate(-90deg);
      }

      [open] .title svg {
        transform: none;
      }

      .brief {
        display: inline-flex;
        align-items: center;
        gap: 0.3125rem;
        font-variant-numeric: tabular-nums;
      }

      [open] .brief {
        display: none;
      }

      .tiles {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        gap: 0.625rem;
      }

      .tile {
        display: grid;
        align-content: start;
        gap: 0.25rem;
        min-width: 0;
        padding: 0.75rem 0.875rem;
        font-size: 0.8125rem;
      }

      h3 {
        display: flex;
        align-items: baseline;
        justify-content: space-between;
        gap: 0.5rem;
        color: var(--muted);
        font-size: 0.8125rem;
        font-weight: 500;
      }

      .figure {
        color: var(--text);
        font-size: 1.5rem;
        font-weight: 650;
        line-height: 1.2;
        font-variant-numeric: tabular-nums;
      }

      .parts {
        display: flex;
        flex-wrap: wrap;
        gap: 0 0.625rem;
        min-height: 1.25rem;
        color: var(--muted);
      }

      .part {
        display: inline-flex;
        align-items: center;
        gap: 0.25rem;
      }

      .part svg {
        width: 0.875rem;
        height: 0.875rem;
      }

      .info {
        color: var(--info);
      }

      .warning {
        color: var(--warning);
      }

      .critical {
        color: var(--critical);
      }

      .one {
        color: var(--muted);
      }

      .one bdi {
        display: block;
        overflow: hidden;
        color: var(--text);
        text-overflow: ellipsis;
        white-space: nowrap;
      }

      @media (max-width: 44rem) {
        .tiles {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) alerts: readonly AlertRow[] = [];
  @property({ attribute: false }) notifications: NotificationFigures | null = null;
  /** Of the inbox, which is never behind. */
  @property({ attribute: false }) unread = 0;
  /** The server's time, in milliseconds. */
  @property({ attribute: false }) now = Date.now();
  @property({ attribute: false }) zone = "UTC";
  @query("summary") private summary!: HTMLElement;

  private readonly roomy = globalThis.matchMedia(ROOMY);

  override connectedCallback(): void {
    super.connectedCallback();
    this.roomy.addEventListener("change", this.sizeChanged);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.roomy.removeEventListener("change", this.sizeChanged);
  }

  override focus(): void {
    this.summary.focus({ preventScroll: true });
  }

  protected override render() {
    const say = words();
    const counts = countsOf(this.alerts);
    const isOpen = preferences.current.showsOverview ?? this.roomy.matches;
    return html`<details ?open=${isOpen} @toggle=${this.toggled}>
      <summary>
        <h2 class="title">${icon("down")}${say.overview}</h2>
        ${this.renderBrief(say.alerts, counts.unread)}
        ${this.renderBrief(say.notifications, this.unread)}
        ${counts.snoozed === 0 ? nothing : this.renderBrief(say.snoozed, counts.snoozed)}
      </summary>
      <div class="tiles">
        <div class="tile card">
          <h3>${say.alerts}<span class="figure">${counts.unread}</span></h3>
          ${this.renderParts(counts.unread, counts.bySeverity)}
          ${this.renderNewest(newestOf(this.alerts))}
        </div>
        <div class="tile card">
          <h3>${say.notifications}<span class="figure">${this.unread}</span></h3>
          ${this.renderParts(this.unread, this.notifications?.bySeverity)}
          ${this.renderNewest(this.notifications?.newest ?? null)}
        </div>
        <div class="tile card">
          <h3>${say.snoozed}<span class="figure">${counts.snoozed}</span></h3>
          ${this.renderSnoozed()}
        </div>
      </div>
    </details>`;
  }

  private renderBrief(word: string, count: number) {
    return html`<span class="brief">${word} <strong>${count}</strong></span>`;
  }

  private renderParts(unread: number, by: BySeverity | undefined) {
    const present = WORST_FIRST.filter((severity) => (by?.[severity] ?? 0) > 0);
    if (unread === 0) return html`<p class="parts">${words().nothingUnread}</p>`;
    return html`<p class="parts">
      ${present.map(
        (severity) =>
          html`<span class="part ${severity}">
            ${icon(severity)}${severityWord(severity)} <strong>${by?.[severity]}</strong>
          </span>`,
      )}
    </p>`;
  }

  private renderNewest(newest: { title: string; at: string } | null) {
    if (newest === null) return nothing;
    const when = `${words().newest}, ${relativeTime(newest.at, this.now)}`;
    return this.renderOne(newest.title, when);
  }

  private renderOne(title: string, when: string) {
    return html`<div class="one">
      <bdi title=${title}>${title}</bdi>
      <p>${when}</p>
    </div>`;
  }

  /** The next one to come back. */
  private renderSnoozed() {
    const say = words();
    const [next] = this.alerts
      .filter(({ state }) => state === "snoozed")
      .sort((one, other) => endOf(one) - endOf(other));
    if (next === undefined) return html`<p class="parts">${say.nothingSnoozed}</p>`;
    const { title, snoozed_until: until } = next;
    return this.renderOne(
      title,
      until === null ? say.untilEndOfDay : say.until(this.when(until)),
    );
  }

  private when(iso: string): string {
    const at = Date.parse(iso);
    return momentIn(this.zone, at, daysBetween(this.now, at, this.zone));
  }

  private toggled(event: Event): void {
    const { open } = event.target as HTMLDetailsElement;
    const isOpen = preferences.current.showsOverview ?? this.roomy.matches;
    if (open !== isOpen) preferences.choose({ showsOverview: open });
  }

  private readonly sizeChanged = (): void => this.requestUpdate();
}

function newestOf(alerts: readonly AlertRow[]): { title: string; at: string } | null {
  const [first] = [...alerts].sort((one, other) => startOf(other) - startOf(one));
  return first === undefined ? null : { title: first.title, at: first.start_time };
}

function startOf({ start_time }: AlertRow): number {
  return Date.parse(start_time);
}

function endOf({ snoozed_until: until }: AlertRow): number {
  return until === null ? 0 : Date.parse(until);
}
