/** What every element of the page shares: it follows language and choices, and it asks. */

import { LitElement } from "lit";

import { onLanguage } from "../../i18n";
import { preferences } from "../preferences";

export class PageElement extends LitElement {
  private endings: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    const again = () => this.requestUpdate();
    this.endings = [onLanguage(again), preferences.onChange(again)];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of this.endings.splice(0)) end();
  }

  protected tell(name: `carillon-${string}`, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
