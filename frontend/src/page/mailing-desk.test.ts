// @vitest-environment happy-dom

import { expect, test } from "vitest";

import {
  CarillonClient,
  type ClientEvents,
  Http,
  type MailingProgress,
  type MailingStatus,
} from "../client";
import { MailingDesk } from "./mailing-desk";

class FakeClient extends CarillonClient {
  readonly watching: number[] = [];

  override watch(mailing: number): void {
    this.watching.push(mailing);
  }

  say<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void {
    this.emit(name, event);
  }
}

function progress(mailing: number, status: MailingStatus, sent = 0): MailingProgress {
  return {
    mailing,
    title: "Hello",
    status,
    reason: "",
    total: 10,
    sent,
    failed: 0,
    waiting: 10 - sent,
    expired: 0,
    unknown: 0,
    cancelled: 0,
    rate: 1,
    eta_seconds: 9,
  };
}

function desk() {
  const client = new FakeClient({ baseUrl: "http://localhost" });
  const changes: number[] = [];
  const made = new MailingDesk({
    client,
    http: new Http({ baseUrl: "http://localhost" }),
    onChange: () => changes.push(changes.length),
    onProblem: () => undefined,
  });
  return { client, changes, made };
}

test("it watches what runs, each once, and no draft", () => {
  const { client, made } = desk();

  const mailings = [progress(1, "running"), progress(2, "draft"), progress(3, "paused")];
  client.say("mailings", { type: "mailings", mailings });
  client.say("mailings", { type: "mailings", mailings });

  expect(client.watching).toEqual([1, 3]);
  expect(made.all).toHaveLength(3);
});

test("progress replaces what was known, and what is new comes first", () => {
  const { client, made } = desk();
  client.say("mailings", { type: "mailings", mailings: [progress(1, "running")] });

  client.say("mailing_progress", { type: "mailing_progress", ...progress(1, "done", 10) });
  client.say("mailing_progress", { type: "mailing_progress", ...progress(2, "running") });

  expect(made.all.map(({ mailing, sent }) => [mailing, sent])).toEqual([
    [2, 0],
    [1, 10],
  ]);
  expect(client.watching).toEqual([1, 2]);
});
