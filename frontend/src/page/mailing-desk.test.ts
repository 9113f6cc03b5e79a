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

class FakeHttp extends Http {
  readonly posted: string[] = [];

  constructor(private readonly clients: number) {
    super({ baseUrl: "http://localhost" });
  }

  override get<T>(): Promise<T> {
    return Promise.resolve({ clients: this.clients, total_segments: 2 * this.clients } as T);
  }

  override post<T>(path: string): Promise<T> {
    this.posted.push(path);
    return Promise.resolve(undefined as T);
  }
}

function desk({ clients = 225, answer = true } = {}) {
  const client = new FakeClient({ baseUrl: "http://localhost" });
  const http = new FakeHttp(clients);
  const changes: number[] = [];
  const questions: string[] = [];
  const made = new MailingDesk({
    client,
    http,
    confirm: (question) => {
      questions.push(question);
      return answer;
    },
    onChange: () => changes.push(changes.length),
    onProblem: () => undefined,
  });
  return { client, changes, http, questions, made };
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

test("one to few starts with one click", async () => {
  const { http, questions, made } = desk({ clients: 1000 });

  await made.start(7);

  expect(questions).toEqual([]);
  expect(http.posted).toEqual(["/api/mailings/7/start/"]);
});

test.each([
  [true, ["/api/mailings/7/start/"]],
  [false, []],
])("one to many starts when the number was confirmed: %s", async (answer, posted) => {
  const { http, questions, made } = desk({ clients: 1001, answer });

  await made.start(7);

  expect(questions).toEqual(["Start this mailing to 1,001 clients (2,002 SMS)?"]);
  expect(http.posted).toEqual(posted);
});
