/** What of the inbox is wanted: state, severity, kind, and a search. */

import { css, html, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";

import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { type Filter, noFilter } from "../filter";
import { SEVERITIES, severityWord } from "../format";
import { icon } from "../icons";
import { PageElement } from "./page-element";

/** Long enough for the next letter, short enough to feel at once. */
const TYPING_MS = 300;

@customElement("carillon-inbox-toolbar")
export class InboxToolbar extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        gap: 0.625rem;
      }

      .states {
        display: flex;
        gap: 0.125rem;
        padding: 0.1875rem;
        border-radius: var(--radius-small);
        background: var(--raised);
      }

      .states button {
        min-height: 2.125rem;
        border-color: transparent;
        border-radius: 0.375rem;
        background: transparent;
        color: var(--muted);
      }

      .states button[aria-pressed="true"] {
        background: var(--pressed);
        color: var(--text);
        box-shadow: var(--shadow);
      }

      .search {
        position: relative;
        flex: 1 1 9.5rem;
      }

      .search svg {
        position: absolute;
        top: 0.625rem;
        left: 0.75rem;
        color: var(--muted);
      }

      .search input {
        padding-left: 2.5rem;
      }

      select {
        flex: 0 1 auto;
        width: auto;
        max-width: 8rem;
        padding-right: 0.5rem;
      }

      @media (max-width: 48rem) {
        select {
          flex: 1 1 8rem;
          max-width: none;
        }
      }

      @media (max-width: 36rem) {
        .states,
        .search {
          flex: 1 0 100%;
        }

        .states button {
          flex: 1;
          padding: 0 0.375rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) filter: Filter = noFilter;
  @property({ attribute: false }) kinds: readonly string[] = [];
  @query("input") private searchField!: HTMLInputElement;
  private typing: ReturnType<typeof setTimeout> | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopTyping();
  }

  focusSearch(): void {
    this.searchField.focus();
    this.searchField.select();
  }

  protected override render() {
    const say = words();
    const states: [Filter["state"], string][] = [
      ["all", say.filterAll],
      ["unread", say.filterUnread],
      ["archived", say.filterArchived],
    ];
    return html`
      <div class="states" role="group" aria-label=${say.filters}>
        ${states.map(
          ([state, name]) =>
            html`<button
              aria-pressed=${state === this.filter.state}
              @click=${() => this.choose({ state })}
            >
              ${name}
            </button>`,
        )}
      </div>
      <div class="search">
        ${icon("search")}
        <input
          type="search"
          dir="auto"
          maxlength="200"
          aria-label=${say.searchHint}
          placeholder=${say.search}
          .value=${this.filter.search}
          @input=${this.typed}
          @keydown=${this.pressedKey}
        />
      </div>
      <select aria-label=${say.severity} @change=${this.choseSeverity}>
        <option value="" .selected=${this.filter.severity === ""}>${say.anySeverity}</option>
        ${SEVERITIES.map(
          (severity) =>
            html`<option value=${severity} .selected=${severity === this.filter.severity}>
              ${severityWord(severity)}
            </option>`,
        )}
      </select>
      ${this.kinds.length > 1 || this.filter.kind !== "" ? this.renderKinds() : nothing}
    `;
  }

  private renderKinds() {
    const say = words();
    return html`<select aria-label=${say.kind} @change=${this.choseKind}>
      <option value="" .selected=${this.filter.kind === ""}>${say.anyKind}</option>
      ${this.kinds.map(
        (kind) =>
          html`<option value=${kind} .selected=${kind === this.filter.kind}>${kind}</option>`,
      )}
    </select>`;
  }

  private choseSeverity(event: Event): void {
    const severity = (event.target as HTMLSelectElement).value as Filter["severity"];
    this.choose({ severity });
  }

  private choseKind(event: Event): void {
    this.choose({ kind: (event.target as HTMLSelectElement).value });
  }

  private typed(): void {
    this.stopTyping();
    this.typing = setTimeout(() => this.search(), TYPING_MS);
  }

  private search(): void {
    this.stopTyping();
    this.choose({ search: this.searchField.value.trim() });
  }

  private pressedKey(event: KeyboardEvent): void {
    if (event.key === "Enter") this.search();
    if (event.key === "Escape") this.searchField.blur();
  }

  private stopTyping(): void {
    if (this.typing !== null) clearTimeout(this.typing);
  }

  private choose(changes: Partial<Filter>): void {
    this.tell("carillon-filter", { ...this.filter, ...changes });
  }
}
