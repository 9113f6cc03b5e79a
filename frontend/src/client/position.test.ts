import { expect, test } from "vitest";

import { Position } from "./position";

const LIST = { epoch: "e_1", last_seq: 12, state_version: 3 };

test("there is nothing to resume from at the start", () => {
  expect(new Position().query()).toBe("");
});

test("a list gives all three parts of the position", () => {
  const position = new Position();

  position.adopt(LIST);

  expect(position.query()).toBe("?epoch=e_1&seq=12&state=3");
});

test("an empty stream is a position too", () => {
  const position = new Position();

  position.adopt({ ...LIST, last_seq: 0 });

  expect(position.query()).toBe("?epoch=e_1&seq=0&state=3");
});

test("a stream of which nothing was processed is none", () => {
  const position = new Position();

  position.startEpoch("e_1", null);

  expect(position.query()).toBe("");
  expect(position.isNew(1)).toBe(true);
});

test("a later list of the same epoch moves the state but not the number", () => {
  const position = new Position();
  position.adopt(LIST);

  position.adopt({ epoch: "e_1", last_seq: 20, state_version: 9 });

  expect(position.seq).toBe(12);
  expect(position.state).toBe(9);
});

test("a list of another epoch replaces the position", () => {
  const position = new Position();
  position.adopt(LIST);

  position.adopt({ epoch: "e_2", last_seq: 2, state_version: 1 });

  expect(position.query()).toBe("?epoch=e_2&seq=2&state=1");
});

test("neither number ever falls within an epoch", () => {
  const position = new Position();
  position.adopt(LIST);

  position.raiseSeq(5);
  position.raiseState(1);

  expect(position.query()).toBe("?epoch=e_1&seq=12&state=3");
});
