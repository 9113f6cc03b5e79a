/** How a client proves whose inbox it reads: tickets, and the inbox token beside them. */

import { Http, HttpError, type HttpOptions } from "./http";
import type { Timers } from "./timers";

/** What a service gets from POST /api/auth/ticket/ for one of its users. */
export interface Pass {
  ticket: string;
  /** Seconds. */
  expires_in?: number;
  /** For the inbox over HTTP; without it the session's cookie is used. */
  inbox_token?: string;
  /** Seconds. */
  inbox_token_expires_in?: number;
}

export type TicketSource = () => Promise<string | Pass>;

const TICKET_SECONDS = 30;
const RENEW_BEFORE_MS = 60_000;
/** Of a token that lives for less than five minutes. */
const RENEW_BEFORE_SHARE = 0.2;

interface Kept<T> {
  value: T;
  until: number;
}

export class Access {
  private unusedTicket: Kept<string> | null = null;
  private token: Kept<string> | null = null;
  private hasTokens = true;
  private minting: Promise<string> | null = null;

  constructor(
    private readonly source: TicketSource,
    private readonly timers: Timers,
  ) {}

  /** Get a ticket that nobody used; one that came along with a token does. */
  async ticket(): Promise<string> {
    if (this.minting !== null) await this.minting;
    const unused = this.unusedTicket;
    this.unusedTicket = null;
    if (unused !== null && unused.until > this.timers.now()) return unused.value;
    const ticket = await this.mint();
    this.unusedTicket = null;
    return ticket;
  }

  /**
   * The Authorization header of a request to the inbox; null where a session does it.
   * refused: the header that the server did not take.
   */
  async authorization(refused: string | null = null): Promise<string | null> {
    const isUsable = this.token !== null && this.token.until > this.timers.now();
    if (this.hasTokens && (!isUsable || this.header() === refused)) {
      // Many requests at once need one token.
      this.minting ??= this.mint().finally(() => (this.minting = null));
      await this.minting;
    }
    return this.header();
  }

  private header(): string | null {
    return this.token === null ? null : `Token ${this.token.value}`;
  }

  private async mint(): Promise<string> {
    const answer = await this.source();
    const pass: Pass = typeof answer === "string" ? { ticket: answer } : answer;
    if (typeof pass.ticket !== "string") throw new HttpError(0, "the answer has no ticket");
    const now = this.timers.now();
    // Half of its life, since it has to travel to the server.
    const ticketMs = ((pass.expires_in ?? TICKET_SECONDS) * 1000) / 2;
    this.unusedTicket = { value: pass.ticket, until: now + ticketMs };
    this.hasTokens = pass.inbox_token !== undefined;
    if (pass.inbox_token !== undefined) {
      const until = now + usableMs(pass.inbox_token_expires_in);
      this.token = { value: pass.inbox_token, until };
    }
    return pass.ticket;
  }
}

/** A token of unknown life is used until the server refuses it. */
function usableMs(seconds: number | undefined): number {
  if (seconds === undefined) return Infinity;
  return seconds * 1000 - Math.min(RENEW_BEFORE_MS, seconds * 1000 * RENEW_BEFORE_SHARE);
}

/** Ask a page's own backend, which holds the service key. */
export function ticketsFrom(url: string, options: Pick<HttpOptions, "fetch">): TicketSource {
  const base = "document" in globalThis ? globalThis.document.baseURI : url;
  const http = new Http({ ...options, baseUrl: base });
  return () => http.post<Pass>(url);
}
