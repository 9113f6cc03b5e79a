/** The latest measurements as a line; its numbers are written beside it. */

import { css, html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";

import { sharedStyles } from "../../styles/shared";
import { PageElement } from "./page-element";

const WIDTH = 160;
const HEIGHT = 36;
const EDGE = 3;

@customElement("carillon-spark-line")
export class SparkLine extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      svg {
        display: block;
        width: 10rem;
        height: 2.25rem;
        color: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) values: readonly number[] = [];

  protected override render() {
    if (this.values.length === 0) return nothing;
    const points = placed(this.values);
    const [x, y] = points.at(-1) ?? [0, 0];
    return html`<svg aria-hidden="true" viewBox="0 0 ${WIDTH} ${HEIGHT}">
      ${svg`<polyline
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linejoin="round"
        points=${points.map((point) => point.join(",")).join(" ")}
      /><circle cx=${x} cy=${y} r="2.5" fill="currentColor" />`}
    </svg>`;
  }
}

function placed(values: readonly number[]): [number, number][] {
  const highest = Math.max(...values, 1);
  const step = (WIDTH - 2 * EDGE) / Math.max(values.length - 1, 1);
  return values.map((value, place) => [
    Math.round(EDGE + place * step),
    Math.round(HEIGHT - EDGE - (value / highest) * (HEIGHT - 2 * EDGE)),
  ]);
}
