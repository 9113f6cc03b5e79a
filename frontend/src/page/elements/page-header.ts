/** The bar on top: the bell, the connection, and the menu of the account. */

import { css, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import type { Account, ConnectionStatus } from "../../client";
import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { icon, type IconName } from "../icons";
import { PageElement } from "./page-element";
import "./appearance-choice";
import "./connection-badge";

@customElement("carillon-page-header")
export class PageHeader extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        position: sticky;
        top: 0;
        z-index: 20;
        border-bottom: 1px solid var(--border);
        background: var(--surface);
      }

      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 1rem;
        padding: 0.625rem 1.25rem;
      }

      .brand {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        margin-right: auto;
        color: inherit;
        text-decoration: none;
      }

      h1 {
        font-size: 1.125rem;
        font-weight: 650;
        letter-spacing: -0.01em;
      }

      .bell {
        position: relative;
        display: grid;
        place-items: center;
        width: 2.25rem;
        height: 2.25rem;
        border-radius: var(--radius-small);
        background: var(--accent);
        color: var(--on-accent);
      }

      .count {
        position: absolute;
        top: -0.375rem;
        right: -0.5rem;
        min-width: 1.25rem;
        padding: 0 0.3125rem;
        border: 2px solid var(--surface);
        border-radius: 1rem;
        background: var(--bad);
        color: var(--surface);
        font-size: 0.6875rem;
        font-weight: 700;
        line-height: 1rem;
        text-align: center;
        font-variant-numeric: tabular-nums;
      }

      .account {
        position: relative;
      }

      .name {
        max-width: 12rem;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }

      .menu {
        position: absolute;
        top: calc(100% + 0.5rem);
        right: 0;
        display: grid;
        gap: 0.125rem;
        width: 18rem;
        max-width: calc(100vw - 2rem);
        padding: 0.5rem;
        box-shadow: var(--shadow-high);
      }

      .menu > button,
      .menu > a {
        justify-content: flex-start;
        border-color: transparent;
        background: transparent;
        font-weight: 450;
      }

      .menu > button:hover,
      .menu > a:hover {
        background: var(--raised);
      }

      .menu svg {
        color: var(--muted);
      }

      hr {
        width: 100%;
        margin: 0.375rem 0;
        border: 0;
        border-top: 1px solid var(--border);
      }

      @media (max-width: 36rem) {
        header {
          padding: 0.5rem 1rem;
        }

        .name {
          display: none;
        }

        .opener {
          padding: 0 0.5rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) account!: Account;
  @property({ attribute: false }) status: ConnectionStatus = { phase: "idle" };
  @property({ attribute: false }) latencyMs: number | null = null;
  @property({ attribute: false }) unread = 0;
  @state() private isOpen = false;
  @query(".opener") private opener!: HTMLButtonElement;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.pressedAnywhere);
    this.addEventListener("keydown", this.pressedKey);
    this.addEventListener("focusout", this.leftFocus);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("pointerdown", this.pressedAnywhere);
  }

  protected override render() {
    const say = words();
    return html`
      <header>
        <a class="brand" href="#" aria-label="${say.appName}, ${say.unreadBell(this.unread)}">
          <span class="bell">
            ${icon("bell")}
            ${
              this.unread === 0
                ? nothing
                : html`<span class="count">${this.unread > 99 ? "99+" : this.unread}</span>`
            }
          </span>
          <h1>${say.appName}</h1>
        </a>
        <carillon-connection-badge
          .status=${this.status}
          .latencyMs=${this.latencyMs}
        ></carillon-connection-badge>
        <div class="account">
          <button
            class="opener"
            aria-expanded=${this.isOpen}
            aria-controls="menu"
            aria-label=${say.accountOf(this.account.username)}
            @click=${this.toggle}
          >
            ${icon("person")}
            <bdi class="name">${this.account.username}</bdi>
            ${icon("down")}
          </button>
          <div id="menu" class="menu card" ?hidden=${!this.isOpen}>
            ${this.isOpen ? this.renderMenu() : nothing}
          </div>
        </div>
      </header>
    `;
  }

  private renderMenu() {
    const say = words();
    return html`
      <a class="button" href="#profile" @click=${() => (this.isOpen = false)}>
        ${icon("gear")}${say.profile}
      </a>
      ${
        this.account.is_staff
          ? html`<a class="button" href="/admin/">${icon("device")}${say.administration}</a>`
          : nothing
      }
      ${this.renderEntry("code", say.developerTools, "carillon-drawer")}
      ${this.renderEntry("keyboard", say.keyboardShortcuts, "carillon-help")}
      <hr />
      <carillon-appearance-choice></carillon-appearance-choice>
      <hr />
      ${this.renderEntry("exit", say.signOut, "carillon-sign-out")}
    `;
  }

  private renderEntry(drawing: IconName, label: string, asks: `carillon-${string}`) {
    const pressed = () => {
      this.isOpen = false;
      this.opener.focus();
      this.tell(asks);
    };
    return html`<button @click=${pressed}>${icon(drawing)}${label}</button>`;
  }

  private toggle(): void {
    this.isOpen = !this.isOpen;
  }

  private readonly pressedAnywhere = (event: Event): void => {
    const inside = this.renderRoot.querySelector(".account");
    if (inside !== null && !event.composedPath().includes(inside)) this.isOpen = false;
  };

  private readonly pressedKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !this.isOpen) return;
    this.isOpen = false;
    this.opener.focus();
  };

  private readonly leftFocus = (event: FocusEvent): void => {
    const next = event.relatedTarget;
    if (next instanceof Node && next !== this && !this.contains(next)) this.isOpen = false;
  };
}
