/** While no socket can be had, the inbox is read over HTTP every 15 s. */

import { HttpError } from "./http";
import type { InboxApi, InboxPage } from "./inbox";
import { Alarm, type Timers } from "./timers";

const CHECK_EVERY_MS = 15_000;
const PAGE_SIZE = 100;

export type FallbackState = "off" | "checking" | "unreachable";

interface FallbackOptions {
  timers: Timers;
  inbox: InboxApi;
  after: () => number;
  /** Takes over one page, the oldest rows first; false ends this round. */
  onPage: (page: InboxPage, isLast: boolean) => boolean;
  onChange: () => void;
  onLoginRequired: () => void;
}

export class Fallback {
  state: FallbackState = "off";
  private readonly alarm: Alarm;
  private round = 0;

  constructor(private readonly options: FallbackOptions) {
    this.alarm = new Alarm(options.timers);
  }

  /** Begin in a while, unless a socket is there before. */
  startIn(delayMs: number): void {
    if (this.state !== "off" || this.alarm.isSet) return;
    this.alarm.set(delayMs, () => {
      this.change("checking");
      void this.check();
    });
  }

  stop(): void {
    this.round += 1;
    this.alarm.clear();
    this.change("off");
  }

  private async check(): Promise<void> {
    const round = (this.round += 1);
    const outcome = await this.read(round);
    if (round !== this.round) return;
    if (outcome === "login-required") {
      this.options.onLoginRequired();
      return;
    }
    this.change(outcome);
    this.alarm.set(CHECK_EVERY_MS, () => void this.check());
  }

  private async read(round: number): Promise<"checking" | "unreachable" | "login-required"> {
    try {
      let more = true;
      while (more) {
        const after = this.options.after();
        const page = await this.options.inbox.list({ after, page_size: PAGE_SIZE });
        if (round !== this.round) return "checking";
        const isLast = page.next === null || page.results.length === 0;
        // A page that brings nothing new would be read for ever.
        more = this.options.onPage(page, isLast) && !isLast && this.options.after() > after;
      }
      return "checking";
    } catch (error) {
      const refused = error instanceof HttpError && error.isLoginRequired;
      return refused ? "login-required" : "unreachable";
    }
  }

  private change(state: FallbackState): void {
    if (this.state === state) return;
    this.state = state;
    this.options.onChange();
  }
}
