import { expect, test, vi } from "vitest";

import { Http } from "../client";
import { answer } from "../client/testing/fake-server";
import { ProfileApi } from "./profile-api";

function slowly() {
  let respond: (response: Response) => void = () => undefined;
  const response = new Promise<Response>((done) => (respond = done));
  const http = new Http({ baseUrl: "https://carillon.example", fetch: () => response });
  return {
    profile: new ProfileApi(http),
    respond: (status: number) => respond(answer(status)),
  };
}

test("a session that is refused while the password changes is only the old one", async () => {
  const { profile, respond } = slowly();
  const changed = profile.changePassword("old", "new");
  const isRenewed = profile.isRenewed();

  respond(204);

  expect(await isRenewed).toBe(true);
  await changed;
});

test("so is one that is refused soon after: it was asked for with the old cookie", async () => {
  vi.useFakeTimers();
  const { profile, respond } = slowly();
  const changed = profile.changePassword("old", "new");
  respond(204);
  await changed;

  expect(await profile.isRenewed()).toBe(true);
  vi.advanceTimersByTime(10_000);
  expect(await profile.isRenewed()).toBe(false);
  vi.useRealTimers();
});

test("it has ended where the password did not change, or where nobody changed it", async () => {
  const { profile, respond } = slowly();
  expect(await profile.isRenewed()).toBe(false);
  const changed = profile.changePassword("wrong", "new");
  const isRenewed = profile.isRenewed();

  respond(400);

  expect(await isRenewed).toBe(false);
  await expect(changed).rejects.toThrow();
});
