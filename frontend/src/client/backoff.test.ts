import { expect, test } from "vitest";

import { Backoff } from "./backoff";

function ceilings(count: number): number[] {
  const backoff = new Backoff(() => 1);
  return Array.from({ length: count }, () => backoff.nextDelayMs());
}

test("the ceiling doubles from one second to thirty and stays there", () => {
  expect(ceilings(8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("the delay may be anything from nothing to the ceiling", () => {
  expect(new Backoff(() => 0).nextDelayMs()).toBe(0);
  expect(new Backoff(() => 0.25).nextDelayMs()).toBe(250);
});

test("a reset begins again at one second", () => {
  const backoff = new Backoff(() => 1);
  backoff.nextDelayMs();
  backoff.nextDelayMs();

  backoff.reset();

  expect(backoff.nextDelayMs()).toBe(1_000);
});
