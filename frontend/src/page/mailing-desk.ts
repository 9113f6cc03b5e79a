/** The mailings that this user may follow: what the server says of them, and the start. */

import { html, nothing } from "lit";

import { type CarillonClient, type Http, HttpError, type MailingProgress } from "../client";
import { words } from "../i18n";
import "./elements/mailing-list";

/** The server tells the progress of these to whoever watches. */
const WATCHED = new Set(["scheduled", "running", "paused"]);
/** Above this many clients a person is asked again. */
const CONFIRM_ABOVE = 1000;

interface Preview {
  clients: number;
  total_segments: number;
}

interface MailingDeskOptions {
  client: CarillonClient;
  http: Http;
  onChange: () => void;
  onProblem: (reason: string) => void;
  /** Asks the person; the browser's own question when absent. */
  confirm?: (question: string) => boolean;
}

export class MailingDesk {
  private mailings: readonly MailingProgress[] = [];
  private readonly watched = new Set<number>();

  constructor(private readonly options: MailingDeskOptions) {
    const { client } = options;
    client.on("mailings", ({ mailings }) => this.replace(mailings));
    client.on("mailing_progress", (progress) => this.change(progress));
    // A new connection watches nothing yet.
    client.on("hello", () => this.watched.clear());
  }

  get all(): readonly MailingProgress[] {
    return this.mailings;
  }

  render() {
    if (this.mailings.length === 0) return nothing;
    return html`<carillon-mailing-list
      .mailings=${this.mailings}
      @carillon-mailing-start=${({ detail }: CustomEvent<number>) => void this.start(detail)}
    ></carillon-mailing-list>`;
  }

  private replace(mailings: readonly MailingProgress[]): void {
    this.mailings = mailings;
    for (const mailing of mailings) this.watch(mailing);
    this.options.onChange();
  }

  private change(progress: MailingProgress): void {
    const isKnown = this.mailings.some(({ mailing }) => mailing === progress.mailing);
    this.mailings = isKnown
      ? this.mailings.map((each) => (each.mailing === progress.mailing ? progress : each))
      : [progress, ...this.mailings];
    this.watch(progress);
    this.options.onChange();
  }

  private watch({ mailing, status }: MailingProgress): void {
    if (!WATCHED.has(status) || this.watched.has(mailing)) return;
    this.watched.add(mailing);
    this.options.client.watch(mailing);
  }

  async start(mailing: number): Promise<void> {
    const { http } = this.options;
    try {
      const preview = await http.get<Preview>(`/api/mailings/${mailing}/preview/`);
      if (!this.isMeant(preview)) return;
      await http.post(`/api/mailings/${mailing}/start/`);
    } catch (error) {
      const reason = error instanceof HttpError ? error.message : "";
      this.options.onProblem(`${words().mailingNotStarted} ${reason}`.trim());
    }
  }

  private isMeant({ clients, total_segments }: Preview): boolean {
    if (clients <= CONFIRM_ABOVE) return true;
    const ask = this.options.confirm ?? ((question) => globalThis.confirm(question));
    return ask(words().mailingConfirm(clients, total_segments));
  }
}
