/** The button that lets an alert rest, and for how long: in times of the person's zone. */

import { css, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import type { Snooze } from "../../client";
import { momentIn, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { icon } from "../icons";
import { daysBetween, fieldValue, momentOfField, tomorrowAt } from "../zones";
import { PageElement } from "./page-element";

/** Between the menu and the button, and at least to the edges of the window. */
const GAP = 6;
const MARGIN = 12;
const MORNING = 9;
const HOUR_MS = 3_600_000;
/** What the server takes, less a day for the way to it. */
const LONGEST_MS = 365 * 24 * HOUR_MS;

@customElement("carillon-snooze-menu")
export class SnoozeMenu extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        position: relative;
        display: inline-flex;
      }

      .opener svg {
        width: 1rem;
        height: 1rem;
      }

      .opener svg:last-child {
        width: 0.875rem;
        height: 0.875rem;
        margin-right: -0.25rem;
      }

      .menu {
        position: fixed;
        z-index: 30;
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.125rem;
        width: 17rem;
        max-width: calc(100vw - 1.5rem);
        max-height: calc(100vh - 1.5rem);
        padding: 0.5rem;
        overflow-y: auto;
        box-shadow: var(--shadow-high);
      }

      .menu > button {
        justify-content: space-between;
        padding-inline: 0.625rem;
        border-color: transparent;
        font-weight: 450;
      }

      .menu > button:hover {
        background: var(--raised);
      }

      .when {
        color: var(--muted);
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
      }

      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.5rem;
        margin-top: 0.375rem;
        padding: 0.75rem 0.625rem 0.375rem;
        border-top: 1px solid var(--border);
      }

      label {
        font-size: 0.875rem;
        font-weight: 500;
      }

      .row {
        justify-content: space-between;
      }
    `,
  ];

  /** Of the alert, for the name of the button. */
  @property({ attribute: false }) subject = "";
  @property({ attribute: false }) zone = "UTC";
  /** The server's time, in milliseconds. */
  @property({ attribute: false }) now = Date.now();
  @state() private isOpen = false;
  @state() private problem = "";
  @query(".opener") private opener!: HTMLButtonElement;
  @query(".menu") private menu!: HTMLElement;
  @query("input") private field!: HTMLInputElement;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.pressedAnywhere);
    globalThis.addEventListener("scroll", this.place, { capture: true, passive: true });
    globalThis.addEventListener("resize", this.place);
    this.addEventListener("keydown", this.pressedKey);
    this.addEventListener("focusout", this.leftFocus);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("pointerdown", this.pressedAnywhere);
    globalThis.removeEventListener("scroll", this.place, { capture: true });
    globalThis.removeEventListener("resize", this.place);
    this.removeEventListener("keydown", this.pressedKey);
    this.removeEventListener("focusout", this.leftFocus);
  }

  protected override updated(): void {
    this.place();
  }

  protected override render() {
    const say = words();
    return html`
      <button
        class="opener quiet"
        aria-expanded=${this.isOpen}
        aria-controls="menu"
        aria-label=${say.actionOn(say.snooze, this.subject)}
        @click=${this.toggle}
      >
        ${icon("clock")}${say.snooze}${icon("down")}
      </button>
      <div id="menu" class="menu card" ?hidden=${!this.isOpen}>
        ${this.isOpen ? this.renderMenu() : nothing}
      </div>
    `;
  }

  private renderMenu() {
    const say = words();
    const { now, zone } = this;
    const morning = tomorrowAt(MORNING, now, zone);
    return html`
      ${this.renderChoice(say.snoozeHour, this.when(now + HOUR_MS), { minutes: 60 })}
      ${this.renderChoice(say.snoozeDay, "", {})}
      ${this.renderChoice(say.snoozeTomorrow, momentIn(zone, morning, 0), {
        until: new Date(morning).toISOString(),
      })}
      <form novalidate @submit=${this.chosen}>
        <label for="until">${say.snoozeChoose}</label>
        <input
          id="until"
          type="datetime-local"
          .value=${fieldValue(morning, zone)}
          min=${fieldValue(now, zone)}
          max=${fieldValue(now + LONGEST_MS, zone)}
          aria-invalid=${this.problem !== ""}
          aria-describedby="zone problem"
        />
        <p id="problem" class="problem small" role="alert" ?hidden=${this.problem === ""}>
          ${this.problem}
        </p>
        <div class="row">
          <span id="zone" class="muted small">${say.timesIn(zone)}</span>
          <button class="primary quiet">${say.snooze}</button>
        </div>
      </form>
    `;
  }

  private renderChoice(label: string, when: string, how: Snooze) {
    return html`<button @click=${() => this.choose(how)}>
      <span>${label}</span><span class="when">${when}</span>
    </button>`;
  }

  private when(at: number): string {
    return momentIn(this.zone, at, daysBetween(this.now, at, this.zone));
  }

  private chosen(event: Event): void {
    event.preventDefault();
    const at = momentOfField(this.field.value, this.zone);
    if (at === null || at <= this.now || at > this.now + LONGEST_MS) {
      this.problem = words().snoozeInPast;
      this.field.focus();
      return;
    }
    this.choose({ until: new Date(at).toISOString() });
  }

  private choose(how: Snooze): void {
    this.close();
    this.tell("carillon-snooze", how);
  }

  private toggle(): void {
    this.isOpen = !this.isOpen;
    this.problem = "";
  }

  private close(): void {
    this.isOpen = false;
    this.opener.focus();
  }

  /** Below the button, or above it where there is more room; always within the window. */
  private readonly place = (): void => {
    if (!this.isOpen) return;
    const { left, top, bottom } = this.opener.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height, style } = this.menu;
    const isBelow = bottom + GAP + height + MARGIN <= innerHeight;
    const wanted = isBelow ? bottom + GAP : top - GAP - height;
    style.top = `${within(wanted, innerHeight - height)}px`;
    style.left = `${within(left, document.documentElement.clientWidth - width)}px`;
  };

  private readonly pressedAnywhere = (event: Event): void => {
    if (!event.composedPath().includes(this)) this.isOpen = false;
  };

  private readonly pressedKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !this.isOpen) return;
    event.stopPropagation();
    this.close();
  };

  private readonly leftFocus = (event: FocusEvent): void => {
    const next = event.relatedTarget;
    if (next instanceof Node && next !== this && !this.contains(next)) this.isOpen = false;
  };
}

function within(wanted: number, room: number): number {
  return Math.max(MARGIN, Math.min(wanted, room - MARGIN));
}
