import { beforeEach, expect, test, vi } from "vitest";

import type { NotificationFrame } from "../client";
import { answer, FakeServer, notification, page, row } from "../client/testing/fake-server";
import { SharedInbox, type Source, type View } from "./shared-inbox";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
});

class FakeView implements View {
  readonly heard: [NotificationFrame, boolean][] = [];
  update = () => undefined;
  arrived = (frame: NotificationFrame, isFirst: boolean) => {
    this.heard.push([frame, isFirst]);
  };
}

let sources = 0;

function newSource(): Source {
  sources += 1;
  return { server: `https://${sources}.example`, ticketUrl: "/ticket", ticket: null };
}

interface Opened {
  server: FakeServer;
  shared: SharedInbox;
  view: FakeView;
  source: Source;
}

async function opened(prepare: (server: FakeServer) => void = () => undefined) {
  const server = new FakeServer();
  prepare(server);
  const [source, view] = [newSource(), new FakeView()];
  const shared = SharedInbox.join(source, view, () => server.client);
  await server.pass();
  return { server, shared, view, source } satisfies Opened;
}

test("the list is read first, and the socket goes on where it ended", async () => {
  const stream = { epoch: "e_1", last_seq: 4, state_version: 2 };
  const { server, shared } = await opened((prepared) => {
    prepared.onList = () => answer(200, page([row(4), row(3)], { stream }));
  });
  server.greet({ stream: { epoch: "e_1", last_seq: 4 } });

  expect(server.socket.query).toEqual({ epoch: "e_1", seq: "4", state: "2" });
  expect(shared.inbox.items.map(({ key }) => key)).toEqual(["k4", "k3"]);
  expect(server.socket.of("message_ack")).toEqual([
    { type: "message_ack", keys: ["k4", "k3"] },
  ]);
});

test("two views of one source share the client, and one of them announces", async () => {
  const { server, shared, view, source } = await opened();
  const another = new FakeView();
  expect(SharedInbox.join({ ...source }, another)).toBe(shared);
  server.greet();

  server.socket.say(notification(1));

  expect(view.heard.map(([, isFirst]) => isFirst)).toEqual([true]);
  expect(another.heard.map(([, isFirst]) => isFirst)).toEqual([false]);
  expect(server.sockets).toHaveLength(1);
});

test("another source is another inbox", async () => {
  const { shared, source } = await opened();
  const other = new FakeServer();
  const view = new FakeView();

  const joined = SharedInbox.join({ ...source, ticketUrl: "/b" }, view, () => other.client);

  expect(joined).not.toBe(shared);
  joined.leave(view);
});

test("the socket closes with the last view, not when one moves", async () => {
  const { server, shared, view, source } = await opened();
  server.greet();

  shared.leave(view);
  expect(SharedInbox.join(source, view)).toBe(shared);
  await server.pass();
  expect(server.client.status.phase).toBe("live");
  shared.leave(view);
  await server.pass();

  expect(server.client.status.phase).toBe("stopped");
  expect(server.socket.closedWith).toBe(1000);
});

test("a list that cannot be read is read again, and what arrives shows meanwhile", async () => {
  const { server, shared } = await opened((prepared) => {
    prepared.onList = () => answer(503);
  });
  server.greet();
  server.socket.say(notification(1));
  expect(shared.inbox.items).toHaveLength(1);
  expect(shared.inbox.isLoaded).toBe(false);

  server.onList = () => answer(200, page([row(1)]));
  await server.pass(5_000);

  expect(shared.inbox.isLoaded).toBe(true);
  expect(shared.inbox.items).toHaveLength(1);
});

test("an action that fails says so until the next one works", async () => {
  const { server, shared } = await opened((prepared) => {
    prepared.onList = () => answer(200, page([row(1)]));
  });
  server.greet();
  server.onList = () => answer(500);
  await shared.act("k1", "read");
  expect(shared.hasFailed).toBe(true);

  server.onList = () => answer(200, row(1, { state: "read" }));
  await shared.act("k1", "read");

  expect(shared.hasFailed).toBe(false);
  expect(shared.inbox.unread).toBe(0);
});

test("nothing of one person is left for the next", async () => {
  const { server, shared } = await opened((prepared) => {
    prepared.onList = () => answer(200, page([row(1)]));
  });
  server.greet({ stream: { epoch: "e_1", last_seq: 1 } });
  server.onList = () => new Promise(() => undefined);
  server.socket.end(1006);
  await server.pass(1_000);

  server.greet({ user_id: 8 });

  expect(shared.inbox.items).toEqual([]);
});

test("resync and reload read the list again", async () => {
  const { server } = await opened();
  server.greet();
  const before = server.requests.length;

  server.socket.say({ type: "resync" });
  await server.pass(3_000);
  expect(server.requests).toHaveLength(before + 1);
});
