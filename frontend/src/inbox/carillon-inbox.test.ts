// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import {
  answer,
  FakeSocket,
  hello,
  notification,
  page,
  row,
} from "../client/testing/fake-server";
import { CarillonInbox } from "./carillon-inbox";

const sockets: FakeSocket[] = [];
let rows = [row(1)];
let refuses = false;
let server = "";
let tests = 0;

beforeEach(() => {
  // Each test has a server of its own, since elements share what is open.
  tests += 1;
  server = `https://${tests}.example`;
  rows = [row(1)];
  refuses = false;
  sockets.length = 0;
  vi.stubGlobal(
    "WebSocket",
    class extends FakeSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols);
        sockets.push(this);
      }
    },
  );
  vi.stubGlobal("fetch", (address: string) => {
    if (address.endsWith("/ticket")) {
      return Promise.resolve(answer(201, { ticket: "t", inbox_token: "secret" }));
    }
    const asked = /k(\d+)\/(archive|unarchive)\//.exec(address);
    if (asked === null) return Promise.resolve(answer(200, page(rows)));
    const state = asked[2] === "archive" ? "archived" : "unread";
    const done = answer(200, row(Number(asked[1]), { state }));
    return Promise.resolve(refuses ? answer(503) : done);
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

async function put(attributes: Record<string, string> = {}): Promise<CarillonInbox> {
  const inbox = new CarillonInbox();
  const all = {
    server,
    "ticket-url": "https://shop.example/ticket",
    lang: "en",
    ...attributes,
  };
  for (const [name, value] of Object.entries(all)) inbox.setAttribute(name, value);
  document.body.append(inbox);
  await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(0));
  for (const socket of sockets.filter(({ readyState }) => readyState === 0)) {
    socket.accept();
    socket.say(hello({ unread: rows.length, stream: { epoch: "e_1", last_seq: rows.length } }));
  }
  return inbox;
}

function part(inbox: CarillonInbox, selector: string): HTMLElement {
  const found = inbox.shadowRoot?.querySelector<HTMLElement>(selector);
  if (found === null || found === undefined) throw new Error(`there is no ${selector}`);
  return found;
}

test("the bell says how many are unread", async () => {
  const inbox = await put();

  expect(inbox.unread).toBe(1);
  expect(part(inbox, ".bell").getAttribute("aria-label")).toBe("Notifications, 1 unread");
  expect(part(inbox, ".badge").textContent).toBe("1");
});

test("no more than 99 are shown on it", async () => {
  const inbox = await put();

  sockets[0]?.say({
    type: "notification_state",
    keys: [],
    up_to: null,
    state: "unread",
    state_version: 9,
    unread: 250,
  });

  expect(part(inbox, ".badge").textContent).toBe("99+");
});

test("events leave shadow roots", async () => {
  const heard: string[] = [];
  const listener = (event: Event) => {
    heard.push(`${event.type} ${JSON.stringify((event as CustomEvent).detail).slice(0, 20)}`);
  };
  for (const name of ["notification", "unread", "open", "close"]) {
    document.addEventListener(name, listener);
  }
  const inbox = await put();

  sockets[0]?.say(notification(2));
  inbox.open();
  inbox.close();

  expect(heard).toEqual([
    'unread {"unread":1}',
    'unread {"unread":2}',
    'notification {"type":"server_noti',
    "open {}",
    "close {}",
  ]);
  for (const name of ["notification", "unread", "open", "close"]) {
    document.removeEventListener(name, listener);
  }
});

test("the language may change while it is shown", async () => {
  const inbox = await put();
  inbox.open();

  inbox.setAttribute("lang", "ru");

  expect(part(inbox, "h2").textContent).toBe("Уведомления");
  expect(part(inbox, ".panel").lang).toBe("ru");
  expect(sockets).toHaveLength(1);
});

test("the language is that of the page where the element names none", async () => {
  document.documentElement.lang = "ru";
  const inbox = await put();

  inbox.removeAttribute("lang");

  expect(part(inbox, ".bell").getAttribute("aria-label")).toContain("непрочитанное");
  document.documentElement.lang = "";
});

test("on another origin without tickets it says what is missing", () => {
  const inbox = new CarillonInbox();
  inbox.lang = "en";
  inbox.setAttribute("server", server);
  document.body.append(inbox);
  inbox.open();

  expect(part(inbox, ".status").textContent).toBe("This inbox has no ticket-url.");
  expect(sockets).toEqual([]);
});

test("a function gives tickets where the attribute cannot", async () => {
  const inbox = new CarillonInbox();
  inbox.setAttribute("server", server);
  inbox.ticket = () => Promise.resolve({ ticket: "mine", inbox_token: "secret" });
  document.body.append(inbox);

  await vi.waitFor(() => expect(sockets).toHaveLength(1));

  expect(sockets[0]?.protocols[1]).toBe("ticket.mine");
});

test("items that stay are not built anew when others come and go", async () => {
  rows = [row(2), row(1)];
  const inbox = await put();
  inbox.open();
  const before = [...part(inbox, "ul").children];

  sockets[0]?.say(notification(3));
  sockets[0]?.say({
    type: "notification_state",
    keys: ["k2"],
    up_to: null,
    state: "archived",
    state_version: 4,
    unread: 2,
  });

  const after = [...part(inbox, "ul").children];
  expect(after).toHaveLength(2);
  expect(after[1]).toBe(before[1]);
});

test("what is over can be tried again", async () => {
  const inbox = await put();
  inbox.open();
  sockets[0]?.end(4409);
  expect(part(inbox, ".notice").hidden).toBe(false);

  part(inbox, ".notice button").click();
  await vi.waitFor(() => expect(sockets).toHaveLength(2));

  expect(part(inbox, ".notice").hidden).toBe(true);
});

describe("what was archived", () => {
  /** Press a key where the focus is, or on the panel. */
  function press(inbox: CarillonInbox, key: string): void {
    const focused = inbox.shadowRoot?.activeElement ?? part(inbox, ".panel");
    focused.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }

  /** Archive the newest two of three. */
  async function archived(attributes: Record<string, string> = {}): Promise<CarillonInbox> {
    rows = [row(3), row(2), row(1)];
    const inbox = await put(attributes);
    inbox.open();
    for (const left of [2, 1]) {
      part(inbox, ".actions button:last-child").click();
      await vi.waitFor(() => expect(headlines(inbox)).toHaveLength(left));
    }
    await vi.waitFor(() => expect(part(inbox, ".undo").hidden).toBe(false));
    return inbox;
  }

  const headlines = (inbox: CarillonInbox) =>
    [...(inbox.shadowRoot?.querySelectorAll("h3") ?? [])].map(({ textContent }) => textContent);

  test("is said politely, and comes back the latest first, by the button and by a key", async () => {
    const inbox = await archived();
    const said = () => part(inbox, ".undo span").textContent;
    await vi.waitFor(() => expect(said()).toBe("Archived: Number 2"));
    expect(part(inbox, ".heard[role=status]").textContent).toBe("Archived: Number 2");

    part(inbox, ".undo button").click();
    await vi.waitFor(() => expect(headlines(inbox)).toEqual(["Number 2", "Number 1"]));
    expect(inbox.shadowRoot?.activeElement?.textContent).toContain("Number 2");
    expect(said()).toBe("Archived: Number 3");
    press(inbox, "z");
    await vi.waitFor(() => expect(headlines(inbox)).toHaveLength(3));

    expect(part(inbox, ".undo").hidden).toBe(true);
    expect(inbox.unread).toBe(3);
    press(inbox, "z");
    expect(headlines(inbox)).toHaveLength(3);
  });

  test("is offered for some seconds, and as long as the focus is there", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const inbox = await archived();

    part(inbox, ".undo button").focus();
    vi.advanceTimersByTime(15_000);
    expect(part(inbox, ".undo").hidden).toBe(false);
    part(inbox, "article").focus();
    vi.advanceTimersByTime(15_000);

    expect(part(inbox, ".undo").hidden).toBe(true);
    vi.useRealTimers();
  });

  test("can be asked for again where that failed, in Russian too", async () => {
    const inbox = await archived({ lang: "ru" });
    refuses = true;

    part(inbox, ".undo button").click();
    await vi.waitFor(() => expect(part(inbox, ".notice").hidden).toBe(false));
    await vi.waitFor(() =>
      expect(part(inbox, ".undo span").textContent).toBe("В архиве: Number 2"),
    );
    refuses = false;
    part(inbox, ".undo button").click();

    await vi.waitFor(() => expect(headlines(inbox)).toEqual(["Number 2", "Number 1"]));
    expect(part(inbox, ".undo button").getAttribute("aria-label")).toBe("Вернуть: Number 3");
  });

  test("is forgotten with the panel", async () => {
    const inbox = await archived();

    inbox.close();
    inbox.open();

    expect(part(inbox, ".undo").hidden).toBe(true);
  });
});
