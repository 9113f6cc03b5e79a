import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { AlertRow } from "../client";
import { alertRow, moment, NOON } from "../client/testing/alerts";
import { answer, FakeServer } from "../client/testing/fake-server";
import { LiveAlerts } from "./live-alerts";
import type { TabMessage } from "./tabs";

interface Heard {
  arrived: [id: number, isFirst: boolean][];
  reminded: number[];
  gone: number[];
  problems: string[];
  told: TabMessage[];
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
});

afterEach(() => {
  vi.useRealTimers();
});

function opened(server: FakeServer) {
  const heard: Heard = { arrived: [], reminded: [], gone: [], problems: [], told: [] };
  const live = new LiveAlerts({
    client: server.client,
    user: 7,
    now: () => Date.now(),
    onChange: () => undefined,
    onArrivals: (rows, isFirst) => {
      for (const { id } of rows) heard.arrived.push([id, isFirst]);
    },
    onReminder: ({ id }) => heard.reminded.push(id),
    onGone: (rows) => heard.gone.push(...rows.map(({ id }) => id)),
    onProblem: (title) => heard.problems.push(title),
    tell: (message) => heard.told.push(message),
  });
  return { live, heard };
}

async function shown(...rows: AlertRow[]) {
  const server = new FakeServer();
  const { live, heard } = opened(server);
  const socket = await server.live();
  socket.say({ type: "alerts", version: 1, alerts: rows } as never);
  return { server, socket, live, heard };
}

const states = (live: LiveAlerts) => live.visible.map(({ id, state }) => [id, state]);

describe("an action", () => {
  test("shows before the server has answered, and stays when it agrees", async () => {
    const { server, live, heard } = await shown(alertRow(1));
    server.onList = () => answer(200, alertRow(1, { state: "read", read_at: moment(0) }));

    const done = live.act(1, { kind: "read" });

    expect(states(live)).toEqual([[1, "read"]]);
    await expect(done).resolves.toBe(true);
    expect(states(live)).toEqual([[1, "read"]]);
    expect(heard.problems).toEqual([]);
    expect(server.calls.at(-1)?.call).toMatch(
      "POST https://carillon.example/api/user/alerts/1/read/",
    );
  });

  test.each([500, 400, 403])("is taken back when the server says %i", async (status) => {
    const { server, live, heard } = await shown(alertRow(1));
    server.onList = () => answer(status, { detail: "No." });

    const done = live.act(1, { kind: "snooze", how: { minutes: 60 } });

    expect(states(live)).toEqual([[1, "snoozed"]]);
    await expect(done).resolves.toBe(false);
    expect(states(live)).toEqual([[1, "unread"]]);
    expect(heard.problems).toHaveLength(1);
  });

  test("is taken back when nobody answers", async () => {
    const { server, live, heard } = await shown(alertRow(1));
    server.onList = () => Promise.reject(new TypeError("no network"));

    await expect(live.act(1, { kind: "read" })).resolves.toBe(false);

    expect(states(live)).toEqual([[1, "unread"]]);
    expect(heard.problems).toHaveLength(1);
  });

  test("on an alert that is gone removes it", async () => {
    const { server, live } = await shown(alertRow(1));
    server.onList = () => answer(404, { detail: "Not found." });

    await live.act(1, { kind: "read" });

    expect(live.visible).toEqual([]);
  });

  test("follows the earlier ones on the same alert, in order", async () => {
    const { server, live } = await shown(alertRow(1));
    const open: ((response: Response) => void)[] = [];
    server.onList = () => new Promise((resolve) => open.push(resolve));

    const first = live.act(1, { kind: "read" });
    const second = live.act(1, { kind: "unread" });
    await server.pass();
    expect(open).toHaveLength(1);
    open[0]?.(answer(200, alertRow(1, { state: "read" })));
    await first;
    expect(states(live)).toEqual([[1, "unread"]]);
    await server.pass();
    open[1]?.(answer(200, alertRow(1)));
    await second;

    expect(states(live)).toEqual([[1, "unread"]]);
  });

  test("its answer does not undo what was heard meanwhile", async () => {
    const { server, socket, live } = await shown(alertRow(1));
    let respond: (response: Response) => void = () => undefined;
    server.onList = () => new Promise((resolve) => (respond = resolve));

    const done = live.act(1, { kind: "read" });
    await server.pass();
    const later = { ...alertRow(1), state: "snoozed", snoozed_until: moment(60) };
    socket.say({ type: "alert", version: 3, change: "state", alert: later } as never);
    respond(answer(200, alertRow(1, { state: "read" })));
    await done;
    await server.pass();

    expect(states(live)).toEqual([[1, "snoozed"]]);
  });
});

describe("what people hear of", () => {
  test("the first snapshot was there already; later ones arrive", async () => {
    const { socket, heard } = await shown(alertRow(1));
    socket.say({ type: "alert", version: 2, change: "published", alert: alertRow(2) } as never);

    expect(heard.arrived).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  test("a reminder, an end by the clock and one by the server", async () => {
    const short = alertRow(1, { expiry_time: moment(0.1) });
    const { server, socket, live, heard } = await shown(short, alertRow(2));

    const reminder = { ...alertRow(2), reminders: 1 };
    socket.say({ type: "alert", version: 2, change: "reminder", alert: reminder } as never);
    await server.pass(7_000);
    socket.say({ type: "alert", version: 3, change: "expired", alert: { id: 1 } } as never);
    socket.say({ type: "alert", version: 4, change: "withdrawn", alert: { id: 2 } } as never);

    expect(heard.reminded).toEqual([2]);
    expect(heard.gone).toEqual([1, 2]);
    expect(live.visible).toEqual([]);
  });

  test("a snooze that ends by the clock", async () => {
    const resting = alertRow(1, { state: "snoozed", snoozed_until: moment(0.1) });
    const { server, live, heard } = await shown(resting);

    await server.pass(7_000);

    expect(states(live)).toEqual([[1, "unread"]]);
    expect(heard.arrived).toEqual([[1, false]]);
  });
});

describe("without a socket", () => {
  test("alerts are asked for every 15 seconds", async () => {
    const server = new FakeServer();
    const { live } = opened(server);
    server.onList = (path) => {
      const isFirst = new URLSearchParams(path.split("?")[1]).get("page") === "1";
      const next = isFirst ? "https://carillon.example/?page=2" : null;
      return answer(200, { results: [alertRow(isFirst ? 5 : 4)], next });
    };

    await server.pass(15_000);

    expect(states(live)).toEqual([
      [5, "unread"],
      [4, "unread"],
    ]);
    live.close();
    const asked = server.requests.length;
    await server.pass(60_000);
    expect(server.requests).toHaveLength(asked);
  });

  test("another tab says what was done there; with a socket it is heard from the server", async () => {
    const read = alertRow(1, { state: "read" });
    const message = { kind: "alert", user: 7, row: read } as const;
    const { live } = await shown(alertRow(1));
    const server = new FakeServer();
    const cutOff = opened(server).live;

    live.hear(message);
    cutOff.hear({ ...message, user: 8 });
    expect(states(cutOff)).toEqual([]);
    cutOff.hear(message);

    expect(states(live)).toEqual([[1, "unread"]]);
    expect(states(cutOff)).toEqual([[1, "read"]]);
  });
});
