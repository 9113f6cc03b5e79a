import { expect, test } from "vitest";

import { notification, page, row } from "../client/testing/fake-server";
import {
  emptyInbox,
  type Inbox,
  withChange,
  withList,
  withNotification,
  withOlder,
  withReadThrough,
  withRestored,
  withRow,
  withUnread,
} from "./model";

const keys = (inbox: Inbox) => inbox.items.map(({ key }) => key);
const stream = (last_seq: number, state_version = 0) => ({
  epoch: "e_1",
  last_seq,
  state_version,
});

function change(state: "read" | "unread" | "archived" | "acked", version = 1) {
  return {
    type: "notification_state" as const,
    keys: ["k2"],
    up_to: null,
    state,
    state_version: version,
    unread: 1,
  };
}

const listed = withList(emptyInbox, page([row(2), row(1)], { stream: stream(2) }));

test("what arrives is on top, once, and counted once", () => {
  const arrived = withNotification(listed, notification(3));

  expect(arrived === null ? [] : keys(arrived)).toEqual(["k3", "k2", "k1"]);
  expect(arrived?.unread).toBe(3);
  expect(withNotification(arrived ?? listed, notification(3))).toBeNull();
});

test("what the count includes already is not counted again", () => {
  const counted = withUnread(listed, 3, 3);

  expect(withNotification(counted, notification(3))?.unread).toBe(3);
});

test("a list keeps what arrived while it was read", () => {
  const arrived = withNotification(emptyInbox, notification(3)) ?? emptyInbox;

  const read = withList(arrived, page([row(2)], { stream: stream(2) }));

  expect(keys(read)).toEqual(["k3", "k2"]);
});

test("a list that was read before a change takes the change over", () => {
  const changed = withChange(listed, change("archived", 5));

  const stale = withList(changed, page([row(2), row(1)], { stream: stream(2, 4) }));
  const fresh = withList(changed, page([row(2), row(1)], { stream: stream(2, 5) }));

  expect(keys(stale)).toEqual(["k1"]);
  expect(stale.unread).toBe(1);
  expect(keys(fresh)).toEqual(["k2", "k1"]);
});

test("archived ones go, acknowledged ones stay as they are", () => {
  expect(keys(withChange(listed, change("archived")))).toEqual(["k1"]);
  expect(withChange(listed, change("acked")).items[0]?.state).toBe("unread");
  expect(withChange(listed, change("read")).items[0]?.state).toBe("read");
});

test("the answer to an action counts, before or after its change", () => {
  const read = withRow(listed, row(2, { state: "read" }));

  expect(read.unread).toBe(1);
  expect(withRow(read, row(2, { state: "read" })).unread).toBe(1);
  expect(keys(withRow(listed, row(2, { state: "archived" })))).toEqual(["k1"]);
  expect(withRow(listed, row(9))).toBe(listed);
});

test("older ones come below, and all up to a number can be read", () => {
  const older = withOlder(listed, page([row(1), row(0)], { next: "more" }));

  expect(keys(older)).toEqual(["k2", "k1", "k0"]);
  expect(older.hasOlder).toBe(true);
  expect(withReadThrough(older, 1, 1).items.map(({ state }) => state)).toEqual([
    "unread",
    "read",
    "read",
  ]);
});

test("a page that stays open keeps a bounded number", () => {
  let inbox = listed;
  for (let seq = 3; seq < 300; seq += 1) {
    inbox = withNotification(inbox, notification(seq)) ?? inbox;
  }

  expect(inbox.items).toHaveLength(200);
  expect(inbox.items[0]?.seq).toBe(299);
  expect(inbox.hasOlder).toBe(true);
});

test("what comes back from the archive is in its place, and counted once", () => {
  const archived = withRow(listed, row(2, { state: "archived" }));
  const heard = withUnread(withChange(archived, change("archived", 1)), 1, null);

  const restored = withRestored(heard, row(2));
  expect(keys(restored)).toEqual(["k2", "k1"]);
  expect(restored.unread).toBe(2);
  expect(withRestored(heard, row(2, { state: "read" })).unread).toBe(1);

  const told = withUnread(withChange(heard, change("unread", 2)), 2, null);
  expect(withRestored(told, row(2)).unread).toBe(2);
});
