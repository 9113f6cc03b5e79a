/** The form that begins a session. */

import { css, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { type Account, type AccountApi, HttpError } from "../../client";
import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { icon } from "../icons";
import "./appearance-choice";
import { PageElement } from "./page-element";

@customElement("carillon-login-form")
export class LoginForm extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: grid;
        align-content: center;
        justify-items: center;
        gap: 1.25rem;
        min-height: 100vh;
        min-height: 100dvh;
        padding: 1rem;
      }

      form {
        display: grid;
        gap: 1.125rem;
        width: min(24rem, 100%);
        padding: 2rem;
        box-shadow: var(--shadow-high);
      }

      .mark {
        display: grid;
        place-items: center;
        width: 3.25rem;
        height: 3.25rem;
        border-radius: 1rem;
        background: var(--accent);
        color: var(--on-accent);
      }

      .mark svg {
        width: 1.75rem;
        height: 1.75rem;
      }

      h1 {
        font-size: 1.5rem;
        font-weight: 650;
        letter-spacing: -0.015em;
      }

      h2 {
        font-size: 1rem;
        font-weight: 650;
      }

      label {
        display: grid;
        gap: 0.3125rem;
        font-weight: 550;
      }

      input {
        font-weight: 400;
      }

      .notice {
        padding: 0.5rem 0.75rem;
        border-radius: var(--radius-small);
        background: var(--accent-tint);
      }

      button.primary {
        min-height: 2.75rem;
      }

      carillon-appearance-choice {
        width: min(24rem, 100%);
      }

      @media (max-width: 36rem) {
        form {
          padding: 1.5rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) account!: AccountApi;
  @property({ attribute: false }) notice = "";
  @state() private problem = "";
  @state() private isBusy = false;
  @query("#username") private username!: HTMLInputElement;
  @query("#password") private password!: HTMLInputElement;

  protected override firstUpdated(): void {
    this.username.focus();
  }

  protected override render() {
    const say = words();
    return html`
      <form class="card" method="post" @submit=${this.submit} aria-busy=${this.isBusy}>
        <div class="mark">${icon("bell")}</div>
        <div>
          <h1>${say.appName}</h1>
          <p class="muted">${say.signInLead}</p>
        </div>
        ${this.notice === "" ? nothing : html`<p class="notice" role="status">${this.notice}</p>`}
        <label>
          ${say.username}
          <input id="username" name="username" autocomplete="username" required />
        </label>
        <label>
          ${say.password}
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
        </label>
        <p class="problem" role="alert" ?hidden=${this.problem === ""}>${this.problem}</p>
        <button class="primary" type="submit">${say.signIn}</button>
      </form>
      <carillon-appearance-choice></carillon-appearance-choice>
    `;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = "";
    try {
      const account = await this.account.login({
        username: this.username.value,
        password: this.password.value,
      });
      this.dispatchEvent(new CustomEvent<Account>("carillon-signed-in", { detail: account }));
    } catch (error) {
      this.problem = explain(error);
      this.password.select();
    } finally {
      this.isBusy = false;
    }
  }
}

function explain(error: unknown): string {
  if (!(error instanceof HttpError) || error.status === 0) {
    return words().unreachableLater;
  }
  if (error.status === 429) {
    const seconds = Math.ceil((error.retryAfterMs ?? 60_000) / 1000);
    return words().tooManyAttempts(seconds);
  }
  if (error.status === 400 || error.status === 401) {
    return words().wrongLogin;
  }
  return words().refused(error.message);
}
