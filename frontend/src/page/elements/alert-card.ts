/** One alert. Everything in it is bound as text, never as markup. */

import { html, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import type { AlertRow, Snooze } from "../../client";
import { duration, exactTime, momentIn, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { severityWord } from "../format";
import { icon, type IconName } from "../icons";
import type { AlertAction } from "../live-alerts";
import { daysBetween } from "../zones";
import { alertCardStyles } from "./alert-card-styles";
import { PageElement } from "./page-element";
import "./snooze-menu";

export interface AlertActionDetail {
  id: number;
  action: AlertAction;
}

@customElement("carillon-alert-card")
export class AlertCard extends PageElement {
  static override styles = [sharedStyles, alertCardStyles];

  @property({ attribute: false }) alert!: AlertRow;
  /** The server's time, in milliseconds. */
  @property({ attribute: false }) now = Date.now();
  @property({ attribute: false }) zone = "UTC";
  @state() private isWhole = false;
  @state() private isCut = false;
  @state() private isRemindedNow = false;
  @query(".message") private message!: HTMLElement | null;

  private sizes: ResizeObserver | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.sizes = new ResizeObserver(() => this.measure());
    this.sizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes?.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("alert");
    if (before?.id !== this.alert.id) this.isRemindedNow = false;
    else if (this.alert.reminders > before.reminders) this.isRemindedNow = true;
  }

  protected override updated(): void {
    this.measure();
  }

  protected override render() {
    const { alert } = this;
    const say = words();
    return html`
      <article class="${alert.severity} ${alert.state}" aria-labelledby="title" tabindex="-1">
        <div class="mark">${icon(alert.severity)}</div>
        <div class="head">
          <div class="top">
            <span class="severity">${severityWord(alert.severity)}</span>
            ${
              alert.state === "unread"
                ? html`<span class="visually-hidden">${say.unreadMark}</span>`
                : nothing
            }
            ${this.renderTimeLeft()} ${this.renderReminders()} ${this.renderState()}
          </div>
          <h3 id="title" dir="auto">${alert.title}</h3>
        </div>
        <div class="body">
          <p class="message ${this.isWhole ? "whole" : ""}" dir="auto">${alert.message}</p>
          ${this.renderFold()}
        </div>
        <div class="actions">${this.renderActions()}</div>
      </article>
    `;
  }

  /** For the keyboard, when what had the focus is gone. */
  select(): void {
    this.renderRoot.querySelector("article")?.focus({ preventScroll: true });
  }

  private renderTimeLeft() {
    const say = words();
    const left = Date.parse(this.alert.expiry_time) - this.now;
    return html`<time
      class="left ${left < 3_600_000 ? "soon" : ""}"
      datetime=${this.alert.expiry_time}
      title=${exactTime(this.alert.expiry_time)}
    >
      ${left < 1_000 ? say.endsNow : say.timeLeft(duration(left))}
    </time>`;
  }

  private renderReminders() {
    const { reminders, last_reminded_at: last } = this.alert;
    if (reminders === 0) return nothing;
    const say = words();
    const title = last === null ? "" : say.remindedLast(exactTime(last));
    return html`<span class="reminded ${this.isRemindedNow ? "now" : ""}" title=${title}>
      ${icon("bell")}${say.reminded(reminders)}
    </span>`;
  }

  private renderState() {
    const say = words();
    const { state: is, snoozed_until: until } = this.alert;
    if (is === "unread") return nothing;
    if (is === "read") return html`<span class="state">${icon("check")}${say.alertRead}</span>`;
    const said = until === null ? say.snoozedToday : say.snoozedUntil(this.when(until));
    return html`<span class="state">${icon("clock")}${said}</span>`;
  }

  private when(iso: string): string {
    const at = Date.parse(iso);
    return momentIn(this.zone, at, daysBetween(this.now, at, this.zone));
  }

  private renderActions() {
    const say = words();
    switch (this.alert.state) {
      case "unread":
        return html`
          ${this.renderAction("check", say.markAlertRead, { kind: "read" })}
          <carillon-snooze-menu
            .subject=${this.alert.title}
            .zone=${this.zone}
            .now=${this.now}
            @carillon-snooze=${({ detail }: CustomEvent<Snooze>) =>
              this.ask({ kind: "snooze", how: detail })}
          ></carillon-snooze-menu>
        `;
      case "snoozed":
        return html`
          ${this.renderAction("bell", say.endSnooze, { kind: "end-snooze" })}
          ${this.renderAction("check", say.markAlertRead, { kind: "read" })}
        `;
      case "read":
        return this.renderAction("unread", say.markAlertUnread, { kind: "unread" });
    }
  }

  private renderAction(drawing: IconName, label: string, action: AlertAction) {
    return html`<button
      class="quiet"
      aria-label=${words().actionOn(label, this.alert.title)}
      @click=${() => this.ask(action)}
    >
      ${icon(drawing)}${label}
    </button>`;
  }

  private renderFold() {
    const say = words();
    if (!this.isCut && !this.isWhole) return nothing;
    return html`<button
      class="quiet fold"
      aria-expanded=${this.isWhole}
      @click=${() => (this.isWhole = !this.isWhole)}
    >
      ${this.isWhole ? say.showLess : say.showMore}
    </button>`;
  }

  /** Whether lines of the message are left out depends on the width. */
  private measure(): void {
    const { message } = this;
    if (message === null || this.isWhole) return;
    this.isCut = message.scrollHeight > message.clientHeight + 1;
  }

  private ask(action: AlertAction): void {
    const detail: AlertActionDetail = { id: this.alert.id, action };
    this.tell("carillon-alert-action", detail);
  }
}
