/** The keys of the inbox. */

import { css, html } from "lit";
import { customElement, query } from "lit/decorators.js";

import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { icon } from "../icons";
import { PageElement } from "./page-element";

@customElement("carillon-help-dialog")
export class HelpDialog extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      dialog {
        width: min(30rem, calc(100vw - 2rem));
        padding: 1.5rem;
        border: 1px solid var(--border);
        border-radius: var(--radius);
        background: var(--surface);
        color: inherit;
        box-shadow: var(--shadow-high);
      }

      dialog::backdrop {
        background: rgb(10 12 20 / 50%);
      }

      .top {
        display: flex;
        align-items: center;
        justify-content: space-between;
        margin-bottom: 1rem;
      }

      h2 {
        font-size: 1.125rem;
        font-weight: 650;
      }

      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0.625rem 1.25rem;
      }
    `,
  ];

  @query("dialog") private dialog!: HTMLDialogElement;

  open(): void {
    if (!this.dialog.open) this.dialog.showModal();
  }

  protected override render() {
    const say = words();
    const keys: [string, string][] = [
      ["j", say.helpNext],
      ["k", say.helpPrevious],
      ["Enter", say.helpOpen],
      ["e", say.helpArchive],
      ["u", say.helpUnread],
      ["n", say.helpNew],
      ["/", say.helpSearch],
      ["?", say.helpHelp],
      ["Esc", say.helpClose],
    ];
    return html`<dialog aria-labelledby="help" @click=${this.pressedBackdrop}>
      <div class="top">
        <h2 id="help">${say.keyboardShortcuts}</h2>
        <button
          class="icon"
          aria-label=${say.close}
          title=${say.close}
          @click=${() => this.dialog.close()}
        >
          ${icon("close")}
        </button>
      </div>
      <dl>
        ${keys.map(
          ([key, meaning]) =>
            html`<dt><kbd>${key}</kbd></dt>
              <dd>${meaning}</dd>`,
        )}
      </dl>
    </dialog>`;
  }

  private pressedBackdrop(event: MouseEvent): void {
    if (event.target === this.dialog) this.dialog.close();
  }
}
