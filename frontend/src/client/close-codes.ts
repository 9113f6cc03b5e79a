/** What each close code asks of the client (docs/protocol.md, "Close codes"). */

export type StopReason =
  | "closed"
  | "protocol-error"
  | "not-yours"
  | "replaced"
  | "too-large"
  | "version"
  | "login-required";

export type CloseRule =
  | { kind: "stop"; reason: StopReason }
  | { kind: "backoff"; minimumMs: number }
  /** The server restarts; its going_away frame said when to come back. */
  | { kind: "as-announced" }
  /** The credential was refused: one new ticket, then the login. */
  | { kind: "new-ticket" }
  /** The epoch changed: what was seen counts for nothing. */
  | { kind: "reload" };

const RULES = new Map<number, CloseRule>([
  [1000, { kind: "stop", reason: "closed" }],
  [1006, { kind: "as-announced" }],
  [4012, { kind: "as-announced" }],
  [4400, { kind: "stop", reason: "protocol-error" }],
  [4401, { kind: "new-ticket" }],
  [4403, { kind: "stop", reason: "not-yours" }],
  [4408, { kind: "backoff", minimumMs: 0 }],
  [4409, { kind: "stop", reason: "replaced" }],
  [4410, { kind: "reload" }],
  [4413, { kind: "stop", reason: "too-large" }],
  [4426, { kind: "stop", reason: "version" }],
  [4429, { kind: "backoff", minimumMs: 10_000 }],
  [4500, { kind: "backoff", minimumMs: 0 }],
  [4503, { kind: "backoff", minimumMs: 5_000 }],
]);

/** Say what to do after a close; a code nobody wrote down is a network fault. */
export function closeRule(code: number): CloseRule {
  return RULES.get(code) ?? { kind: "backoff", minimumMs: 0 };
}
