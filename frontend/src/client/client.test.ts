import { beforeEach, describe, expect, test, vi } from "vitest";

import { closeRule } from "./close-codes";
import { HttpError } from "./http";
import { answer, FakeServer, hello, notification, page, row } from "./testing/fake-server";

beforeEach(() => {
  vi.useFakeTimers();
});

const LIST = { epoch: "e_1", last_seq: 12, state_version: 3 };

describe("connecting", () => {
  test("a ticket travels as a subprotocol and never in the address", async () => {
    const server = new FakeServer();

    await server.live();

    expect(server.socket.protocols).toEqual(["carillon.v1", "ticket.t1"]);
    expect(server.socket.address).toBe("wss://carillon.example/ws/notifications/");
  });

  test("every attempt has its own ticket", async () => {
    const server = new FakeServer();
    await server.live();

    server.socket.end(1006);
    await server.pass(1_000);

    expect(server.socket.protocols).toEqual(["carillon.v1", "ticket.t2"]);
  });

  test("a caller may bring its own tickets", async () => {
    const server = new FakeServer({ ticket: () => Promise.resolve("mine") });

    await server.live();

    expect(server.socket.protocols[1]).toBe("ticket.mine");
    expect(server.requests).toEqual([]);
  });

  test("it is live only once the server has greeted", async () => {
    const server = new FakeServer();
    server.client.connect();
    await server.pass();
    server.socket.accept();
    expect(server.client.status.phase).toBe("connecting");

    server.socket.say(hello());

    expect(server.client.status.phase).toBe("live");
  });

  test("a server that never greets is given up", async () => {
    const server = new FakeServer();
    server.client.connect();
    await server.pass();

    await server.pass(15_000);

    expect(server.sockets[0]?.closedWith).toBe(4000);
    expect(server.client.status.phase).toBe("waiting");
  });

  test("connecting twice opens one socket", async () => {
    const server = new FakeServer();

    server.client.connect();
    server.client.connect();
    await server.pass();

    expect(server.sockets).toHaveLength(1);
  });

  test("a ticket that arrives after the end opens nothing", async () => {
    const server = new FakeServer();
    server.client.connect();

    server.client.close();
    await server.pass(60_000);

    expect(server.sockets).toHaveLength(0);
    expect(server.client.status).toEqual({ phase: "stopped", reason: "closed", code: null });
  });

  test("closing says goodbye with 1000 and stays closed", async () => {
    const server = new FakeServer();
    await server.live();

    server.client.close();
    await server.pass(120_000);

    expect(server.socket.closedWith).toBe(1000);
    expect(server.sockets).toHaveLength(1);
  });

  test("the wait can be cut short", async () => {
    const server = new FakeServer();
    await server.live();
    server.socket.end(4429);

    server.client.retryNow();
    await server.pass();

    expect(server.sockets).toHaveLength(2);
  });
});

describe("a ticket that is refused", () => {
  test.each([401, 403])("status %i asks for the login", async (status) => {
    const server = new FakeServer();
    server.onTicket = () => answer(status, { detail: "no" });

    server.client.connect();
    await server.pass(120_000);

    expect(server.client.status).toMatchObject({ phase: "stopped", reason: "login-required" });
    expect(server.tickets).toBe(1);
  });

  test("429 waits as long as the server asks", async () => {
    const server = new FakeServer({ drawn: 0 });
    server.onTicket = () => answer(429, { detail: "slow down" }, { "Retry-After": "25" });
    server.client.connect();
    await server.pass();

    await server.pass(24_900);
    expect(server.tickets).toBe(1);
    await server.pass(200);
    expect(server.tickets).toBe(2);
  });

  test.each([0, 500, 503])("status %i is tried again with backoff", async (status) => {
    const server = new FakeServer({ drawn: 0.9 });
    server.onTicket = () => {
      if (status === 0) throw new TypeError("network");
      return answer(status);
    };
    server.client.connect();
    await server.pass();
    expect(server.client.status.phase).toBe("waiting");

    await server.pass(1_000);

    expect(server.tickets).toBe(2);
  });

  test("a ticket function may ask for the login as well", async () => {
    const refuse = () => Promise.reject(new HttpError(401, "no"));
    const server = new FakeServer({ ticket: refuse });

    server.client.connect();
    await server.pass();

    expect(server.client.status).toMatchObject({ phase: "stopped", reason: "login-required" });
  });
});

describe("close codes", () => {
  test.each([
    [1000, "closed"],
    [4400, "protocol-error"],
    [4403, "not-yours"],
    [4409, "replaced"],
    [4413, "too-large"],
    [4426, "version"],
  ])("%i ends it for good", async (code, reason) => {
    const server = new FakeServer();
    await server.live();

    server.socket.end(code);
    await server.pass(300_000);

    expect(server.client.status).toEqual({ phase: "stopped", reason, code });
    expect(server.sockets).toHaveLength(1);
    expect(server.requests.filter((path) => path.includes("notifications"))).toEqual([]);
  });

  test.each([
    [1006, 0],
    [1011, 0],
    [4408, 0],
    [4500, 0],
    [4429, 10_000],
    [4503, 5_000],
  ])("%i is tried again, after %i ms at least", async (code, minimumMs) => {
    const server = new FakeServer({ drawn: 0.5 });
    await server.live();

    server.socket.end(code);
    await server.pass(minimumMs + 499);
    expect(server.sockets).toHaveLength(1);
    await server.pass(2);

    expect(server.sockets).toHaveLength(2);
  });

  test.each([4012, 1006])(
    "%i after going_away comes back when it was told to",
    async (code) => {
      const server = new FakeServer();
      await server.live();
      server.socket.say({ type: "going_away", reconnect_in_ms: 2_300 } as never);

      server.socket.end(code);
      await server.pass(2_299);
      expect(server.sockets).toHaveLength(1);
      await server.pass(2);

      expect(server.sockets).toHaveLength(2);
    },
  );

  test("4401 gets one new ticket, and the second one asks for the login", async () => {
    const server = new FakeServer();
    await server.live();

    server.socket.end(4401);
    await server.pass(1_000);
    expect(server.socket.protocols[1]).toBe("ticket.t2");
    server.socket.end(4401);
    await server.pass(120_000);

    expect(server.tickets).toBe(2);
    expect(server.client.status).toEqual({
      phase: "stopped",
      reason: "login-required",
      code: 4401,
    });
  });

  test("4401 after a minute of being live counts as the first one again", async () => {
    const server = new FakeServer();
    await server.live();
    server.socket.end(4401);
    await server.pass(1_000);
    server.greet();
    const ponging = keepAnswering(server);
    await server.pass(61_000);
    clearInterval(ponging);

    server.socket.end(4401);
    await server.pass(1_000);

    expect(server.tickets).toBe(3);
  });

  test("4410 forgets the position and asks for a reload", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({ stream: { epoch: "e_1", last_seq: 12 } });

    server.socket.end(4410);
    await server.pass(1_000);

    expect(server.events("reload")).toEqual([{ reason: "epoch" }]);
    expect(server.socket.query).toEqual({});
  });

  test("no code of the protocol is left to chance", () => {
    const codes = [
      1000, 1006, 4012, 4400, 4401, 4403, 4408, 4409, 4410, 4413, 4426, 4429, 4500, 4503,
    ];

    expect(codes.map((code) => closeRule(code).kind)).toEqual([
      "stop",
      "as-announced",
      "as-announced",
      "stop",
      "new-ticket",
      "stop",
      "backoff",
      "stop",
      "reload",
      "stop",
      "stop",
      "backoff",
      "backoff",
      "backoff",
    ]);
  });
});

/** Answer every ping, so that the heartbeat leaves the connection alone. */
function keepAnswering(server: FakeServer): ReturnType<typeof setInterval> {
  return setInterval(() => server.socket.say({ type: "tick" }), 1_000);
}

describe("backoff", () => {
  test("it grows with every failure in a row", async () => {
    const server = new FakeServer({ drawn: 1 });
    await server.live();

    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure += 1) {
      server.socket.end(1006);
      const { status } = server.client;
      const wait = status.phase === "waiting" ? status.retryAt - Date.now() : -1;
      waits.push(wait);
      await server.pass(wait);
    }

    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  });

  test.each([
    [59_000, 2_000],
    [61_000, 1_000],
  ])("after %i ms of being live the next ceiling is %i ms", async (liveMs, ceiling) => {
    const server = new FakeServer({ drawn: 1 });
    await server.live();
    server.socket.end(1006);
    await server.pass(1_000);
    server.greet();
    const ponging = keepAnswering(server);
    await server.pass(liveMs);
    clearInterval(ponging);

    server.socket.end(1006);

    const { status } = server.client;
    expect(status.phase === "waiting" && status.retryAt - Date.now()).toBe(ceiling);
  });
});

describe("resuming", () => {
  test("the first connection starts where the list was read", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);

    await server.live();

    expect(server.socket.query).toEqual({ epoch: "e_1", seq: "12", state: "3" });
  });

  test("later ones start at the last number and state processed", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({ stream: { epoch: "e_1", last_seq: 12 } });
    server.socket.say(notification(13));
    server.socket.say(notification(14));
    server.socket.say(state(4));

    server.socket.end(1006);
    await server.pass(1_000);

    expect(server.socket.query).toEqual({ epoch: "e_1", seq: "14", state: "4" });
  });

  test("without a list and without a frame there is no position to claim", async () => {
    const server = new FakeServer();
    await server.live({ stream: { epoch: "e_1", last_seq: 900 } });

    server.socket.end(1006);
    await server.pass(1_000);

    expect(server.socket.query).toEqual({});
  });

  test("the end of the replay counts as processed", async () => {
    const server = new FakeServer();
    await server.live({ stream: { epoch: "e_1", last_seq: 9 }, state_version: 2 });
    server.socket.say({ type: "replay_end", seq: 9 });

    server.socket.end(1006);
    await server.pass(1_000);

    expect(server.socket.query).toEqual({ epoch: "e_1", seq: "9", state: "2" });
  });

  test("a position that was not recovered asks for a reload", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);

    await server.live({
      stream: { epoch: "e_1", last_seq: 20 },
      resume: { seq: 0, recovered: false },
    });

    expect(server.events("reload")).toEqual([{ reason: "not-recovered" }]);
  });

  test("a replay that was cut short asks for a reload", async () => {
    const server = new FakeServer();

    await server.live({ replay_truncated: true });

    expect(server.events("reload")).toEqual([{ reason: "truncated" }]);
  });

  test("a gap in the numbers is not a loss", async () => {
    const server = new FakeServer();
    await server.live();

    server.socket.say(notification(1));
    server.socket.say(notification(5));

    expect(server.events("notification").map(({ seq }) => seq)).toEqual([1, 5]);
    expect(server.events("reload")).toEqual([]);
  });
});

describe("each number once", () => {
  test("numbers seen in this epoch are dropped, also after a reconnection", async () => {
    const server = new FakeServer();
    await server.live();
    for (const seq of [1, 2, 2, 1, 3]) server.socket.say(notification(seq));
    server.socket.end(1006);
    await server.pass(1_000);
    server.greet({ stream: { epoch: "e_1", last_seq: 4 } });

    for (const seq of [3, 4]) server.socket.say(notification(seq));

    expect(server.events("notification").map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  test("numbers below the list's position are dropped", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({ stream: { epoch: "e_1", last_seq: 13 } });

    server.socket.say(notification(12));
    server.socket.say(notification(13));

    expect(server.events("notification").map(({ seq }) => seq)).toEqual([13]);
  });

  test("in another epoch the same numbers are new", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({
      stream: { epoch: "e_2", last_seq: 1 },
      resume: { seq: 0, recovered: false },
    });

    server.socket.say(notification(1));

    expect(server.events("reload")).toEqual([{ reason: "epoch" }]);
    expect(server.events("notification").map(({ seq }) => seq)).toEqual([1]);
  });

  test("a position beyond the stream's end counts for nothing", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({
      stream: { epoch: "e_1", last_seq: 4 },
      resume: { seq: 0, recovered: false },
    });

    server.socket.say(notification(4));

    expect(server.events("notification").map(({ seq }) => seq)).toEqual([4]);
  });
});

describe("acknowledging", () => {
  test("several notifications are acknowledged in one frame", async () => {
    const server = new FakeServer();
    await server.live();
    for (const seq of [1, 2, 3]) server.socket.say(notification(seq));
    expect(server.socket.of("message_ack")).toEqual([]);

    await server.pass(50);

    expect(server.socket.of("message_ack")).toEqual([
      { type: "message_ack", up_to: 3, epoch: "e_1" },
    ]);
  });

  test("a burst is acknowledged before the server's window closes", async () => {
    const server = new FakeServer();
    await server.live();

    for (let seq = 1; seq <= 40; seq += 1) server.socket.say(notification(seq));

    expect(server.socket.of("message_ack").map((frame) => frame["up_to"])).toEqual([16, 32]);
  });

  test("a doubled number is acknowledged again, for the window's sake", async () => {
    const server = new FakeServer();
    server.client.resumeFrom(LIST);
    await server.live({ stream: { epoch: "e_1", last_seq: 12 } });

    server.socket.say(notification(12));
    await server.pass(50);

    expect(server.socket.of("message_ack")).toHaveLength(1);
  });

  test("what the end of the connection cut off is sent on the next one", async () => {
    const server = new FakeServer();
    await server.live();
    server.socket.say(notification(1));
    server.socket.end(1006);
    await server.pass(1_000);

    server.greet({
      stream: { epoch: "e_1", last_seq: 1 },
      resume: { seq: 1, recovered: true },
    });

    expect(server.socket.of("message_ack")).toEqual([
      { type: "message_ack", up_to: 1, epoch: "e_1" },
    ]);
  });

  test("it is not sent where the position was not recovered", async () => {
    const server = new FakeServer();
    await server.live();
    server.socket.say(notification(1));
    server.socket.end(1006);
    await server.pass(1_000);

    server.greet({ resume: { seq: 0, recovered: false } });
    await server.pass(1_000);

    expect(server.socket.of("message_ack")).toEqual([]);
  });

  test("a caller that stores by itself acknowledges by itself", async () => {
    const server = new FakeServer({ autoAcknowledge: false });
    await server.live();
    server.socket.say(notification(1));
    await server.pass(1_000);
    expect(server.socket.of("message_ack")).toEqual([]);

    server.client.acknowledge(["k1"]);
    server.client.markRead(["k1"]);

    expect(server.socket.sent).toEqual([
      { type: "message_ack", keys: ["k1"] },
      { type: "message_read", keys: ["k1"] },
    ]);
  });

  test("many keys are split, so that no frame is too large", async () => {
    const server = new FakeServer();
    await server.live();
    const keys = Array.from({ length: 450 }, () => crypto.randomUUID());

    server.client.acknowledge(keys);

    const frames = server.socket.of("message_ack");
    expect(frames.flatMap((frame) => frame["keys"])).toEqual(keys);
    for (const frame of frames) expect(JSON.stringify(frame).length).toBeLessThan(16_384);
  });
});

function state(version: number) {
  return {
    type: "notification_state" as const,
    keys: ["k1"],
    up_to: null,
    state: "read" as const,
    state_version: version,
    unread: 5,
  };
}

describe("states", () => {
  test("a state is told with the unread count, once", async () => {
    const server = new FakeServer();
    await server.live({ state_version: 3 });

    for (const version of [3, 4, 4]) server.socket.say(state(version));

    expect(server.events("state").map((frame) => frame.state_version)).toEqual([4]);
    expect(server.events("unread").at(-1)).toEqual({ unread: 5, through: null });
  });

  test("resync waits up to three seconds, and doubled ones are one", async () => {
    const server = new FakeServer({ drawn: 0.9 });
    await server.live();

    server.socket.say({ type: "resync" });
    server.socket.say({ type: "resync" });
    await server.pass(2_699);
    expect(server.events("resync")).toEqual([]);
    await server.pass(2);

    expect(server.events("resync")).toEqual([{ reason: "server" }]);
  });

  test("a change of alerts that the snapshot already holds is ignored", async () => {
    const server = new FakeServer();
    await server.live();

    server.socket.say({ type: "alerts", version: 5, alerts: [] });
    for (const version of [5, 6, 6]) {
      server.socket.say({ type: "alert", version, alert: { id: 1 }, change: "expired" });
    }

    expect(server.events("alert").map(({ version }) => version)).toEqual([6]);
  });

  test("a change of one alert does not hide an earlier one of another", async () => {
    const server = new FakeServer();
    await server.live();
    server.socket.say({ type: "alerts", version: 5, alerts: [] });

    server.socket.say({ type: "alert", version: 7, alert: { id: 1 }, change: "expired" });
    server.socket.say({ type: "alert", version: 6, alert: { id: 2 }, change: "expired" });
    server.socket.say({ type: "alert", version: 6, alert: { id: 1 }, change: "withdrawn" });

    expect(server.events("alert").map(({ version }) => version)).toEqual([7, 6]);
  });

  test("what one did to an alert does not hide what others changed in it", async () => {
    const server = new FakeServer();
    await server.live();
    const own = { read_at: null, snoozed_until: null, reminders: 0, last_reminded_at: null };
    server.socket.say({ type: "alerts", version: 5, alerts: [] });

    const read = { id: 1, state: "read" as const, ...own };
    server.socket.say({ type: "alert", version: 7, alert: read, change: "state" });
    server.socket.say({ type: "alert", version: 6, alert: { id: 1 }, change: "withdrawn" });

    expect(server.events("alert").map(({ version }) => version)).toEqual([7, 6]);
  });
});

describe("the session", () => {
  test("it is renewed in place, with a new ticket", async () => {
    const server = new FakeServer();
    await server.live();

    server.socket.say({ type: "session_expiring", in: 60 });
    await server.pass();
    server.socket.say({ type: "auth_ok", session_expires_at: null });

    expect(server.socket.of("auth")).toEqual([{ type: "auth", token: "t2" }]);
    expect(server.sockets).toHaveLength(1);
    expect(server.events("status").map(({ phase }) => phase)).toEqual(["connecting", "live"]);
  });

  test("the ticket does not show among the raw frames", async () => {
    const server = new FakeServer();
    await server.live();

    server.socket.say({ type: "session_expiring", in: 60 });
    await server.pass();

    const shown = server.events("frame").map(({ text }) => text);
    expect(shown.join()).toContain('"type":"auth"');
    expect(shown.join()).not.toContain("t2");
  });

  test("a renewal that fails is tried again while the connection lasts", async () => {
    const server = new FakeServer();
    await server.live();
    server.onTicket = () => answer(503);
    server.socket.say({ type: "session_expiring", in: 60 });
    await server.pass();

    server.onTicket = () => answer(201, { ticket: "late", expires_in: 30 });
    await server.pass(5_000);

    expect(server.socket.of("auth")).toEqual([{ type: "auth", token: "late" }]);
  });
});

describe("ping", () => {
  test("the way there and back is measured", async () => {
    const server = new FakeServer();
    await server.live();

    const latency = server.client.ping();
    await server.pass(12);
    const id = server.socket.of("command")[0]?.["id"];
    server.socket.say({
      type: "command_processing_result",
      key: "ping",
      value: "pong",
      id: id as string,
      server_time: "2026-11-20T10:00:00Z",
    });

    expect(await latency).toBe(12);
    expect(server.events("latency")).toEqual([{ milliseconds: 12 }]);
  });

  test("a connection that no longer answers is given up", async () => {
    const server = new FakeServer();
    await server.live();

    await server.pass(29_900);
    expect(server.client.status.phase).toBe("live");
    await server.pass(200);

    expect(server.client.status.phase).toBe("waiting");
  });

  test("without a connection there is an error at once", async () => {
    const server = new FakeServer();

    await expect(server.client.ping()).rejects.toThrow("no connection");
  });
});

describe("without a WebSocket", () => {
  async function blocked(lastSeq = 12): Promise<FakeServer> {
    const server = new FakeServer({ drawn: 1 });
    server.client.resumeFrom({ ...LIST, last_seq: lastSeq });
    server.client.on("status", ({ phase }) => {
      // Whatever is opened is refused, as by a proxy that knows no WebSocket.
      if (phase === "connecting") setTimeout(() => server.sockets.at(-1)?.end(1006), 10);
    });
    server.onList = () =>
      answer(200, page([], { stream: { ...LIST, last_seq: lastSeq }, unread: 2 }));
    server.client.connect();
    await server.pass(9_900);
    return server;
  }

  const lists = (server: FakeServer) =>
    server.requests.filter((path) => path.startsWith("/api/user/notifications/"));

  test("it begins after ten seconds, says so, and goes on every fifteen", async () => {
    const server = await blocked();
    expect(lists(server)).toEqual([]);

    await server.pass(200);
    expect(server.client.status).toMatchObject({ fallback: "checking" });
    expect(lists(server)).toEqual(["/api/user/notifications/?after=12&page_size=100"]);
    await server.pass(14_000);
    expect(lists(server)).toHaveLength(1);
    await server.pass(1_000);

    expect(lists(server)).toHaveLength(2);
  });

  test("rows arrive as notifications, all pages, each once", async () => {
    const server = await blocked();
    const stream = { ...LIST, last_seq: 15 };
    server.onList = (path) =>
      path.includes("after=12")
        ? answer(200, page([row(13), row(14)], { next: "more", stream }))
        : answer(200, page(path.includes("after=14") ? [row(15)] : [], { stream }));

    await server.pass(16_000);

    expect(server.events("notification").map(({ seq }) => seq)).toEqual([13, 14, 15]);
    expect(server.events("notification")[0]).toMatchObject({ value: { n: 13 }, replay: true });
    expect(server.client.position.seq).toBe(15);
  });

  test("missed states ask for the list", async () => {
    const server = await blocked();
    server.onList = () => answer(200, page([], { stream: { ...LIST, state_version: 8 } }));

    await server.pass(16_000);

    expect(server.events("resync")).toEqual([{ reason: "poll" }]);
  });

  test("another epoch asks for a reload", async () => {
    const server = await blocked();
    server.onList = () => answer(200, page([], { stream: { ...LIST, epoch: "e_2" } }));

    await server.pass(200);

    expect(server.events("reload")).toEqual([{ reason: "epoch" }]);
  });

  test("a server out of reach is told apart", async () => {
    const server = await blocked();
    server.onList = () => {
      throw new TypeError("network");
    };

    await server.pass(200);

    expect(server.client.status).toMatchObject({ fallback: "unreachable" });
  });

  test("a session that ended asks for the login", async () => {
    const server = await blocked();
    server.onList = () => answer(401, { detail: "no" });

    await server.pass(200);

    expect(server.client.status).toMatchObject({ phase: "stopped", reason: "login-required" });
  });

  test("it keeps trying for a socket and ends when there is one", async () => {
    const server = await blocked();
    await server.pass(200);
    const opened = server.sockets.length;
    await server.pass(31_000);
    expect(server.sockets.length).toBeGreaterThan(opened);

    server.client.retryNow();
    await server.pass();
    server.greet({ stream: { epoch: "e_1", last_seq: 12 } });
    const before = lists(server).length;
    await server.pass(9);

    expect(server.client.status).toEqual({ phase: "live" });
    expect(server.events("status").at(-1)).toEqual({ phase: "live" });
    expect(lists(server)).toHaveLength(before);
  });

  test("a short interruption does not begin it", async () => {
    const server = new FakeServer();
    await server.live();
    server.socket.end(1006);
    await server.pass(1_000);
    server.greet();
    const ponging = keepAnswering(server);

    await server.pass(60_000);
    clearInterval(ponging);

    expect(lists(server)).toEqual([]);
  });
});

describe("what cannot be understood", () => {
  test("broken and unknown frames change nothing", async () => {
    const server = new FakeServer();
    await server.live();

    for (const data of ["{", "[]", "null", '{"type":7}', '{"type":"of-tomorrow"}']) {
      server.socket.onmessage?.({ data });
    }

    expect(server.client.status.phase).toBe("live");
    expect(server.events("frame")).toHaveLength(6);
  });

  test("error frames are passed on", async () => {
    const server = new FakeServer();
    await server.live();

    server.socket.say({ type: "message_processing_error", value: "no", code: "bad_json" });

    expect(server.events("error")).toMatchObject([{ code: "bad_json" }]);
  });

  test("a listener that fails does not stop the others", async () => {
    const server = new FakeServer();
    server.client.on("notification", () => {
      throw new Error("broken listener");
    });
    const seen: number[] = [];
    server.client.on("notification", ({ seq }) => seen.push(seq));
    await server.live();

    server.socket.say(notification(1));
    server.socket.say(notification(2));

    expect(seen).toEqual([1, 2]);
    expect(() => vi.advanceTimersByTime(1)).toThrow("broken listener");
  });
});
