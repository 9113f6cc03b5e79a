/** Theme and language by hand. */

import { css, html } from "lit";
import { customElement } from "lit/decorators.js";

import { currentLanguage, LANGUAGES, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { preferences, type Theme } from "../preferences";
import { PageElement } from "./page-element";

@customElement("carillon-appearance-choice")
export class AppearanceChoice extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: grid;
        gap: 0.625rem;
        padding: 0.375rem 0.5rem;
      }

      legend {
        padding: 0 0 0.25rem;
        color: var(--muted);
        font-size: 0.8125rem;
      }

      .choices {
        display: grid;
        grid-auto-columns: 1fr;
        grid-auto-flow: column;
        gap: 0.125rem;
        padding: 0.1875rem;
        border-radius: var(--radius-small);
        background: var(--raised);
      }

      button {
        min-height: 1.875rem;
        padding: 0 0.375rem;
        border-color: transparent;
        border-radius: 0.375rem;
        background: transparent;
        font-size: 0.8125rem;
      }

      button[aria-pressed="true"] {
        background: var(--pressed);
        font-weight: 600;
        box-shadow: var(--shadow);
      }
    `,
  ];

  protected override render() {
    const say = words();
    const themes: [Theme, string][] = [
      ["system", say.themeSystem],
      ["light", say.themeLight],
      ["dark", say.themeDark],
    ];
    const { theme } = preferences.current;
    return html`
      <fieldset>
        <legend>${say.theme}</legend>
        <div class="choices">
          ${themes.map(
            ([value, name]) =>
              html`<button
                type="button"
                aria-pressed=${value === theme}
                @click=${() => preferences.choose({ theme: value })}
              >
                ${name}
              </button>`,
          )}
        </div>
      </fieldset>
      <fieldset>
        <legend>${say.language}</legend>
        <div class="choices">
          ${LANGUAGES.map(
            ({ language, name }) =>
              html`<button
                type="button"
                lang=${language}
                aria-pressed=${language === currentLanguage()}
                @click=${() => preferences.choose({ language })}
              >
                ${name}
              </button>`,
          )}
        </div>
      </fieldset>
    `;
  }
}
