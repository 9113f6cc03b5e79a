/** Some neighbouring notifications; far from the window it keeps its height and draws none. */

import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import type { Chunk } from "../groups";
import { PageElement } from "./page-element";
import "./notification-item";

@customElement("carillon-item-chunk")
export class ItemChunk extends PageElement {
  @property({ attribute: false }) chunk!: Chunk;
  @property({ attribute: false }) now = 0;
  /** Those above this number came just now and slide in. */
  @property({ attribute: false }) arrivedAfter = Infinity;
  /**
   * The style sheet hides a far chunk with "content-visibility", and the browser remembers the
   * height that it had.
   */
  @property({ type: Boolean, reflect: true }) far = false;

  /** In the tree of the list around it, whose style sheet and focus it shares. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render() {
    if (this.far) return nothing;
    return html`<ol>
      ${repeat(
        this.chunk.items,
        ({ key }) => key,
        (item) =>
          html`<li class=${item.seq > this.arrivedAfter ? "arrived" : nothing}>
            <carillon-notification-item
              data-key=${item.key}
              .item=${item}
              .now=${this.now}
            ></carillon-notification-item>
          </li>`,
      )}
    </ol>`;
  }
}
