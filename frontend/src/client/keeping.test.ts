import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { KEYS_KEPT } from "./acknowledgements";
import { CarillonClient } from "./client";
import {
  answer,
  FakeServer,
  FakeStorage,
  notification,
  page,
  row,
} from "./testing/fake-server";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const LIST = { epoch: "e_1", last_seq: 12, state_version: 3 };
const keysOf = (server: FakeServer, type = "message_ack") =>
  server.socket.of(type).flatMap((frame) => frame["keys"] as string[]);

describe("a reload", () => {
  /** A first page that processed two notifications and is then gone without a goodbye. */
  async function firstPage(storage: FakeStorage, userId = 7): Promise<FakeServer> {
    const server = new FakeServer({ storage });
    await server.live({ user_id: userId, state_version: 2 });
    server.socket.say(notification(1));
    server.socket.say(notification(2));
    await server.pass(1_000);
    return server;
  }

  test("goes on at the number and state that were processed last", async () => {
    const storage = new FakeStorage();
    await firstPage(storage);

    const again = new FakeServer({ storage });
    await again.live({ stream: { epoch: "e_1", last_seq: 3 }, state_version: 2 });
    for (const seq of [2, 3]) again.socket.say(notification(seq));

    expect(again.socket.query).toEqual({ epoch: "e_1", seq: "2", state: "2" });
    expect(again.events("notification").map(({ seq }) => seq)).toEqual([3]);
  });

  test("a list that was read says better where to begin", async () => {
    const storage = new FakeStorage();
    await firstPage(storage);

    const again = new FakeServer({ storage });
    again.client.resumeFrom(LIST);
    await again.live({ stream: { epoch: "e_1", last_seq: 12 } });

    expect(again.socket.query).toEqual({ epoch: "e_1", seq: "12", state: "3" });
  });

  test("another server has a position of its own", async () => {
    const storage = new FakeStorage();
    await firstPage(storage);

    const other = new FakeServer({ storage, baseUrl: "https://other.example" });
    await other.live();

    expect(other.socket.query).toEqual({});
  });

  test("another user is never given the position of the last one", async () => {
    const storage = new FakeStorage();
    await firstPage(storage, 7);

    const other = new FakeServer({ storage });
    await other.live({ user_id: 8, stream: { epoch: "e_1", last_seq: 1 } });
    other.socket.say(notification(1));
    expect(other.events("notification")).toEqual([]);
    await other.pass();
    other.greet({ user_id: 8, stream: { epoch: "e_1", last_seq: 1 } });
    other.socket.say(notification(1));

    expect(other.sockets[0]?.closedWith).toBe(1000);
    expect(other.sockets.map(({ query }) => query["seq"])).toEqual(["2", undefined]);
    expect(other.events("reload")).toEqual([{ reason: "user" }]);
    expect(other.events("notification").map(({ seq }) => seq)).toEqual([1]);
  });

  test("whoever comes back finds the own position again", async () => {
    const storage = new FakeStorage();
    await firstPage(storage, 7);
    const other = new FakeServer({ storage });
    await other.live({ user_id: 8 });
    await other.pass();
    other.greet({ user_id: 8 });
    other.socket.say(notification(5));
    await other.pass(1_000);

    const back = new FakeServer({ storage });
    await back.live({ user_id: 7, stream: { epoch: "e_1", last_seq: 2 } });
    await back.pass();

    expect(back.sockets.map(({ query }) => query["seq"])).toEqual(["5", "2"]);
  });

  test("the position of an epoch that ended is not offered again", async () => {
    const storage = new FakeStorage();
    const server = await firstPage(storage);
    server.socket.end(4410);
    await server.pass(1_000);
    server.greet({ stream: { epoch: "e_2", last_seq: 0 } });
    server.socket.say({ type: "replay_end", seq: 0 });
    server.client.close();

    const again = new FakeServer({ storage });
    await again.live({ stream: { epoch: "e_2", last_seq: 0 } });

    expect(again.socket.query).toMatchObject({ epoch: "e_2", seq: "0" });
  });

  test("acknowledgements that were not sent are sent after it", async () => {
    const storage = new FakeStorage();
    const server = new FakeServer({ storage });
    await server.live();
    server.socket.readyState = 2;
    server.socket.say(notification(1));
    await server.pass(1_000);

    const again = new FakeServer({ storage });
    await again.live({ stream: { epoch: "e_1", last_seq: 1 } });

    expect(keysOf(again)).toEqual(["k1"]);
  });

  test("what a caller has not acknowledged comes again", async () => {
    const storage = new FakeStorage();
    const server = new FakeServer({ storage, autoAcknowledge: false });
    await server.live();
    for (const seq of [1, 2, 3]) server.socket.say(notification(seq));
    server.client.acknowledge(["k1", "k3"]);
    await server.pass(1_000);

    const again = new FakeServer({ storage, autoAcknowledge: false });
    await again.live({ stream: { epoch: "e_1", last_seq: 3 } });

    expect(again.socket.query).toMatchObject({ seq: "1" });
  });

  test("a burst is written down a few times only, and its end always", async () => {
    const storage = new FakeStorage();
    const writing = vi.spyOn(storage, "setItem");
    const server = new FakeServer({ storage });
    await server.live();
    writing.mockClear();

    for (let seq = 1; seq <= 500; seq += 1) server.socket.say(notification(seq));
    await server.pass(1_000);

    expect(writing.mock.calls.length).toBeLessThanOrEqual(3);
    expect([...storage.entries.values()].join()).toContain('"seq":500');
  });

  test.each([
    "{",
    "7",
    "null",
    '{"epoch":"e_1"}',
    '{"epoch":7,"seq":1}',
    '{"epoch":"e","seq":-1}',
  ])("a position that reads %s is none", async (text) => {
    const storage = new FakeStorage();
    storage.setItem("carillon.user https://carillon.example", "7");
    storage.setItem("carillon.position https://carillon.example 7", text);

    const server = new FakeServer({ storage });
    await server.live();

    expect(server.socket.query).toEqual({});
  });

  test("a storage that may not be used costs nothing but the position", async () => {
    const refuse = () => {
      throw new DOMException("denied", "SecurityError");
    };
    const storage = { getItem: refuse, setItem: refuse, removeItem: refuse };
    const server = new FakeServer({ storage });

    await server.live();
    server.socket.say(notification(1));

    expect(server.events("notification")).toHaveLength(1);
  });
});

describe("acknowledging what was received", () => {
  test("after a list it names keys, so that older unseen ones stay open", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({ stream: { epoch: "e_1", last_seq: 12 } });

    server.socket.say(notification(13));
    server.socket.say(notification(14));
    await server.pass(50);

    expect(server.socket.of("message_ack")).toEqual([
      { type: "message_ack", keys: ["k13", "k14"] },
    ]);
  });

  test("after a replay that was cut short it names keys", async () => {
    const server = new FakeServer();
    await server.live({ replay_truncated: true });

    server.socket.say(notification(2_000));
    await server.pass(50);

    expect(keysOf(server)).toEqual(["k2000"]);
  });

  test("a whole replay and what follows it are one number", async () => {
    const server = new FakeServer();
    await server.live();
    server.socket.say(notification(1));
    await server.pass(50);
    server.socket.end(1006);
    await server.pass(1_000);
    server.greet({ stream: { epoch: "e_1", last_seq: 2 } });

    server.socket.say(notification(2));
    await server.pass(50);

    expect(server.socket.of("message_ack")).toEqual([
      { type: "message_ack", up_to: 2, epoch: "e_1" },
    ]);
  });

  test("a position that was of no use is replayed whole, so one number is enough", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({
      stream: { epoch: "e_1", last_seq: 20 },
      resume: { seq: 0, recovered: false },
    });

    server.socket.say(notification(20));
    await server.pass(50);

    expect(server.socket.of("message_ack")).toMatchObject([{ up_to: 20 }]);
  });
});

describe("without a connection", () => {
  test("acknowledgements and reads wait for the next one", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({ stream: { epoch: "e_1", last_seq: 12 } });
    server.socket.end(1006);

    server.client.acknowledge(["a", "b", "a"]);
    server.client.markRead(["c"]);
    await server.pass(1_000);
    server.greet({ stream: { epoch: "e_1", last_seq: 12 } });

    expect(keysOf(server)).toEqual(["b", "a"]);
    expect(keysOf(server, "message_read")).toEqual(["c"]);
    expect(server.sockets).toHaveLength(2);
  });

  test("what waited before the first connection is sent on it", async () => {
    const server = new FakeServer();
    server.client.acknowledge(["a"]);

    await server.live();

    expect(keysOf(server)).toEqual(["a"]);
  });

  test("what was read over HTTP is acknowledged when there is a socket again", async () => {
    const server = new FakeServer({ drawn: 1 });
    server.client.resumeFrom(LIST);
    await server.live({ stream: { epoch: "e_1", last_seq: 12 } });
    server.onTicket = () => answer(503);
    server.onList = (path) =>
      answer(200, page(path.includes("after=12") ? [row(13), row(14)] : [], { stream: LIST }));
    server.socket.end(1006);
    await server.pass(15_000);
    expect(server.events("notification").map(({ seq }) => seq)).toEqual([13, 14]);

    server.onTicket = () => answer(201, { ticket: "back", expires_in: 30 });
    server.client.retryNow();
    await server.pass();
    server.greet({ stream: { epoch: "e_1", last_seq: 14 } });

    expect(keysOf(server)).toEqual(["k13", "k14"]);
    expect(server.client.status).toEqual({ phase: "live" });
  });

  test("what waits is bounded: the oldest are forgotten", async () => {
    const server = new FakeServer();
    server.client.acknowledge(Array.from({ length: KEYS_KEPT + 3 }, (_, index) => `n${index}`));

    await server.live();

    const keys = keysOf(server);
    expect(keys).toHaveLength(KEYS_KEPT);
    expect(keys[0]).toBe("n3");
    expect(server.socket.of("message_ack")).toHaveLength(KEYS_KEPT / 100);
  });
});

describe("another user on the same client", () => {
  test("a ticket of somebody else begins that one's stream", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({ stream: { epoch: "e_1", last_seq: 12 } });
    server.socket.end(1006);
    server.client.acknowledge(["k12"]);
    await server.pass(1_000);

    server.greet({ user_id: 9, stream: { epoch: "e_1", last_seq: 30 } });
    await server.pass();
    server.greet({ user_id: 9, stream: { epoch: "e_1", last_seq: 30 } });

    expect(server.socket.query).toEqual({});
    expect(server.socket.of("message_ack")).toEqual([]);
    expect(server.events("reload")).toEqual([{ reason: "user" }]);
    expect(server.client.status).toEqual({ phase: "live" });
  });
});

test("without a WebSocket anywhere the caller is told at once", () => {
  vi.stubGlobal("WebSocket", undefined);
  const client = new CarillonClient({ baseUrl: "https://carillon.example" });

  expect(() => client.connect()).toThrow("give the option WebSocket");
});
