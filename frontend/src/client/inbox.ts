/** The user's inbox over HTTP. */

import type { Json, NotificationFrame, NotificationStateName, Severity } from "./frames";
import type { Http } from "./http";
import type { StreamPosition } from "./position";

export type RowState = Exclude<NotificationStateName, "acked">;

export interface InboxRow {
  id: number;
  key: string;
  seq: number;
  payload: Json;
  title: string;
  body: string;
  severity: Severity;
  kind: string;
  url: string;
  created_at: string;
  expires_at: string | null;
  acked_at: string | null;
  read_at: string | null;
  archived_at: string | null;
  state: RowState;
}

export interface InboxPage {
  count: number;
  next: string | null;
  previous: string | null;
  results: InboxRow[];
  stream: StreamPosition;
  unread: number;
}

export interface InboxQuery {
  page?: number;
  page_size?: number;
  after?: number;
  /** Only what has a lower number. */
  before?: number;
  state?: RowState;
  severity?: Severity;
  kind?: string;
  search?: string;
}

export type InboxAction = "read" | "unread" | "archive" | "unarchive";

const PATH = "/api/user/notifications/";

export class InboxApi {
  constructor(private readonly http: Http) {}

  list(query: InboxQuery = {}): Promise<InboxPage> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    const suffix = search.size > 0 ? `?${search.toString()}` : "";
    return this.http.get(`${PATH}${suffix}`);
  }

  act(key: string, action: InboxAction): Promise<InboxRow> {
    return this.http.post(`${PATH}${encodeURIComponent(key)}/${action}/`);
  }

  /** Mark as read what is not newer than the number, so that nothing unseen is marked. */
  readAll(upTo: number): Promise<{ updated: number; unread: number }> {
    return this.http.post(`${PATH}read-all/`, { up_to: upTo });
  }
}

/** A row read over HTTP, as the frame that the socket would have brought. */
export function frameOf(row: InboxRow): NotificationFrame {
  const { key, seq, payload, kind, title, body, severity, url, created_at } = row;
  return {
    type: "server_notification",
    key,
    seq,
    value: payload,
    kind,
    title,
    body,
    severity,
    url,
    created_at,
    replay: true,
  };
}
