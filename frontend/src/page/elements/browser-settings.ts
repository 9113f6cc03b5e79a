/** What this browser does when something arrives. */

import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { chime } from "../chime";
import { preferences } from "../preferences";
import { PageElement } from "./page-element";
import "./appearance-choice";

@customElement("carillon-browser-settings")
export class BrowserSettings extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: grid;
        gap: 1rem;
      }

      .option {
        display: grid;
        grid-template-columns: auto 1fr auto;
        align-items: start;
        gap: 0 0.75rem;
      }

      label {
        font-weight: 500;
      }

      .option p {
        grid-column: 2;
      }

      carillon-appearance-choice {
        max-width: 26rem;
        padding: 0;
      }
    `,
  ];

  @state() private isDenied = permission() === "denied";

  protected override render() {
    const say = words();
    const { showsToasts, desktop, sound } = preferences.current;
    const canDesktop = permission() !== null;
    return html`
      <div class="option">
        <input
          type="checkbox"
          id="toasts"
          .checked=${showsToasts}
          @change=${(event: Event) => preferences.choose({ showsToasts: isChecked(event) })}
        />
        <label for="toasts">${say.toastsOption}</label>
      </div>
      <div class="option">
        <input
          type="checkbox"
          id="desktop"
          aria-describedby="desktop-hint"
          .checked=${desktop && canDesktop && !this.isDenied}
          ?disabled=${!canDesktop}
          @change=${this.chooseDesktop}
        />
        <label for="desktop">${say.desktopOption}</label>
        <p class="muted small" id="desktop-hint">
          ${canDesktop ? say.desktopHint : say.desktopImpossible}
          ${this.isDenied ? html`<span class="problem">${say.desktopDenied}</span>` : nothing}
        </p>
      </div>
      <div class="option">
        <input
          type="checkbox"
          id="sound"
          aria-describedby="sound-hint"
          .checked=${sound}
          @change=${(event: Event) => preferences.choose({ sound: isChecked(event) })}
        />
        <label for="sound">${say.soundOption}</label>
        <button class="quiet" @click=${() => void chime()}>${say.tryIt}</button>
        <p class="muted small" id="sound-hint">${say.soundHint}</p>
      </div>
      <carillon-appearance-choice></carillon-appearance-choice>
    `;
  }

  private async chooseDesktop(event: Event): Promise<void> {
    const box = event.target as HTMLInputElement;
    const isWanted = box.checked;
    const answer = isWanted ? await Notification.requestPermission() : permission();
    this.isDenied = answer === "denied";
    const isGranted = isWanted && answer === "granted";
    preferences.choose({ desktop: isGranted });
    box.checked = isGranted;
  }
}

function isChecked(event: Event): boolean {
  return (event.target as HTMLInputElement).checked;
}

/** Null where the browser has no desktop notifications, as without HTTPS. */
function permission(): NotificationPermission | null {
  return "Notification" in globalThis && isSecureContext ? Notification.permission : null;
}
