import { describe, expect, test } from "vitest";

import type { NotificationStateFrame } from "../client";
import { notification, page, row } from "../client/testing/fake-server";
import {
  emptyInbox,
  type Inbox,
  visibleItems,
  withList,
  withNotifications,
  withOlder,
  withReadThrough,
  withRow,
  withState,
  withUnread,
} from "./store";

function stream(lastSeq: number, stateVersion = 0) {
  return { stream: { epoch: "e_1", last_seq: lastSeq, state_version: stateVersion } };
}

function change(changes: Partial<NotificationStateFrame>): NotificationStateFrame {
  return {
    type: "notification_state",
    keys: null,
    up_to: null,
    state: "read",
    state_version: 1,
    unread: 0,
    ...changes,
  };
}

function inboxOf(...numbers: number[]): Inbox {
  return withList(emptyInbox, page(numbers.map((seq) => row(seq))));
}

const seqs = (inbox: Inbox) => visibleItems(inbox).map(({ seq }) => seq);
const states = (inbox: Inbox) =>
  Object.fromEntries(inbox.items.map(({ seq, state }) => [seq, state]));

describe("rows and frames", () => {
  test("rows and frames become the same item", () => {
    const listed = withList(emptyInbox, page([row(1, { body: "b", url: "/x" })]));
    const pushed = withNotifications(emptyInbox, [notification(1, { body: "b", url: "/x" })]);

    expect(pushed.items).toEqual(listed.items);
  });

  test("the newest is on top, in whatever order they arrive", () => {
    let inbox = inboxOf(1, 3);

    for (const seq of [5, 2, 4]) inbox = withNotifications(inbox, [notification(seq)]);

    expect(seqs(inbox)).toEqual([5, 4, 3, 2, 1]);
  });

  test("a notification that is listed already changes nothing", () => {
    const inbox = inboxOf(1, 2);

    expect(withNotifications(inbox, [notification(2)])).toBe(inbox);
  });

  test("what arrives while the list is read stays", () => {
    const before = withNotifications(inboxOf(1), [notification(3)]);

    const after = withList(before, page([row(2), row(1)], stream(2)));

    expect(seqs(after)).toEqual([3, 2, 1]);
  });

  test("a list replaces what it no longer holds", () => {
    const after = withList(inboxOf(1, 2, 3), page([row(3), row(1)], stream(3)));

    expect(seqs(after)).toEqual([3, 1]);
  });

  test("a page that stays open keeps the newest thousand and says that there are older", () => {
    let inbox = inboxOf(1);

    for (let seq = 2; seq <= 1_001; seq += 1)
      inbox = withNotifications(inbox, [notification(seq)]);

    expect(seqs(inbox)).toHaveLength(1_000);
    expect(seqs(inbox).at(-1)).toBe(2);
    expect(inbox.hasOlder).toBe(true);
  });

  test("older pages are added below, each key once", () => {
    const newest = withList(emptyInbox, page([row(4), row(3)], { next: "2" }));

    const all = withOlder(newest, page([row(3), row(2), row(1)]));

    expect(seqs(all)).toEqual([4, 3, 2, 1]);
    expect(newest.hasOlder).toBe(true);
    expect(all.hasOlder).toBe(false);
  });
});

describe("the unread count", () => {
  test("a new notification raises it once", () => {
    let inbox = inboxOf(1);

    inbox = withNotifications(inbox, [notification(2)]);
    inbox = withNotifications(inbox, [notification(2)]);

    expect(inbox.unread).toBe(2);
  });

  test("a replayed one that the greeting counted does not raise it", () => {
    const greeted = withUnread(inboxOf(1), 2, 2);

    expect(withNotifications(greeted, [notification(2)]).unread).toBe(2);
  });

  test("a count that came with a state wins", () => {
    const inbox = withUnread(withNotifications(inboxOf(1), [notification(2)]), 9, null);

    expect(inbox.unread).toBe(9);
    expect(withNotifications(inbox, [notification(3)]).unread).toBe(10);
  });
});

describe("states", () => {
  test("they apply by key", () => {
    const inbox = withState(inboxOf(1, 2, 3), change({ keys: ["k1", "k3", "unknown"] }));

    expect(states(inbox)).toEqual({ 3: "read", 2: "unread", 1: "read" });
  });

  test("they apply up to a number", () => {
    const inbox = withState(inboxOf(1, 2, 3), change({ up_to: 2 }));

    expect(states(inbox)).toEqual({ 3: "unread", 2: "read", 1: "read" });
  });

  test("up to a number leaves alone what is archived", () => {
    const archived = withState(inboxOf(1, 2), change({ keys: ["k1"], state: "archived" }));

    const inbox = withState(archived, change({ up_to: 2 }));

    expect(states(inbox)).toEqual({ 2: "read", 1: "archived" });
  });

  test.each(["archived", "withdrawn", "expired"] as const)("%s ones are gone", (state) => {
    const inbox = withState(inboxOf(1, 2), change({ keys: ["k2"], state }));

    expect(seqs(inbox)).toEqual([1]);
  });

  test("acknowledged is not read", () => {
    const inbox = withState(inboxOf(1), change({ up_to: 1, state: "acked" }));

    expect(states(inbox)).toEqual({ 1: "unread" });
  });

  test("an archived one comes back with its next state", () => {
    const archived = withState(inboxOf(1), change({ keys: ["k1"], state: "archived" }));

    const inbox = withState(archived, change({ keys: ["k1"], state: "read" }));

    expect(seqs(inbox)).toEqual([1]);
  });

  test("a list that was read before a change does not undo it", () => {
    const changed = withState(
      inboxOf(1, 2),
      change({ keys: ["k1"], state_version: 5, unread: 1 }),
    );

    const inbox = withList(changed, page([row(2), row(1)], stream(2, 4)));

    expect(states(inbox)).toEqual({ 2: "unread", 1: "read" });
    expect(inbox.unread).toBe(1);
  });

  test("a list that was read after a change is believed", () => {
    const changed = withState(inboxOf(1), change({ keys: ["k1"], state_version: 5 }));

    const inbox = withList(changed, page([row(1)], stream(1, 6)));

    expect(states(inbox)).toEqual({ 1: "unread" });
  });
});

describe("actions", () => {
  test("the answer to an action counts once, before or after its state frame", () => {
    const answered = withRow(inboxOf(1, 2), row(1, { state: "read" }));
    expect(answered.unread).toBe(1);

    const told = withUnread(withState(inboxOf(1, 2), change({ keys: ["k1"] })), 1, null);
    expect(withRow(told, row(1, { state: "read" })).unread).toBe(1);
  });

  test("marking unread raises the count again", () => {
    const read = withRow(inboxOf(1), row(1, { state: "read" }));

    expect(withRow(read, row(1, { state: "unread" })).unread).toBe(1);
  });

  test("mark all read reaches what was there, not what came after", () => {
    const inbox = withReadThrough(inboxOf(1, 2, 3), 2, 1);

    expect(states(inbox)).toEqual({ 3: "unread", 2: "read", 1: "read" });
    expect(inbox.unread).toBe(1);
  });
});
