/** The whole page: the login, or the inbox of whoever is signed in. */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import {
  type Account,
  AccountApi,
  Http,
  HttpError,
  type NotificationFrame,
} from "../../client";
import { headlineOf, SEVERITIES } from "../format";
import { LiveInbox } from "../live-inbox";
import { sharedStyles } from "../shared-styles";
import type { ActionDetail } from "./notification-item";
import "./connection-badge";
import "./frame-drawer";
import "./inbox-list";
import "./login-form";

const TITLE = "Carillon";
const RETRY_MS = 3_000;

@customElement("carillon-live-page")
export class LivePage extends LitElement {
  static override styles = [
    sharedStyles,
    css`
      .top {
        border-bottom: 1px solid var(--border);
        background: var(--surface);
      }

      .top > div,
      main {
        max-width: 52rem;
        margin: 0 auto;
        padding: 0.75rem 1rem;
      }

      .top > div {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 1rem;
      }

      h1 {
        font-size: 1.25rem;
      }

      .who {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 1rem;
        margin-left: auto;
        overflow-wrap: anywhere;
      }

      main {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.5rem;
        padding-block: 1.25rem 2rem;
      }
    `,
  ];

  /** Set by the server's template when the request came with a session. */
  @property({ type: Boolean, attribute: "signed-in" }) isSignedIn = false;
  @state() private live: LiveInbox | null = null;
  @state() private phase: "starting" | "login" | "inbox" = "starting";
  @state() private notice = "";
  @state() private announcement = "";
  private readonly accountApi = new AccountApi(new Http());

  override connectedCallback(): void {
    super.connectedCallback();
    globalThis.addEventListener("online", this.networkChanged);
    globalThis.addEventListener("offline", this.networkChanged);
    void this.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    globalThis.removeEventListener("online", this.networkChanged);
    globalThis.removeEventListener("offline", this.networkChanged);
    this.live?.close();
  }

  protected override updated(): void {
    const unread = this.live?.inbox.unread ?? 0;
    document.title = unread > 0 ? `(${unread}) ${TITLE}` : TITLE;
  }

  protected override render() {
    return html`
      <header class="top">
        <div>
          <h1>${TITLE}</h1>
          ${this.live === null ? nothing : this.renderSession(this.live)}
        </div>
      </header>
      <main>${this.renderMain()}</main>
      <p class="visually-hidden" role="status" aria-live="polite">${this.announcement}</p>
    `;
  }

  private renderSession(live: LiveInbox) {
    return html`
      <carillon-connection-badge
        .status=${live.status}
        .latencyMs=${live.latencyMs}
        @carillon-reconnect=${() => live.reconnect()}
      ></carillon-connection-badge>
      <div class="who">
        <span>${live.account.username}</span>
        <button class="quiet" @click=${this.signOut}>Sign out</button>
      </div>
    `;
  }

  private renderMain() {
    if (this.phase === "login") {
      return html`<carillon-login-form
        .account=${this.accountApi}
        .notice=${this.notice}
        @carillon-signed-in=${(event: CustomEvent<Account>) => this.enter(event.detail)}
      ></carillon-login-form>`;
    }
    if (this.live === null) return html`<p>${this.notice || "Loading…"}</p>`;
    return this.renderInbox(this.live);
  }

  private renderInbox(live: LiveInbox) {
    return html`
      <carillon-inbox-list
        .inbox=${live.inbox}
        .isBusy=${live.isBusy}
        .problem=${live.problem}
        .clockOffsetMs=${live.clockOffsetMs}
        @carillon-read-all=${() => void live.markAllRead()}
        @carillon-load-older=${() => void live.loadOlder()}
        @carillon-action=${({ detail }: CustomEvent<ActionDetail>) =>
          void live.act(detail.key, detail.action)}
      ></carillon-inbox-list>
      <carillon-frame-drawer
        .frames=${live.frames}
        @carillon-clear-frames=${() => live.clearFrames()}
      ></carillon-frame-drawer>
    `;
  }

  private async start(): Promise<void> {
    if (!this.isSignedIn) {
      this.leave("");
      return;
    }
    try {
      this.enter(await this.accountApi.me());
    } catch (error) {
      if (error instanceof HttpError && error.isLoginRequired) {
        this.leave("");
        return;
      }
      this.notice = "The server cannot be reached. Trying again…";
      setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  private enter(account: Account): void {
    this.live?.close();
    this.live = new LiveInbox({
      account,
      onChange: () => this.requestUpdate(),
      onArrival: (frame) => this.announce(frame),
      onSignedOut: () => this.leave("Your session has ended. Sign in again."),
    });
    this.notice = "";
    this.phase = "inbox";
    void this.live.open();
  }

  private leave(notice: string): void {
    const { live } = this;
    this.live = null;
    this.notice = notice;
    this.announcement = "";
    this.phase = "login";
    live?.close();
  }

  private readonly signOut = async (): Promise<void> => {
    try {
      await this.accountApi.logout();
    } catch (error) {
      if (!(error instanceof HttpError && error.isLoginRequired)) {
        this.live?.complain("Signing out failed: the server cannot be reached.");
        return;
      }
    }
    this.leave("You have signed out.");
  };

  private announce(frame: NotificationFrame): void {
    const { word } = SEVERITIES[frame.severity];
    this.announcement = `New notification, ${word}: ${frame.title || headlineOf(frame.value)}`;
  }

  private readonly networkChanged = (): void => this.live?.checkConnection();
}
