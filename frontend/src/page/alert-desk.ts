/** The upper part of the page for one signed-in user: the dashboard and the alerts. */

import { html } from "lit";

import type { CarillonClient, NotificationFrame } from "../client";
import type { Calls } from "./calls";
import type { AlertActionDetail } from "./elements/alert-card";
import type { OverviewPanel } from "./elements/overview-panel";
import { headlineOf } from "./format";
import { LiveAlerts } from "./live-alerts";
import type { LiveInbox } from "./live-inbox";
import { Overview } from "./overview";
import type { TabMessage } from "./tabs";
import { knownZone } from "./zones";
import "./elements/alert-list";
import "./elements/overview-panel";

interface AlertDeskOptions {
  client: CarillonClient;
  live: LiveInbox;
  calls: Calls;
  onChange: () => void;
  tell: (message: TabMessage) => void;
}

export class AlertDesk {
  private readonly alerts: LiveAlerts;
  private readonly overview: Overview;

  constructor(private readonly options: AlertDeskOptions) {
    const { client, live, calls, onChange, tell } = options;
    this.alerts = new LiveAlerts({
      client,
      user: live.account.id,
      now: () => this.now,
      onChange,
      onArrivals: (rows, isFirst) => calls.arrived(rows, isFirst),
      onReminder: (row) => calls.reminded(row),
      onGone: (rows) => calls.gone(rows),
      onProblem: (title, reason) => calls.failed(title, reason),
      tell,
    });
    this.overview = new Overview({ client, headlineOf: headline, onChange });
  }

  close(): void {
    this.alerts.close();
    this.overview.close();
  }

  /** What another tab of this browser did. */
  hear(message: TabMessage): void {
    this.alerts.hear(message);
  }

  arrived(frames: readonly NotificationFrame[]): void {
    this.overview.arrived(frames);
  }

  inboxChanged(): void {
    this.overview.expect(this.options.live.inbox.unread);
  }

  render() {
    const { account, clockOffsetMs, inbox } = this.options.live;
    const { visible } = this.alerts;
    const zone = knownZone(account.timezone);
    return html`
      <carillon-overview-panel
        .alerts=${visible}
        .notifications=${this.overview.notifications}
        .unread=${inbox.unread}
        .now=${this.now}
        .zone=${zone}
      ></carillon-overview-panel>
      <carillon-alert-list
        .alerts=${visible}
        .clockOffsetMs=${clockOffsetMs}
        .zone=${zone}
        @carillon-alert-action=${({ detail }: CustomEvent<AlertActionDetail>) =>
          void this.act(detail)}
        @carillon-alerts-left=${(event: Event) => overviewBeside(event)?.focus()}
      ></carillon-alert-list>
    `;
  }

  private get now(): number {
    return Date.now() + this.options.live.clockOffsetMs;
  }

  private async act({ id, action }: AlertActionDetail): Promise<void> {
    const isDone = await this.alerts.act(id, action);
    const undo = () => void this.alerts.act(id, { kind: "unread" });
    if (isDone) this.options.calls.done(action, undo);
  }
}

function headline({ title, value }: Pick<NotificationFrame, "title" | "value">): string {
  return title || headlineOf(value);
}

function overviewBeside(event: Event): OverviewPanel | null {
  const list = event.currentTarget as HTMLElement;
  return list.parentElement?.querySelector("carillon-overview-panel") ?? null;
}
