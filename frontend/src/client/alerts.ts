/** The user's alerts and the dashboard over HTTP. */

import type { AlertRow, AlertState, Severity } from "./frames";
import type { Http } from "./http";
import type { InboxRow } from "./inbox";

export interface AlertsPage {
  count: number;
  next: string | null;
  previous: string | null;
  results: AlertRow[];
  unread: number;
  version: number;
}

export interface Dashboard {
  alerts: {
    unread: number;
    read: number;
    snoozed: number;
    by_severity: Record<Severity, number>;
    latest: AlertRow[];
  };
  notifications: {
    unread: number;
    by_severity: Record<Severity, number>;
    latest: InboxRow[];
  };
}

/** Until a time, for some minutes, or (an empty object) to the end of the user's day. */
export interface Snooze {
  until?: string;
  minutes?: number;
}

export interface AlertsQuery {
  page?: number;
  page_size?: number;
  state?: AlertState;
  severity?: Severity;
}

const PATH = "/api/user/alerts/";

export class AlertsApi {
  constructor(private readonly http: Http) {}

  list(query: AlertsQuery = {}): Promise<AlertsPage> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    const suffix = search.size > 0 ? `?${search.toString()}` : "";
    return this.http.get(`${PATH}${suffix}`);
  }

  markRead(id: number): Promise<AlertRow> {
    return this.http.post(`${PATH}${id}/read/`);
  }

  markUnread(id: number): Promise<AlertRow> {
    return this.http.post(`${PATH}${id}/unread/`);
  }

  snooze(id: number, snooze: Snooze = {}): Promise<AlertRow> {
    return this.http.post(`${PATH}${id}/snooze/`, snooze);
  }

  endSnooze(id: number): Promise<AlertRow> {
    return this.http.delete(`${PATH}${id}/snooze/`);
  }

  dashboard(): Promise<Dashboard> {
    return this.http.get("/api/user/dashboard/");
  }
}
