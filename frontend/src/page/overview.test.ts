// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { answer, FakeServer, notification } from "../client/testing/fake-server";
import { Overview } from "./overview";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

async function opened(unread: number) {
  const server = new FakeServer();
  const says = { unread };
  server.onList = () => {
    const by_severity = { info: says.unread, warning: 0, critical: 0 };
    const notifications = { unread: says.unread, by_severity, latest: [] };
    return answer(200, { notifications });
  };
  const overview = new Overview({
    client: server.client,
    headlineOf: ({ title }) => title,
    onChange: () => undefined,
    random: () => 0.5,
  });
  await server.pass();
  const asked = () => server.requests.filter((path) => path === "/api/user/dashboard/").length;
  return { server, says, overview, asked };
}

test("what arrives is counted without asking", async () => {
  const { server, overview, asked } = await opened(2);

  overview.arrived([notification(1, { severity: "critical", title: "Fire" }), notification(2)]);
  overview.expect(4);
  await server.pass(60_000);

  expect(overview.notifications).toMatchObject({
    unread: 4,
    bySeverity: { info: 3, warning: 0, critical: 1 },
    newest: { title: "Number 2" },
  });
  expect(asked()).toBe(1);
});

test("a count that does not fit is asked about once, a while later", async () => {
  const { server, says, overview, asked } = await opened(2);
  says.unread = 1;

  overview.expect(1);
  overview.expect(1);
  expect(asked()).toBe(1);
  await server.pass(2_500);

  expect(asked()).toBe(2);
  expect(overview.notifications?.unread).toBe(1);
});

test("figures that never fit are not asked for again and again", async () => {
  const { server, overview, asked } = await opened(2);

  for (let second = 0; second < 60; second += 1) {
    overview.expect(9);
    await server.pass(1_000);
  }

  expect(asked()).toBe(2);
});

test("a tab that nobody looks at asks when somebody does", async () => {
  const { server, says, overview, asked } = await opened(2);
  const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  says.unread = 1;

  overview.expect(1);
  await server.pass(60_000);
  expect(asked()).toBe(1);
  visibility.mockReturnValue("visible");
  document.dispatchEvent(new Event("visibilitychange"));
  await server.pass();

  expect(asked()).toBe(2);
  expect(overview.notifications?.unread).toBe(1);
  overview.close();
});
