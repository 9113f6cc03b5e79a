/** The connection of this page, for whoever builds on it: frames, latency, lines that send. */

import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { preciseTime, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { copyText } from "../copy-text";
import { prettyJson } from "../format";
import type { NumberedFrame } from "../frame-log";
import { icon } from "../icons";
import { snippetsFor } from "../snippets";
import { developerDrawerStyles } from "./developer-drawer-styles";
import { PageElement } from "./page-element";
import "./spark-line";

type Direction = "" | "in" | "out";

@customElement("carillon-developer-drawer")
export class DeveloperDrawer extends PageElement {
  static override styles = [sharedStyles, developerDrawerStyles];

  @property({ attribute: false }) frames: readonly NumberedFrame[] = [];
  @property({ attribute: false }) latencies: readonly number[] = [];
  @property({ attribute: false }) userId = 0;
  @state() private search = "";
  @state() private direction: Direction = "";
  /** What is shown while the person reads; null while it follows. */
  @state() private frozen: readonly NumberedFrame[] | null = null;
  @state() private copied = "";

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("h2")?.focus();
  }

  protected override render() {
    const say = words();
    return html`<aside aria-labelledby="drawer-heading" @keydown=${this.pressedKey}>
      <header>
        <div>
          <h2 id="drawer-heading" tabindex="-1">${say.developerTools}</h2>
          <p class="muted small">${say.developerLead}</p>
        </div>
        <button
          class="icon"
          aria-label=${say.close}
          title=${say.close}
          @click=${() => this.tell("carillon-drawer")}
        >
          ${icon("close")}
        </button>
      </header>
      ${this.renderLatency()} ${this.renderSnippets()} ${this.renderFrames()}
      <p class="visually-hidden" role="status">${this.copied === "" ? "" : say.copied}</p>
    </aside>`;
  }

  private renderLatency() {
    const say = words();
    const { latencies } = this;
    const last = latencies.at(-1);
    const line =
      last === undefined
        ? say.latencyNone
        : say.latencyLine(last, Math.min(...latencies), Math.max(...latencies));
    return html`<section aria-labelledby="latency">
      <div class="heading">
        <h3 id="latency">${say.latency}</h3>
        <button class="quiet" @click=${() => this.tell("carillon-ping")}>${say.pingNow}</button>
      </div>
      <div class="row">
        <carillon-spark-line .values=${latencies}></carillon-spark-line>
        <span class="latency small">${line}</span>
      </div>
    </section>`;
  }

  private renderSnippets() {
    const say = words();
    const { curl, rabbit, python } = snippetsFor({
      userId: this.userId,
      origin: location.origin,
    });
    const lines: [string, string][] = [
      [say.withCurl, curl],
      [say.withRabbit, rabbit],
      [say.withPython, python],
    ];
    return html`<section aria-labelledby="snippets">
      <h3 id="snippets">${say.sendToYourself}</h3>
      <p class="muted small">${say.sendLead}</p>
      ${lines.map(
        ([name, text]) =>
          html`<details class="snippet">
            <summary>${name}</summary>
            <div class="code">
              <pre tabindex="0" aria-label=${name}>${text}</pre>
              ${this.renderCopy(`${say.copy}: ${name}`, text)}
            </div>
          </details>`,
      )}
    </section>`;
  }

  private renderCopy(label: string, text: string) {
    const isCopied = this.copied === text;
    return html`<button
      class="icon"
      aria-label=${label}
      title=${label}
      @click=${async () => {
        this.copied = (await copyText(text)) ? text : "";
      }}
    >
      ${icon(isCopied ? "check" : "copy")}
    </button>`;
  }

  private renderFrames() {
    const say = words();
    const all = this.frozen ?? this.frames;
    const shown = all.filter((frame) => this.isWanted(frame));
    return html`<section class="frames" aria-labelledby="frames">
      <h3 id="frames">${say.frames} <span class="muted">(${shown.length})</span></h3>
      <div class="tools">
        <input
          type="search"
          aria-label=${say.filterFrames}
          placeholder=${say.filterFrames}
          .value=${this.search}
          @input=${(event: Event) => (this.search = (event.target as HTMLInputElement).value)}
        />
        <select aria-label=${say.direction} @change=${this.choseDirection}>
          <option value="">${say.bothDirections}</option>
          <option value="in">↓ ${say.received}</option>
          <option value="out">↑ ${say.sent}</option>
        </select>
        <button
          class="quiet"
          aria-pressed=${this.frozen !== null}
          @click=${() => (this.frozen = this.frozen === null ? this.frames : null)}
        >
          ${this.frozen === null ? say.pauseFrames : say.resumeFrames}
        </button>
        <button class="quiet" @click=${this.clear}>${say.clear}</button>
      </div>
      ${
        shown.length === 0
          ? html`<p class="muted small">
              ${all.length === 0 ? say.framesNone : say.framesNoneMatch}
            </p>`
          : nothing
      }
      <ol tabindex="0" aria-label=${say.framesNewest}>
        ${repeat(
          shown,
          ({ number }) => number,
          (frame) => this.renderFrame(frame),
        )}
      </ol>
    </section>`;
  }

  private renderFrame(frame: NumberedFrame) {
    const say = words();
    const isIn = frame.direction === "in";
    const text = prettyJson(frame.text);
    return html`<li data-direction=${frame.direction}>
      <div class="meta">
        <span class=${frame.direction}>${isIn ? `↓ ${say.received}` : `↑ ${say.sent}`}</span>
        <span>${preciseTime(frame.at)}</span>
        ${this.renderCopy(say.copy, text)}
      </div>
      <pre>${text}</pre>
    </li>`;
  }

  private isWanted(frame: NumberedFrame): boolean {
    if (this.direction !== "" && frame.direction !== this.direction) return false;
    return frame.text.toLocaleLowerCase().includes(this.search.trim().toLocaleLowerCase());
  }

  private choseDirection(event: Event): void {
    this.direction = (event.target as HTMLSelectElement).value as Direction;
  }

  private clear(): void {
    this.frozen = null;
    this.tell("carillon-clear-frames");
  }

  private pressedKey(event: KeyboardEvent): void {
    if (event.key === "Escape") this.tell("carillon-drawer");
  }
}
