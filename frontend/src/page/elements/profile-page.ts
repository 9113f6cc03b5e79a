/** The person's own page: contacts, password, this browser, sessions. */

import { css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Account } from "../../client";
import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { icon } from "../icons";
import type { ProfileApi } from "../profile-api";
import { PageElement } from "./page-element";
import "./browser-settings";
import "./delivery-choices";
import "./password-form";
import "./profile-form";
import "./session-list";

@customElement("carillon-profile-page")
export class ProfilePage extends PageElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: grid;
        gap: 1.25rem;
      }

      .top {
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }

      h2 {
        font-size: 1.5rem;
        font-weight: 650;
        letter-spacing: -0.015em;
      }

      h2:focus,
      h3:focus {
        outline: none;
      }

      section {
        display: grid;
        gap: 1.25rem;
        padding: 1.5rem;
        /* Below the header, which stays. */
        scroll-margin-top: 5rem;
      }

      h3 {
        font-size: 1.0625rem;
        font-weight: 650;
      }

      @media (max-width: 36rem) {
        section {
          padding: 1.125rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) account!: Account;
  @property({ attribute: false }) api!: ProfileApi;

  protected override firstUpdated(): void {
    // Where mails lead, see email.py.
    if (location.hash !== "#preferences") {
      this.renderRoot.querySelector("h2")?.focus();
      return;
    }
    const channels = this.renderRoot.querySelector<HTMLElement>("#outside");
    channels?.focus({ preventScroll: true });
    // The forms above take their room with the first frame.
    requestAnimationFrame(() => channels?.closest("section")?.scrollIntoView());
  }

  protected override render() {
    const say = words();
    const { account, api } = this;
    return html`
      <div class="top">
        <a class="button icon" href="#" aria-label=${say.back} title=${say.back}>
          ${icon("left")}
        </a>
        <h2 tabindex="-1">${say.profile}</h2>
      </div>
      ${section(
        "about",
        [say.aboutYou, say.aboutYouLead],
        html` <carillon-profile-form .account=${account} .api=${api}></carillon-profile-form> `,
      )}
      ${section(
        "outside",
        [say.outside, say.outsideLead],
        html`
          <carillon-delivery-choices
            .account=${account}
            .api=${api}
          ></carillon-delivery-choices>
        `,
      )}
      ${section(
        "password",
        [say.passwordTitle, say.passwordLead],
        html`
          <carillon-password-form
            .username=${account.username}
            .api=${api}
          ></carillon-password-form>
        `,
      )}
      ${section(
        "browser",
        [say.thisBrowser, say.thisBrowserLead],
        html` <carillon-browser-settings></carillon-browser-settings> `,
      )}
      ${section(
        "sessions",
        [say.sessions, say.sessionsLead],
        html` <carillon-session-list .api=${api}></carillon-session-list> `,
      )}
    `;
  }
}

function section(id: string, [heading, lead]: [string, string], content: TemplateResult) {
  return html`<section class="card" aria-labelledby=${id}>
    <div>
      <h3 id=${id} tabindex="-1">${heading}</h3>
      <p class="muted small">${lead}</p>
    </div>
    ${content}
  </section>`;
}
