// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";

import { row } from "../../client/testing/fake-server";
import { itemOfRow } from "../store";
import { NotificationItem } from "./notification-item";
import "./connection-badge";
import { ConnectionBadge } from "./connection-badge";

afterEach(() => {
  document.body.replaceChildren();
});

async function shown(element: NotificationItem | ConnectionBadge): Promise<ShadowRoot> {
  document.body.append(element);
  await element.updateComplete;
  if (element.shadowRoot === null) throw new Error("the element rendered nothing");
  return element.shadowRoot;
}

function itemOf(changes: Parameters<typeof row>[1]): Promise<ShadowRoot> {
  const element = new NotificationItem();
  element.item = itemOfRow(row(1, changes));
  return shown(element);
}

describe("a notification", () => {
  test("markup in any field stays text", async () => {
    const markup = "<img src=x onerror=alert(1)><script>alert(2)</script>";

    const root = await itemOf({ title: markup, body: markup, payload: { a: markup } });

    expect(root.querySelectorAll("img, script")).toHaveLength(0);
    expect(root.querySelector("h4")?.textContent).toBe(markup);
    expect(root.querySelector(".body")?.textContent).toBe(markup);
  });

  test("an address that runs code is no link", async () => {
    const root = await itemOf({ url: "javascript:alert(1)" });

    expect(root.querySelector("a")).toBeNull();
    expect(root.querySelector(".address")?.textContent).toBe("javascript:alert(1)");
  });

  test("its severity is a word and an icon, not only a colour", async () => {
    const root = await itemOf({ severity: "critical" });

    expect(root.querySelector(".severity")?.textContent).toBe("Critical");
    expect(root.querySelector(".mark svg path")?.getAttribute("d")).toMatch(/^M8 3h8/);
  });

  test("without a title the payload speaks", async () => {
    const root = await itemOf({ title: "", payload: { message: "disk full" } });

    expect(root.querySelector("h4")?.textContent).toBe("disk full");
  });

  test("it produces no inline style", async () => {
    const root = await itemOf({ severity: "warning" });

    expect(root.querySelectorAll("[style], style")).toHaveLength(0);
  });

  test("its button asks for the opposite of its state", async () => {
    const asked = vi.fn();
    document.body.addEventListener("carillon-action", (event) => {
      asked((event as CustomEvent).detail);
    });

    const root = await itemOf({ state: "read" });
    root.querySelector("button")?.click();

    expect(asked).toHaveBeenCalledWith({ key: "k1", action: "unread" });
  });
});

describe("the badge", () => {
  test("where it stopped it offers to reconnect", async () => {
    const badge = new ConnectionBadge();
    badge.status = { phase: "stopped", reason: "replaced", code: 4409 };
    const asked = vi.fn();
    badge.addEventListener("carillon-reconnect", asked);

    const root = await shown(badge);
    root.querySelector("button")?.click();

    expect(root.querySelector(".badge")?.textContent).toContain("Signed in elsewhere");
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("live it offers nothing", async () => {
    const badge = new ConnectionBadge();
    badge.status = { phase: "live" };

    const root = await shown(badge);

    expect(root.querySelector("button")).toBeNull();
  });
});
