/** What the page knows of the inbox; pure functions from one state to the next. */

import type {
  InboxPage,
  InboxRow,
  Json,
  NotificationFrame,
  NotificationStateFrame,
  RowState,
  Severity,
} from "../client";
import { type Filter, isOpen, isWanted, noFilter } from "./filter";

export interface Item {
  readonly key: string;
  readonly seq: number;
  readonly payload: Json;
  readonly title: string;
  readonly body: string;
  readonly severity: Severity;
  readonly kind: string;
  readonly url: string;
  readonly createdAt: string;
  readonly state: RowState;
}

export interface Inbox {
  /** Newest first, each key once. */
  readonly items: readonly Item[];
  readonly filter: Filter;
  readonly unread: number;
  /** The newest number that the unread count includes. */
  readonly countedThrough: number;
  /** The newest number that the list included when it was read. */
  readonly listedThrough: number;
  /** How many items stay when more arrive. */
  readonly limit: number;
  readonly hasOlder: boolean;
  readonly isLoaded: boolean;
  /** The latest state changes, for a list that was read before they happened. */
  readonly changes: readonly NotificationStateFrame[];
}

const CHANGES_KEPT = 200;
/** A page that stays open for weeks must not grow for ever; scrolling down finds the rest. */
const ITEMS_KEPT = 1_000;

export const emptyInbox: Inbox = {
  items: [],
  filter: noFilter,
  unread: 0,
  countedThrough: 0,
  listedThrough: 0,
  limit: ITEMS_KEPT,
  hasOlder: false,
  isLoaded: false,
  changes: [],
};

/**
 * What the list shows: archived, withdrawn and expired ones are gone. What was unread and is
 * read now stays among the unread until the list is read again, for it is being looked at.
 */
export function visibleItems(inbox: Inbox): readonly Item[] {
  const isArchive = inbox.filter.state === "archived";
  return inbox.items.filter((item) => (isArchive ? item.state === "archived" : isOpen(item)));
}

/** Begin again with another question; what was counted stays. */
export function withFilter(inbox: Inbox, filter: Filter): Inbox {
  return { ...emptyInbox, unread: inbox.unread, countedThrough: inbox.countedThrough, filter };
}

export function itemOfRow(row: InboxRow): Item {
  const { key, seq, payload, title, body, severity, kind, url, created_at, state } = row;
  return { key, seq, payload, title, body, severity, kind, url, createdAt: created_at, state };
}

export function itemOfFrame(frame: NotificationFrame): Item {
  const { key, seq, value, title, body, severity, kind, url, created_at } = frame;
  return {
    key,
    seq,
    payload: value,
    title,
    body,
    severity,
    kind,
    url,
    createdAt: created_at,
    state: "unread",
  };
}

/** Replace the list by a freshly read one; what arrived meanwhile stays. */
export function withList(inbox: Inbox, page: InboxPage): Inbox {
  const { last_seq: lastSeq, state_version: stateVersion } = page.stream;
  const arrived = inbox.items.filter(({ seq }) => seq > lastSeq);
  const missed = inbox.changes.filter((change) => change.state_version > stateVersion);
  const listed = merge(arrived, page.results.map(itemOfRow));
  return {
    ...inbox,
    items: missed.reduce(applyChange, listed),
    unread: missed.at(-1)?.unread ?? page.unread,
    countedThrough: lastSeq,
    listedThrough: lastSeq,
    limit: ITEMS_KEPT,
    hasOlder: page.next !== null,
    isLoaded: true,
    changes: missed,
  };
}

/** Add a page of older rows. */
export function withOlder(inbox: Inbox, page: InboxPage): Inbox {
  const items = merge(page.results.map(itemOfRow), inbox.items);
  // Whoever scrolled that far down reads there; what arrives on top must not cut it off.
  const limit = Math.max(inbox.limit, items.length);
  return { ...inbox, items, limit, hasOlder: page.next !== null };
}

/** Add what arrived; a notification that is known changes nothing. */
export function withNotifications(inbox: Inbox, frames: readonly NotificationFrame[]): Inbox {
  const known = new Set(inbox.items.map(({ key }) => key));
  const fresh = frames.filter(({ key }) => !known.has(key));
  if (fresh.length === 0) return inbox;
  const wanted = fresh.map(itemOfFrame).filter((item) => isWanted(item, inbox.filter));
  const items = wanted.length === 0 ? inbox.items : merge(inbox.items, wanted);
  const uncounted = fresh.filter(({ seq }) => seq > inbox.countedThrough);
  return {
    ...inbox,
    items: items.length > inbox.limit ? items.slice(0, inbox.limit) : items,
    hasOlder: inbox.hasOlder || items.length > inbox.limit,
    unread: inbox.unread + uncounted.length,
    countedThrough: fresh.reduce((most, { seq }) => Math.max(most, seq), inbox.countedThrough),
  };
}

export function withState(inbox: Inbox, change: NotificationStateFrame): Inbox {
  return {
    ...inbox,
    items: applyChange(inbox.items, change),
    changes: [...inbox.changes, change].slice(-CHANGES_KEPT),
  };
}

/** through: the newest number the count includes; null where nobody said. */
export function withUnread(inbox: Inbox, unread: number, through: number | null): Inbox {
  return { ...inbox, unread, countedThrough: Math.max(inbox.countedThrough, through ?? 0) };
}

/** Take over the answer to an action, which may come before or after its state frame. */
export function withRow(inbox: Inbox, row: InboxRow): Inbox {
  const before = inbox.items.find(({ key }) => key === row.key);
  if (before === undefined) return withReturned(inbox, itemOfRow(row));
  const change = Number(row.state === "unread") - Number(before.state === "unread");
  return {
    ...inbox,
    items: inbox.items.map((item) => (item.key === row.key ? itemOfRow(row) : item)),
    unread: Math.max(0, inbox.unread + change),
  };
}

/** One that the list did not hold, for instance because it was in the archive. */
function withReturned(inbox: Inbox, item: Item): Inbox {
  const oldest = inbox.items.at(-1)?.seq ?? 0;
  const isInReach = !inbox.hasOlder || item.seq > oldest;
  if (!isInReach || !isWanted(item, inbox.filter)) return inbox;
  return { ...inbox, items: merge(inbox.items, [item]) };
}

export function withReadThrough(inbox: Inbox, upTo: number, unread: number): Inbox {
  const items = inbox.items.map((item) =>
    item.seq <= upTo && item.state === "unread" ? { ...item, state: "read" as const } : item,
  );
  return { ...inbox, items, unread };
}

function applyChange(items: readonly Item[], change: NotificationStateFrame): readonly Item[] {
  const state = change.state;
  // Acknowledged says that a client has it, not that a person saw it.
  if (state === "acked") return items;
  const keys = new Set(change.keys ?? []);
  const upTo = change.up_to ?? 0;
  return items.map((item) => {
    if (keys.has(item.key)) return { ...item, state };
    const isOpen = item.state === "unread" || item.state === "read";
    return item.seq <= upTo && isOpen ? { ...item, state } : item;
  });
}

/** Join two lists, newest first; of two items with one key the later list's counts. */
function merge(earlier: readonly Item[], later: readonly Item[]): readonly Item[] {
  const byKey = new Map([...earlier, ...later].map((item) => [item.key, item]));
  return [...byKey.values()].sort((a, b) => b.seq - a.seq);
}
