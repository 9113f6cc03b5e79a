/** The person's name, contacts, time zone and language. */

import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Account } from "../../client";
import { LANGUAGES, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { fieldProblem, problemOf } from "../explain";
import { preferences } from "../preferences";
import type { ProfileApi } from "../profile-api";
import { formField, valuesOf } from "./form-field";
import { formStyles } from "./form-styles";
import { PageElement } from "./page-element";

@customElement("carillon-profile-form")
export class ProfileForm extends PageElement {
  static override styles = [sharedStyles, formStyles];

  @property({ attribute: false }) account!: Account;
  @property({ attribute: false }) api!: ProfileApi;
  @state() private problem: unknown = null;
  @state() private isBusy = false;
  @state() private isSaved = false;

  protected override render() {
    const say = words();
    const said = this.problem === null ? "" : problemOf(this.problem);
    const { account } = this;
    const wrong = (name: string) => fieldProblem(this.problem, name);
    return html`
      <form @submit=${this.submit} @input=${() => (this.isSaved = false)} novalidate>
        <div class="fields">
          ${formField({
            name: "first_name",
            label: say.firstName,
            value: account.first_name,
            autocomplete: "given-name",
            problem: wrong("first_name"),
          })}
          ${formField({
            name: "last_name",
            label: say.lastName,
            value: account.last_name,
            autocomplete: "family-name",
            problem: wrong("last_name"),
          })}
          ${formField({
            name: "email",
            label: say.email,
            type: "email",
            value: account.contacts.email,
            autocomplete: "email",
            problem: wrong("email"),
          })}
          ${formField({
            name: "phone",
            label: say.phone,
            type: "tel",
            value: account.contacts.phone,
            autocomplete: "tel",
            hint: say.phoneHint,
            problem: wrong("phone"),
          })}
          ${formField({
            name: "telegram_chat_id",
            label: say.telegram,
            value: account.contacts.telegram_chat_id,
            hint: say.telegramHint,
            problem: wrong("telegram_chat_id"),
          })}
          ${formField({
            name: "timezone",
            label: say.timezone,
            value: account.timezone,
            list: "zones",
            hint: say.timezoneHint,
            problem: wrong("timezone"),
          })}
          <div class="field">
            <label for="language">${say.language}</label>
            <select id="language" name="language">
              ${LANGUAGES.map(
                ({ language, name }) =>
                  html`<option value=${language} .selected=${language === account.language}>
                    ${name}
                  </option>`,
              )}
            </select>
          </div>
        </div>
        <datalist id="zones">
          ${Intl.supportedValuesOf("timeZone").map((zone) => html`<option value=${zone}></option>`)}
        </datalist>
        <p class="problem" role="alert" ?hidden=${said === ""}>${said}</p>
        <div class="row">
          <button class="primary" type="submit" ?disabled=${this.isBusy}>${say.save}</button>
          <span class="good" role="status">${this.isSaved ? say.saved : ""}</span>
        </div>
      </form>
    `;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    const values = valuesOf(event.target as HTMLFormElement);
    try {
      const account = await this.api.change(values);
      this.problem = null;
      this.isSaved = true;
      const isOther = account.language !== this.account.language;
      this.tell("carillon-account", account);
      // Whoever changes it means this browser too, also where another was chosen by hand.
      if (isOther) preferences.choose({ language: account.language });
    } catch (error) {
      this.problem = error;
      this.isSaved = false;
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
    } finally {
      this.isBusy = false;
    }
  }
}
