/** Says how this page is connected, and counts down to the next attempt. */

import { css, html, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { ConnectionStatus } from "../../client";
import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { describeStatus } from "../format";
import { PageElement } from "./page-element";

@customElement("carillon-connection-badge")
export class ConnectionBadge extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
      }

      .badge {
        display: inline-flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 0.375rem;
        padding: 0.1875rem 0.75rem;
        border-radius: 1rem;
        background: var(--raised);
        font-size: 0.8125rem;
        font-weight: 550;
        font-variant-numeric: tabular-nums;
      }

      .light {
        width: 0.5rem;
        height: 0.5rem;
        border-radius: 50%;
        background: currentcolor;
      }

      .busy .light {
        background: transparent;
        box-shadow: inset 0 0 0 2px currentcolor;
        animation: beat 1s ease-in-out infinite alternate;
      }

      .bad .light {
        border-radius: 1px;
      }

      @media (max-width: 36rem) {
        .latency {
          display: none;
        }
      }

      @keyframes beat {
        to {
          opacity: 0.3;
        }
      }

      .good {
        color: var(--good);
      }

      .busy {
        color: var(--busy);
      }

      .bad {
        color: var(--bad);
      }

      .latency {
        color: var(--muted);
        font-size: 0.8125rem;
      }
    `,
  ];

  @property({ attribute: false }) status: ConnectionStatus = { phase: "idle" };
  @property({ attribute: false }) latencyMs: number | null = null;
  @state() private now = Date.now();
  private ticking: ReturnType<typeof setInterval> | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.tick(false);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("status")) return;
    this.now = Date.now();
    this.tick(this.status.phase === "waiting");
  }

  protected override render() {
    const say = words();
    const { tone, words: said, countdown } = describeStatus(this.status, this.now);
    return html`
      <span class="badge ${tone}" role="status" data-phase=${this.status.phase}>
        <span class="light" aria-hidden="true"></span>
        <span>${said}</span>
        ${countdown === "" ? nothing : html`<span aria-hidden="true">${countdown}</span>`}
      </span>
      ${
        this.latencyMs === null
          ? nothing
          : html`<span class="latency" title=${say.thereAndBack}
              >${say.milliseconds(this.latencyMs)}</span
            >`
      }
      ${this.renderButton()}
    `;
  }

  private renderButton() {
    if (this.status.phase !== "stopped" && this.status.phase !== "waiting") return nothing;
    const label = this.status.phase === "stopped" ? words().reconnect : words().connectNow;
    const ask = () => this.tell("carillon-reconnect");
    return html`<button class="quiet" @click=${ask}>${label}</button>`;
  }

  private tick(isOn: boolean): void {
    if (this.ticking !== null) clearInterval(this.ticking);
    this.ticking = isOn ? setInterval(() => (this.now = Date.now()), 500) : null;
  }
}
