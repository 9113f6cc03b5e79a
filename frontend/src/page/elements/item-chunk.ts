/** Some neighbouring notifications; far from the window it keeps its height and draws none. */

import { html, nothing, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import type { Chunk } from "../groups";
import { PageElement } from "./page-element";
import "./notification-item";

/** Of a new list, without asking how far down they are. */
const DRAWN_AT_ONCE = 4;

@customElement("carillon-item-chunk")
export class ItemChunk extends PageElement {
  @property({ attribute: false }) chunk!: Chunk;
  /** How many chunks are above it. */
  @property({ attribute: false }) order = 0;
  @property({ attribute: false }) now = 0;
  /** Those above this number came just now and slide in. */
  @property({ attribute: false }) arrivedAfter = Infinity;
  /**
   * The style sheet hides a far chunk with "content-visibility", and the browser remembers the
   * height that it had.
   */
  @property({ type: Boolean, reflect: true }) far = false;
  /** Roughly how many it holds, for a height before it was ever drawn. */
  @property({ reflect: true }) size = "";

  /** In the tree of the list around it, whose style sheet and focus it shares. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    // Far down, most likely; if not, the list hears so from the browser at once.
    if (!this.hasUpdated) this.far = this.order >= DRAWN_AT_ONCE;
    if (changed.has("chunk")) this.size = sizeOf(this.chunk.items.length);
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

function sizeOf(count: number): string {
  if (count <= 3) return "few";
  return count <= 15 ? "some" : "many";
}
