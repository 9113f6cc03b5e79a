/** Another password. */

import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { fieldProblem, problemOf } from "../explain";
import type { ProfileApi } from "../profile-api";
import { formField, valuesOf } from "./form-field";
import { formStyles } from "./form-styles";
import { PageElement } from "./page-element";

@customElement("carillon-password-form")
export class PasswordForm extends PageElement {
  static override styles = [sharedStyles, formStyles];

  @property({ attribute: false }) username = "";
  @property({ attribute: false }) api!: ProfileApi;
  @state() private problem: unknown = null;
  @state() private differ = false;
  @state() private isBusy = false;
  @state() private isChanged = false;

  protected override render() {
    const say = words();
    const said = this.problem === null ? "" : problemOf(this.problem);
    const secret = { type: "password", required: true } as const;
    return html`
      <form @submit=${this.submit} novalidate>
        <input hidden name="username" autocomplete="username" .value=${this.username} />
        <div class="fields three">
          ${formField({
            ...secret,
            name: "old_password",
            label: say.oldPassword,
            autocomplete: "current-password",
            problem: fieldProblem(this.problem, "old_password"),
          })}
          ${formField({
            ...secret,
            name: "new_password",
            label: say.newPassword,
            autocomplete: "new-password",
            problem: fieldProblem(this.problem, "new_password"),
          })}
          ${formField({
            ...secret,
            name: "repeated",
            label: say.repeatPassword,
            autocomplete: "new-password",
            problem: this.differ ? say.passwordsDiffer : "",
          })}
        </div>
        <p class="problem" role="alert" ?hidden=${said === ""}>${said}</p>
        <div class="row">
          <button class="primary" type="submit" ?disabled=${this.isBusy}>
            ${say.changePassword}
          </button>
          <span class="good" role="status">${this.isChanged ? say.passwordChanged : ""}</span>
        </div>
      </form>
    `;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { old_password: present = "", new_password: next = "", repeated } = valuesOf(form);
    this.problem = null;
    this.isChanged = false;
    this.differ = next !== repeated;
    if (!this.differ && !this.isBusy) await this.change(form, [present, next]);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }

  private async change(form: HTMLFormElement, passwords: [string, string]): Promise<void> {
    this.isBusy = true;
    try {
      await this.api.changePassword(...passwords);
      this.isChanged = true;
      form.reset();
    } catch (error) {
      this.problem = error;
    } finally {
      this.isBusy = false;
    }
  }
}
