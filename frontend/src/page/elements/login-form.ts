/** The form that begins a session. */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { type Account, type AccountApi, HttpError } from "../../client";
import { sharedStyles } from "../shared-styles";

@customElement("carillon-login-form")
export class LoginForm extends LitElement {
  static override styles = [
    sharedStyles,
    css`
      form {
        display: grid;
        gap: 1rem;
        max-width: 24rem;
        margin: 2rem auto;
        padding: 1.5rem;
        border: 1px solid var(--border);
        border-radius: 0.75rem;
        background: var(--surface);
      }

      label {
        display: grid;
        gap: 0.25rem;
        font-weight: 600;
      }

      input {
        min-height: 2.5rem;
        padding: 0.25rem 0.625rem;
        border: 1px solid var(--muted);
        border-radius: 0.5rem;
        background: var(--background);
        color: inherit;
        font: inherit;
        font-weight: 400;
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
    return html`
      <form method="post" @submit=${this.submit} aria-busy=${this.isBusy}>
        <h2>Sign in</h2>
        ${this.notice === "" ? nothing : html`<p>${this.notice}</p>`}
        <label>
          Username
          <input id="username" name="username" autocomplete="username" required />
        </label>
        <label>
          Password
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
        </label>
        <p class="problem" role="alert">${this.problem}</p>
        <button class="primary" type="submit">Sign in</button>
      </form>
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
    return "The server cannot be reached. Try again in a moment.";
  }
  if (error.status === 429) {
    const seconds = Math.ceil((error.retryAfterMs ?? 60_000) / 1000);
    return `Too many attempts. Try again in ${seconds} s.`;
  }
  if (error.status === 400 || error.status === 401) return "Wrong username or password.";
  return error.message;
}
