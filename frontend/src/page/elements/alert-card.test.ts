// @vitest-environment happy-dom
import { afterEach, describe, expect, test } from "vitest";

import type { AlertRow } from "../../client";
import { alertRow, moment, NOON } from "../../client/testing/alerts";
import { speak } from "../../i18n";
import { AlertCard } from "./alert-card";

afterEach(() => {
  document.body.replaceChildren();
  speak("en");
});

async function shown(changes: Partial<AlertRow>, now = NOON): Promise<ShadowRoot> {
  const element = new AlertCard();
  element.alert = alertRow(1, changes);
  element.now = now;
  element.zone = "Europe/Moscow";
  document.body.append(element);
  await element.updateComplete;
  if (element.shadowRoot === null) throw new Error("the element rendered nothing");
  return element.shadowRoot;
}

const text = (root: ShadowRoot, selector: string) =>
  root.querySelector(selector)?.textContent.replace(/\s+/g, " ").trim();

describe("an alert", () => {
  test("markup in it stays text, and it brings no inline style", async () => {
    const markup = "<img src=x onerror=alert(1)>";

    const root = await shown({ title: markup, message: markup });

    expect(root.querySelectorAll("img, [style], style")).toHaveLength(0);
    expect(text(root, "h3")).toBe(markup);
    expect(text(root, ".message")).toBe(markup);
  });

  test("its severity is a word and an icon, not only a colour", async () => {
    const root = await shown({ severity: "critical" });

    expect(text(root, ".severity")).toBe("Critical");
    expect(root.querySelector(".mark svg path")?.getAttribute("d")).toMatch(/^M8 3h8/);
  });

  test.each([
    [3 * 1_440 + 125, "3 days 2 hr left"],
    [125, "2 hr 5 min left"],
    [60, "1 hr left"],
    [4.5, "4 min left"],
    [0.5, "30 sec left"],
    [0, "ends now"],
  ])("with %d minutes to go says %s", async (minutes, said) => {
    const root = await shown({ expiry_time: moment(minutes) });

    expect(text(root, ".left")).toBe(said);
  });

  test("says how often its reader was reminded", async () => {
    const never = await shown({});
    const twice = await shown({ reminders: 2, last_reminded_at: moment(-5) });

    expect(never.querySelector(".reminded")).toBeNull();
    expect(text(twice, ".reminded")).toBe("reminded 2 ×");
  });

  test.each([
    [moment(60), "Snoozed until 4:00 PM"],
    [moment(9 * 60), "Snoozed until tomorrow, 12:00 AM"],
    [null, "Snoozed to the end of the day"],
  ])("snoozed until %s says so in the zone of its reader", async (until, said) => {
    const root = await shown({ state: "snoozed", snoozed_until: until });

    expect(text(root, ".state")).toBe(said);
  });

  test("speaks Russian", async () => {
    speak("ru");

    const root = await shown({ severity: "critical", reminders: 2, expiry_time: moment(125) });

    expect(text(root, ".severity")).toBe("Критично");
    expect(text(root, ".left")).toBe("осталось 2 ч 5 мин");
    expect(text(root, ".reminded")).toBe("напоминаний: 2");
  });

  test.each([
    ["unread", ["read"]],
    ["snoozed", ["end-snooze", "read"]],
    ["read", ["unread"]],
  ] as const)("%s offers what ends that", async (state, kinds) => {
    const asked: string[] = [];
    const heard = (event: Event) => {
      asked.push((event as CustomEvent<{ action: { kind: string } }>).detail.action.kind);
    };
    document.body.addEventListener("carillon-alert-action", heard);

    const root = await shown({ state });
    for (const button of root.querySelectorAll<HTMLElement>(".actions > button")) {
      button.click();
    }
    document.body.removeEventListener("carillon-alert-action", heard);

    expect(asked).toEqual(kinds);
  });
});
