/** What reaches a person outside of this page: by kind and channel, and when. */

import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";

import { type Account, HttpError } from "../../client";
import { words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { problemOf } from "../explain";
import { icon } from "../icons";
import type { DeliveryChange, DeliveryPreferences, ProfileApi } from "../profile-api";
import { deliveryChoicesStyles } from "./delivery-choices-styles";
import { PageElement } from "./page-element";

/** The kind that stands for all kinds without a choice of their own. */
const EVERY_KIND = "*";

@customElement("carillon-delivery-choices")
export class DeliveryChoices extends PageElement {
  static override styles = [sharedStyles, deliveryChoicesStyles];

  @property({ attribute: false }) account!: Account;
  @property({ attribute: false }) api!: ProfileApi;
  @state() private chosen: DeliveryPreferences | null = null;
  @state() private problem = "";
  @state() private said = "";

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    // Another time zone or phone changes what is said here.
    if (changed.has("account")) void this.attempt(() => this.api.preferences());
  }

  protected override render() {
    const { chosen } = this;
    return html`
      ${chosen === null ? this.renderLoading() : [this.renderKinds(chosen), this.renderQuiet(chosen)]}
      <p class="problem" role="alert">${this.problem}</p>
      <p class="good small" role="status">${this.said}</p>
    `;
  }

  private renderLoading() {
    return this.problem === "" ? html`<p>${words().loading}</p>` : nothing;
  }

  private renderKinds({ kinds, channels }: DeliveryPreferences) {
    const say = words();
    const missing = channels.filter((channel) => this.lacksAddress(channel));
    return html`
      <div>
        ${repeat(
          Object.entries(kinds),
          ([kind]) => kind,
          ([kind, byChannel]) => this.renderKind(kind, byChannel, channels),
        )}
        ${this.renderCritical(channels)}
      </div>
      ${
        missing.length === 0
          ? nothing
          : html`<p class="muted small">
              ${say.channelsWithoutAddress(missing.map(channelName).join(", "))}
            </p>`
      }
    `;
  }

  private renderKind(
    kind: string,
    byChannel: Record<string, boolean>,
    channels: readonly string[],
  ) {
    const label = `kind-${kind}`;
    return html`<div class="choice" role="group" aria-labelledby=${label}>
      <div class="kind" id=${label}>
        <bdi>${kindName(kind)}</bdi>
        ${kind === EVERY_KIND ? html`<small class="muted">${words().everyKindHint}</small>` : nothing}
      </div>
      <div class="channels">
        ${channels.map(
          (channel) =>
            html`<label>
              <input
                type="checkbox"
                .checked=${live(byChannel[channel] ?? true)}
                @change=${(event: Event) => this.choose(kind, channel, event)}
              />
              <bdi>${channelName(channel)}</bdi>
            </label>`,
        )}
      </div>
    </div>`;
  }

  private renderCritical(channels: readonly string[]) {
    const say = words();
    return html`<div
      class="choice"
      role="group"
      aria-labelledby="kind-critical"
      aria-describedby="critical-why"
    >
      <div class="kind" id="kind-critical">${icon("lock")} ${say.severityCritical}</div>
      <div class="channels">
        ${channels.map(
          (channel) =>
            html`<label class="locked">
              <input type="checkbox" checked disabled />
              <bdi>${channelName(channel)}</bdi>
            </label>`,
        )}
      </div>
      <p class="why muted small" id="critical-why">${say.criticalLocked}</p>
    </div>`;
  }

  private renderQuiet({
    quiet_hours: hours,
    timezone,
    quiet_until: until,
  }: DeliveryPreferences) {
    const say = words();
    return html`
      <div class="quiet-hours">
        <label class="switch">
          <input
            type="checkbox"
            aria-describedby="quiet-hint"
            .checked=${live(hours.enabled)}
            @change=${(event: Event) =>
              void this.change({ quiet_hours: { enabled: boxOf(event).checked } })}
          />
          ${say.quietHours}
        </label>
        <div class="times">
          ${this.renderTime("start", say.quietFrom, hours)}
          ${this.renderTime("end", say.quietTo, hours)}
        </div>
        <p class="muted small" id="quiet-hint">
          ${say.quietHint(timezone)}
          ${until === null ? nothing : html`<strong>${say.quietNow(hours.end)}</strong>`}
        </p>
      </div>
    `;
  }

  private renderTime(
    edge: "start" | "end",
    label: string,
    hours: DeliveryPreferences["quiet_hours"],
  ) {
    return html`<label>
      <span>${label}</span>
      <input
        type="time"
        required
        .value=${live(hours[edge])}
        ?disabled=${!hours.enabled}
        @change=${(event: Event) => this.chooseTime(edge, boxOf(event).value)}
      />
    </label>`;
  }

  private choose(kind: string, channel: string, event: Event): void {
    void this.change({ kinds: { [kind]: { [channel]: boxOf(event).checked } } });
  }

  private chooseTime(edge: "start" | "end", value: string): void {
    // A time that is not filled in completely is none.
    if (value !== "") void this.change({ quiet_hours: { [edge]: value.slice(0, 5) } });
  }

  private async change(change: DeliveryChange): Promise<void> {
    const before = this.chosen;
    // Shown at once; the answer says what else changed with it.
    if (before !== null) this.chosen = changed(before, change);
    const isStored = await this.attempt(() => this.api.changePreferences(change));
    if (isStored) this.said = words().saved;
    else this.chosen = before;
  }

  private lacksAddress(channel: string): boolean {
    const { email, phone, telegram_chat_id: telegram } = this.account.contacts;
    const known: Partial<Record<string, string>> = { email, sms: phone, telegram };
    return known[channel] === "";
  }

  private async attempt(ask: () => Promise<DeliveryPreferences>): Promise<boolean> {
    this.said = "";
    try {
      this.chosen = await ask();
      this.problem = "";
      return true;
    } catch (error) {
      // The one thing that can be chosen wrongly here.
      const isWrong = error instanceof HttpError && error.status === 400;
      this.problem = isWrong ? words().quietWrong : problemOf(error);
      return false;
    }
  }
}

function changed(before: DeliveryPreferences, change: DeliveryChange): DeliveryPreferences {
  const kinds = { ...before.kinds };
  for (const [kind, byChannel] of Object.entries(change.kinds ?? {})) {
    kinds[kind] = { ...kinds[kind], ...byChannel };
  }
  return { ...before, kinds, quiet_hours: { ...before.quiet_hours, ...change.quiet_hours } };
}

function boxOf(event: Event): HTMLInputElement {
  return event.target as HTMLInputElement;
}

function kindName(kind: string): string {
  const say = words();
  const known: Partial<Record<string, string>> = {
    [EVERY_KIND]: say.kindEvery,
    alert: say.kindAlert,
    event: say.kindEvent,
    mailing: say.kindMailing,
    message: say.kindMessage,
  };
  return known[kind] ?? kind;
}

function channelName(channel: string): string {
  const say = words();
  const known: Partial<Record<string, string>> = {
    email: say.email,
    sms: say.channelSms,
    telegram: say.channelTelegram,
    webhook: say.channelWebhook,
  };
  return known[channel] ?? channel;
}
