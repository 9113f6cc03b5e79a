/** Says how this page is connected, and counts down to the next attempt. */

import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { ConnectionStatus } from "../../client";
import { describeStatus } from "../format";
import { sharedStyles } from "../shared-styles";

const SYMBOLS = { good: "●", busy: "◌", bad: "✕" };

@customElement("carillon-connection-badge")
export class ConnectionBadge extends LitElement {
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
        padding: 0.125rem 0.625rem;
        border: 1px solid currentcolor;
        border-radius: 1rem;
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
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
    const { tone, words, countdown } = describeStatus(this.status, this.now);
    return html`
      <span class="badge ${tone}" role="status" data-phase=${this.status.phase}>
        <span aria-hidden="true">${SYMBOLS[tone]}</span>
        ${words} <span aria-hidden="true">${countdown}</span>
      </span>
      ${
        this.latencyMs === null
          ? nothing
          : html`<span class="latency" title="There and back">${this.latencyMs} ms</span>`
      }
      ${this.renderButton()}
    `;
  }

  private renderButton() {
    if (this.status.phase !== "stopped" && this.status.phase !== "waiting") return nothing;
    const words = this.status.phase === "stopped" ? "Reconnect" : "Connect now";
    return html`<button class="quiet" @click=${this.askToReconnect}>${words}</button>`;
  }

  private askToReconnect(): void {
    this.dispatchEvent(
      new CustomEvent("carillon-reconnect", { bubbles: true, composed: true }),
    );
  }

  private tick(isOn: boolean): void {
    if (this.ticking !== null) clearInterval(this.ticking);
    this.ticking = isOn ? setInterval(() => (this.now = Date.now()), 500) : null;
  }
}
