/** The raw frames in both directions, for whoever wants to see the protocol at work. */

import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { prettyJson } from "../format";
import type { NumberedFrame } from "../live-inbox";
import { sharedStyles } from "../shared-styles";

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

@customElement("carillon-frame-drawer")
export class FrameDrawer extends LitElement {
  static override styles = [
    sharedStyles,
    css`
      details {
        border: 1px solid var(--border);
        border-radius: 0.625rem;
        background: var(--surface);
      }

      summary {
        padding: 0.75rem 1rem;
        font-weight: 600;
      }

      .inside {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.5rem;
        padding: 0 1rem 1rem;
      }

      ol {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.5rem;
        max-height: 28rem;
        overflow: auto;
        list-style: none;
      }

      /* The list around it scrolls; a second bar inside would trap the keyboard. */
      li pre {
        max-height: none;
      }

      .meta {
        color: var(--muted);
        font-size: 0.8125rem;
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  @property({ attribute: false }) frames: readonly NumberedFrame[] = [];
  @state() private isOpen = false;

  protected override render() {
    return html`
      <details @toggle=${this.toggled}>
        <summary>Raw frames (${this.frames.length})</summary>
        ${this.isOpen ? this.renderFrames() : ""}
      </details>
    `;
  }

  /** Only while it is open: nobody sees the others, and there may be many a second. */
  private renderFrames() {
    return html`<div class="inside">
      <div><button class="quiet" @click=${this.clear}>Clear</button></div>
      <ol tabindex="0" aria-label="Raw frames, newest first">
        ${repeat(
          this.frames,
          ({ number }) => number,
          (frame) => this.renderFrame(frame),
        )}
      </ol>
    </div>`;
  }

  private renderFrame(frame: NumberedFrame) {
    const direction = frame.direction === "in" ? "↓ received" : "↑ sent";
    return html`<li data-direction=${frame.direction}>
      <span class="meta">${direction} ${clock.format(frame.at)}</span>
      <pre>${prettyJson(frame.text)}</pre>
    </li>`;
  }

  private toggled(event: Event): void {
    this.isOpen = (event.target as HTMLDetailsElement).open;
  }

  private clear(): void {
    this.dispatchEvent(
      new CustomEvent("carillon-clear-frames", { bubbles: true, composed: true }),
    );
  }
}
