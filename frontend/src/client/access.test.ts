import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { HttpError } from "./http";
import { answer, FakeServer, page } from "./testing/fake-server";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const URL_OF_TICKETS = "https://shop.example/my-backend/ticket";
const LIST = "GET https://carillon.example/api/user/notifications/";

/** A server whose tickets come from the backend of a shop. */
function embedded(lifeSeconds = 3_600): { server: FakeServer; passes: () => number } {
  let passes = 0;
  const server = new FakeServer({ ticketUrl: URL_OF_TICKETS });
  server.onList = (path) => {
    if (!path.startsWith("/my-backend/")) return answer(200, page([]));
    passes += 1;
    return answer(201, {
      ticket: `t${passes}`,
      expires_in: 30,
      inbox_token: `inbox${passes}`,
      inbox_token_expires_in: lifeSeconds,
    });
  };
  return { server, passes: () => passes };
}

describe("tickets of one's own backend", () => {
  test("one answer opens the socket and reads the inbox", async () => {
    const { server, passes } = embedded();

    await server.client.inbox.list();
    await server.live();

    expect(server.calls).toEqual([
      { call: `POST ${URL_OF_TICKETS}`, authorization: null },
      { call: LIST, authorization: "Token inbox1" },
    ]);
    expect(server.socket.protocols[1]).toBe("ticket.t1");
    expect(passes()).toBe(1);
  });

  test("a ticket is used once", async () => {
    const { server } = embedded();
    await server.live();

    server.socket.end(1006);
    await server.pass(1_000);

    expect(server.sockets.map(({ protocols }) => protocols[1])).toEqual([
      "ticket.t1",
      "ticket.t2",
    ]);
  });

  test("a ticket that waited too long is not used", async () => {
    const { server } = embedded();
    await server.client.inbox.list();

    await server.pass(20_000);
    await server.live();

    expect(server.socket.protocols[1]).toBe("ticket.t2");
  });

  test.each([
    [3_600, 3_530, 3_545],
    [100, 75, 85],
  ])("a token for %i s is good at %i s and renewed at %i s", async (life, before, after) => {
    const { server, passes } = embedded(life);
    await server.client.inbox.list();

    await server.pass(before * 1_000);
    await server.client.inbox.list();
    expect(passes()).toBe(1);
    await server.pass((after - before) * 1_000);
    await server.client.inbox.readAll(3);

    expect(passes()).toBe(2);
    expect(server.calls.at(-1)).toEqual({
      call: "POST https://carillon.example/api/user/notifications/read-all/",
      authorization: "Token inbox2",
    });
  });

  test("many requests at once need one token", async () => {
    const { server, passes } = embedded();

    await Promise.all([1, 2, 3].map(() => server.client.inbox.list()));

    expect(passes()).toBe(1);
  });

  test("a token that the server refuses is renewed once", async () => {
    const { server, passes } = embedded();
    const asBefore = server.onList;
    server.onList = (path) =>
      path.startsWith("/my-backend/") || server.calls.at(-1)?.authorization === "Token inbox2"
        ? asBefore(path)
        : answer(401, { detail: "no" });

    await server.client.inbox.list();
    expect(passes()).toBe(2);
    server.onList = (path) =>
      path.startsWith("/my-backend/") ? asBefore(path) : answer(401, { detail: "no" });
    const refused = server.client.inbox.list();

    await expect(refused).rejects.toMatchObject({ status: 401 });
    expect(passes()).toBe(3);
  });

  test("the socket's session is renewed with a new ticket of the backend", async () => {
    const { server } = embedded();
    await server.live();

    server.socket.say({ type: "session_expiring", in: 60 });
    await server.pass();

    expect(server.socket.of("auth")).toEqual([{ type: "auth", token: "t2" }]);
  });

  test("a backend that knows nobody asks for the login", async () => {
    const { server } = embedded();
    server.onList = () => answer(403, { detail: "Sign in to the shop." });

    server.client.connect();
    await server.pass();

    expect(server.client.status).toMatchObject({ phase: "stopped", reason: "login-required" });
  });

  test("an answer without a ticket is tried again later", async () => {
    const { server } = embedded();
    server.onList = () => answer(200, { hello: "world" });

    server.client.connect();
    await server.pass();

    expect(server.client.status.phase).toBe("waiting");
  });
});

describe("a function that gives tickets", () => {
  test("it may give the token along", async () => {
    const ticket = () => Promise.resolve({ ticket: "t", inbox_token: "secret" });
    const server = new FakeServer({ ticket });

    await server.client.inbox.list();
    await server.pass(86_400_000);
    await server.client.inbox.list();

    expect(server.calls.map(({ authorization }) => authorization)).toEqual([
      "Token secret",
      "Token secret",
    ]);
  });

  test("without a token the session reads the inbox, and no ticket is wasted", async () => {
    let minted = 0;
    const ticket = () => Promise.resolve(`mine${(minted += 1)}`);
    const server = new FakeServer({ ticket });
    await server.live();

    await server.client.inbox.list();
    await server.client.inbox.list();

    expect(minted).toBe(1);
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([null, null]);
  });

  test("its refusal is the refusal of the request", async () => {
    const ticket = () => Promise.reject(new HttpError(401, "no"));
    const server = new FakeServer({ ticket });

    await expect(server.client.inbox.list()).rejects.toMatchObject({ status: 401 });
  });
});

describe("the session of a browser", () => {
  const sent: Headers[] = [];
  const fetch = (_: unknown, init?: RequestInit) => {
    sent.push(new Headers(init?.headers));
    return Promise.resolve(answer(200, page([])));
  };

  test.each([
    ["https://carillon.example", "abc"],
    ["https://elsewhere.example", null],
  ])("a page of %s gives the CSRF token %s", async (origin, token) => {
    vi.stubGlobal("document", { cookie: "a=1; csrftoken=abc" });
    vi.stubGlobal("location", new URL(origin));
    const server = new FakeServer({ fetch, storage: null });

    await server.client.inbox.readAll(1);
    await server.client.inbox.list();

    expect(sent.splice(0).map((headers) => headers.get("X-CSRFToken"))).toEqual([token, null]);
  });
});
