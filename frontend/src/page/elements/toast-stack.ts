/** The toasts in their corner. Screen readers hear of arrivals from the page's live regions. */

import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { icon } from "../icons";
import type { Toast, Toasts } from "../toasts";
import { PageElement } from "./page-element";

const SHOWN = 3;

@customElement("carillon-toast-stack")
export class ToastStack extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      section {
        position: fixed;
        right: 1.25rem;
        bottom: 1.25rem;
        z-index: 30;
        display: grid;
        gap: 0.5rem;
        width: min(24rem, calc(100vw - 2rem));
        pointer-events: none;
      }

      li,
      .controls > * {
        pointer-events: auto;
      }

      /* Beside the column where there is room, so that they cover no button of it. */
      @media (min-width: 77.5rem) {
        section {
          width: clamp(14rem, calc((100vw - 47.5rem) / 2 - 2.5rem), 24rem);
        }
      }

      .controls {
        display: flex;
        align-items: center;
        justify-content: flex-end;
        gap: 0.5rem;
      }

      .more {
        margin-right: auto;
        padding: 0.125rem 0.625rem;
        border-radius: 1rem;
        background: var(--raised);
        color: var(--text);
        font-size: 0.8125rem;
      }

      .controls svg {
        width: 1rem;
        height: 1rem;
      }

      ol {
        display: grid;
        gap: 0.5rem;
      }

      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: start;
        gap: 0 0.75rem;
        padding: 0.75rem 0.5rem 0.75rem 0.875rem;
        box-shadow: var(--shadow-high);
        animation: rise 0.25s ease-out;
      }

      .info > svg {
        color: var(--info);
      }

      .warning > svg {
        color: var(--warning);
      }

      .critical {
        border-color: var(--critical);
      }

      .critical > svg {
        color: var(--critical);
      }

      .done > svg {
        color: var(--good);
      }

      li > svg {
        margin-top: 0.125rem;
      }

      .title,
      .text {
        display: -webkit-box;
        overflow: hidden;
        overflow-wrap: anywhere;
        unicode-bidi: isolate;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 3;
      }

      .title {
        font-weight: 600;
      }

      .text {
        color: var(--muted);
        font-size: 0.875rem;
      }

      .buttons {
        display: flex;
        gap: 0.25rem;
        margin: -0.3125rem 0;
      }

      .buttons .quiet {
        border-color: transparent;
        color: var(--accent);
        font-weight: 600;
      }

      @media (max-width: 36rem) {
        section {
          right: 1rem;
          bottom: 1rem;
        }
      }

      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(0.5rem);
        }
      }
    `,
  ];

  @property({ attribute: false }) toasts!: Toasts;
  @property({ attribute: false }) list: readonly Toast[] = [];
  @property({ attribute: false }) isPaused = false;

  protected override render() {
    if (this.list.length === 0) return nothing;
    const say = words();
    const shown = this.list.slice(-SHOWN);
    const more = this.list.length - shown.length;
    return html`<section
      aria-label=${say.messages}
      @pointerenter=${() => this.toasts.read(true)}
      @pointerleave=${() => this.toasts.read(false)}
      @focusin=${() => this.toasts.read(true)}
      @focusout=${() => this.toasts.read(false)}
    >
      ${this.list.length > 1 || this.isPaused ? this.renderControls(more) : nothing}
      <ol>
        ${repeat(
          shown,
          ({ id }) => id,
          (toast) => this.renderToast(toast),
        )}
      </ol>
    </section>`;
  }

  private renderControls(more: number) {
    const say = words();
    const label = this.isPaused ? say.resumeToasts : say.pauseToasts;
    return html`<div class="controls">
      ${more > 0 ? html`<span class="more">${say.moreToasts(more)}</span>` : nothing}
      <button
        class="quiet"
        aria-pressed=${this.isPaused}
        @click=${() => this.toasts.pause(!this.isPaused)}
      >
        ${icon(this.isPaused ? "play" : "pause")}${label}
      </button>
      <button class="quiet" @click=${() => this.toasts.clear()}>${say.clear}</button>
    </div>`;
  }

  private renderToast({ id, tone, title, text, action }: Toast) {
    const say = words();
    const act = () => {
      this.toasts.dismiss(id);
      action?.run();
    };
    return html`<li class="card ${tone}" data-tone=${tone}>
      ${icon(tone === "done" ? "check" : tone)}
      <div>
        <p class="title" dir="auto">${title}</p>
        ${text === "" ? nothing : html`<p class="text" dir="auto">${text}</p>`}
      </div>
      <div class="buttons">
        ${
          action === null
            ? nothing
            : html`<button class="quiet" @click=${act}>${action.label}</button>`
        }
        <button
          class="icon"
          aria-label=${say.dismiss}
          title=${say.dismiss}
          @click=${() => this.toasts.dismiss(id)}
        >
          ${icon("close")}
        </button>
      </div>
    </li>`;
  }
}
