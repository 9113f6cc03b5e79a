/** A JSON value that unfolds level by level; what is folded is not drawn. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Json } from "../../client";
import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { PageElement } from "./page-element";

/** A list of thousands must not become a wall, nor a long task. */
const ENTRIES_AT_ONCE = 50;

@customElement("carillon-json-tree")
export class JsonTree extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        font: 0.8125rem / 1.6 var(--mono);
        overflow-wrap: anywhere;
      }

      ul ul,
      details ul {
        margin-left: 0.5rem;
        padding-left: 0.75rem;
        border-left: 1px solid var(--border);
      }

      summary {
        width: fit-content;
        max-width: 100%;
        border-radius: 0.25rem;
        cursor: pointer;
      }

      .name {
        color: var(--muted);
      }

      .string {
        color: var(--good);
        white-space: pre-wrap;
      }

      .number,
      .boolean,
      .null {
        color: var(--info);
      }

      .size {
        color: var(--muted);
      }
    `,
  ];

  @property({ attribute: false }) value: Json = null;
  /** Where the unfolded ones are, and how many of their entries are drawn. */
  @state() private unfolded: ReadonlyMap<string, number> = new Map([["", ENTRIES_AT_ONCE]]);

  protected override render() {
    return isBranch(this.value) ? this.renderEntries(this.value, "") : renderLeaf(this.value);
  }

  private renderEntries(branch: Branch, path: string): TemplateResult {
    const entries = Object.entries(branch);
    const drawn = this.unfolded.get(path) ?? 0;
    const left = entries.length - drawn;
    return html`<ul>
      ${entries
        .slice(0, drawn)
        .map(
          ([name, value], place) =>
            html`<li>${this.renderEntry(name, value, `${path}/${place}`)}</li>`,
        )}
      ${left > 0 ? html`<li>${this.renderMore(path, left)}</li>` : nothing}
    </ul>`;
  }

  private renderEntry(name: string, value: Json, path: string) {
    const label = html`<bdi class="name">${name}</bdi>: `;
    if (!isBranch(value)) return html`${label}${renderLeaf(value)}`;
    const [opening, closing] = Array.isArray(value) ? "[]" : "{}";
    const count = Object.keys(value).length;
    if (count === 0) return html`${label}${opening}${closing}`;
    const isOpen = this.unfolded.has(path);
    return html`<details ?open=${isOpen} @toggle=${(event: Event) => this.toggled(event, path)}>
      <summary>
        ${label}${opening}<span class="size">${words().entries(count)}</span>${closing}
      </summary>
      ${isOpen ? this.renderEntries(value, path) : nothing}
    </details>`;
  }

  private renderMore(path: string, left: number) {
    const count = Math.min(left, ENTRIES_AT_ONCE);
    const more = () => this.unfold(path, (this.unfolded.get(path) ?? 0) + ENTRIES_AT_ONCE);
    return html`<button class="quiet" @click=${more}>${words().moreEntries(count)}</button>`;
  }

  private toggled(event: Event, path: string): void {
    const isOpen = (event.target as HTMLDetailsElement).open;
    if (isOpen === this.unfolded.has(path)) return;
    if (isOpen) this.unfold(path, ENTRIES_AT_ONCE);
    else this.unfolded = new Map([...this.unfolded].filter(([known]) => known !== path));
  }

  private unfold(path: string, count: number): void {
    this.unfolded = new Map([...this.unfolded, [path, count]]);
  }
}

type Branch = Json[] | { [name: string]: Json };

function isBranch(value: Json): value is Branch {
  return typeof value === "object" && value !== null;
}

function renderLeaf(value: Json) {
  const kind = value === null ? "null" : typeof value;
  return html`<bdi class=${kind}>${visible(JSON.stringify(value))}</bdi>`;
}

/** Characters that only turn the direction of writing are written out, as JSON may have them. */
function visible(text: string): string {
  const escaped = (character: string) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escaped);
}
