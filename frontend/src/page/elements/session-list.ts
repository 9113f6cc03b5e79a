/** Where this person is signed in, and the ways out. */

import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { exactTime, relativeTime, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { browserOf } from "../browser-name";
import { problemOf } from "../explain";
import { icon } from "../icons";
import type { BrowserSession, ProfileApi } from "../profile-api";
import { PageElement } from "./page-element";

@customElement("carillon-session-list")
export class SessionList extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: grid;
        gap: 1rem;
      }

      li {
        display: flex;
        align-items: center;
        gap: 0.875rem;
        padding: 0.75rem 0;
        border-top: 1px solid var(--border);
      }

      li > svg {
        color: var(--muted);
      }

      .what {
        flex: 1;
        min-width: 0;
        overflow-wrap: anywhere;
      }

      .this {
        padding: 0 0.5rem;
        border-radius: 1rem;
        background: var(--accent-tint);
        color: var(--accent);
        font-size: 0.75rem;
        font-weight: 600;
      }

      .way-out {
        padding-top: 1rem;
        border-top: 1px solid var(--border);
      }
    `,
  ];

  @property({ attribute: false }) api!: ProfileApi;
  @state() private sessions: readonly BrowserSession[] | null = null;
  @state() private problem = "";
  @state() private said = "";
  @state() private isSure = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    const say = words();
    return html`
      <div>
        ${this.sessions === null && this.problem === "" ? say.loading : nothing}
        <ul>
          ${repeat(
            this.sessions ?? [],
            ({ id }) => id,
            (session) => this.renderSession(session),
          )}
        </ul>
        <p class="problem" role="alert">${this.problem}</p>
        <p class="visually-hidden" role="status">${this.said}</p>
      </div>
      <div class="way-out row">
        <button class="danger" @click=${this.signOutEverywhere}>
          ${this.isSure ? say.sureSignOutEverywhere : say.signOutEverywhere}
        </button>
        ${
          this.isSure
            ? html`<button @click=${() => (this.isSure = false)}>${say.cancel}</button>`
            : nothing
        }
        <span class="muted small">${say.signOutEverywhereHint}</span>
      </div>
    `;
  }

  private renderSession(session: BrowserSession) {
    const say = words();
    const end = html`<button
      class="icon"
      aria-label=${say.endSession}
      title=${say.endSession}
      @click=${() => void this.end(session.id)}
    >
      ${icon("exit")}
    </button>`;
    return html`<li>
      ${icon("device")}
      <div class="what">
        <p class="row">
          <strong>${browserOf(session.user_agent)}</strong>
          ${session.is_current ? html`<span class="this">${say.thisSession}</span>` : nothing}
        </p>
        <p class="muted small">
          ${session.ip_address === "" ? nothing : html`<bdi>${session.ip_address}</bdi> · `}
          ${this.renderTime(session.created_at, say.sessionBegan)}
          ${session.last_seen_at === null ? nothing : " · "}
          ${this.renderTime(session.last_seen_at, say.sessionSeen)}
        </p>
      </div>
      ${session.is_current ? nothing : end}
    </li>`;
  }

  private renderTime(at: string | null, sentence: (when: string) => string) {
    if (at === null) return nothing;
    const when = relativeTime(at, Date.now());
    return html`<time datetime=${at} title=${exactTime(at)}>${sentence(when)}</time>`;
  }

  private async load(): Promise<void> {
    await this.attempt(async () => {
      this.sessions = await this.api.sessions();
    });
  }

  private async end(id: string): Promise<void> {
    await this.attempt(async () => {
      await this.api.endSession(id);
      this.said = words().sessionEndedNow;
      this.sessions = (this.sessions ?? []).filter((session) => session.id !== id);
    });
  }

  private async signOutEverywhere(): Promise<void> {
    if (!this.isSure) {
      this.isSure = true;
      return;
    }
    await this.attempt(async () => {
      await this.api.signOutEverywhere();
      this.tell("carillon-signed-out-everywhere");
    });
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
      this.problem = "";
    } catch (error) {
      this.problem = problemOf(error);
    }
  }
}
