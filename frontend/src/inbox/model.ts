/** What an embedded inbox knows; pure functions from one state to the next. */

import type {
  InboxPage,
  InboxRow,
  Json,
  NotificationFrame,
  NotificationStateFrame,
  RowState,
  Severity,
} from "../client";

export interface Item {
  readonly key: string;
  readonly seq: number;
  readonly payload: Json;
  readonly title: string;
  readonly body: string;
  readonly severity: Severity;
  readonly url: string;
  readonly createdAt: string;
  readonly state: RowState;
}

export interface Inbox {
  /** Newest first, each key once; archived, withdrawn and expired ones are gone. */
  readonly items: readonly Item[];
  readonly unread: number;
  /** The newest number that the unread count includes. */
  readonly countedThrough: number;
  readonly hasOlder: boolean;
  readonly isLoaded: boolean;
  /** The latest changes, for a list that was read before they happened. */
  readonly changes: readonly NotificationStateFrame[];
}

const CHANGES_KEPT = 100;
/** A page that stays open for weeks must not grow for ever; "Show older" finds the rest. */
const ITEMS_KEPT = 200;

export const emptyInbox: Inbox = {
  items: [],
  unread: 0,
  countedThrough: 0,
  hasOlder: false,
  isLoaded: false,
  changes: [],
};

/** Take a list that was read anew; what arrived or changed meanwhile stays. */
export function withList(inbox: Inbox, page: InboxPage): Inbox {
  const { last_seq: lastSeq, state_version: version } = page.stream;
  const arrived = inbox.items.filter(({ seq }) => seq > lastSeq);
  const changes = inbox.changes.filter((change) => change.state_version > version);
  const listed = joined(arrived, page.results.map(itemOfRow));
  return {
    items: changes.reduce(changed, listed),
    unread: changes.at(-1)?.unread ?? page.unread,
    countedThrough: lastSeq,
    hasOlder: page.next !== null,
    isLoaded: true,
    changes,
  };
}

export function withOlder(inbox: Inbox, page: InboxPage): Inbox {
  const items = joined(page.results.map(itemOfRow), inbox.items);
  return { ...inbox, items, hasOlder: page.next !== null };
}

/** Add what arrived; null where it is known already. */
export function withNotification(inbox: Inbox, frame: NotificationFrame): Inbox | null {
  if (inbox.items.some(({ key }) => key === frame.key)) return null;
  const items = joined(inbox.items, [itemOfFrame(frame)]);
  return {
    ...inbox,
    items: items.slice(0, ITEMS_KEPT),
    hasOlder: inbox.hasOlder || items.length > ITEMS_KEPT,
    unread: inbox.unread + Number(frame.seq > inbox.countedThrough),
    countedThrough: Math.max(inbox.countedThrough, frame.seq),
  };
}

export function withChange(inbox: Inbox, change: NotificationStateFrame): Inbox {
  return {
    ...inbox,
    items: changed(inbox.items, change),
    changes: [...inbox.changes, change].slice(-CHANGES_KEPT),
  };
}

/** through: the newest number that the count includes; null where nobody said. */
export function withUnread(inbox: Inbox, unread: number, through: number | null): Inbox {
  return { ...inbox, unread, countedThrough: Math.max(inbox.countedThrough, through ?? 0) };
}

/** Take the answer to an action, which may come before or after its change. */
export function withRow(inbox: Inbox, row: InboxRow): Inbox {
  const before = inbox.items.find(({ key }) => key === row.key);
  if (before === undefined) return inbox;
  const difference = Number(row.state === "unread") - Number(before.state === "unread");
  return {
    ...inbox,
    items: shown(joined(inbox.items, [itemOfRow(row)])),
    unread: Math.max(0, inbox.unread + difference),
  };
}

/** Take back what was archived here; the count includes it once its change was heard. */
export function withRestored(inbox: Inbox, row: InboxRow): Inbox {
  if (inbox.items.some(({ key }) => key === row.key)) return withRow(inbox, row);
  const latest = inbox.changes.filter(({ keys }) => keys?.includes(row.key) === true).at(-1);
  const isCounted = latest?.state === "unread" || latest?.state === "read";
  const added = Number(row.state === "unread" && !isCounted);
  const items = shown(joined(inbox.items, [itemOfRow(row)]));
  return { ...inbox, items, unread: inbox.unread + added };
}

export function withReadThrough(inbox: Inbox, upTo: number, unread: number): Inbox {
  const items = inbox.items.map((item) =>
    item.seq <= upTo ? { ...item, state: "read" as const } : item,
  );
  return { ...inbox, items, unread };
}

function changed(items: readonly Item[], change: NotificationStateFrame): readonly Item[] {
  const { state } = change;
  // Acknowledged says that a client has it, not that a person saw it.
  if (state === "acked") return items;
  const keys = new Set(change.keys ?? []);
  const upTo = change.up_to ?? 0;
  return shown(
    items.map((item) => (keys.has(item.key) || item.seq <= upTo ? { ...item, state } : item)),
  );
}

function shown(items: readonly Item[]): readonly Item[] {
  return items.filter(({ state }) => state === "unread" || state === "read");
}

/** Join two lists, newest first; of two items with one key the later list's counts. */
function joined(earlier: readonly Item[], later: readonly Item[]): readonly Item[] {
  const byKey = new Map([...earlier, ...later].map((item) => [item.key, item]));
  return [...byKey.values()].sort((a, b) => b.seq - a.seq);
}

function itemOfRow(row: InboxRow): Item {
  const { key, seq, payload, title, body, severity, url, created_at, state } = row;
  return { key, seq, payload, title, body, severity, url, createdAt: created_at, state };
}

function itemOfFrame(frame: NotificationFrame): Item {
  const { key, seq, value, title, body, severity, url, created_at } = frame;
  const state = "unread" as const;
  return { key, seq, payload: value, title, body, severity, url, createdAt: created_at, state };
}
