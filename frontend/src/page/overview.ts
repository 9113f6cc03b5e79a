/** The figures of the dashboard: read over HTTP, and moved along with what arrives. */

import type { CarillonClient, Dashboard, NotificationFrame, Severity } from "../client";

export interface Newest {
  readonly title: string;
  readonly at: string;
}

export interface NotificationFigures {
  readonly unread: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  readonly newest: Newest | null;
}

interface OverviewOptions {
  client: CarillonClient;
  /** A line for what has no title. */
  headlineOf: (frame: Pick<NotificationFrame, "title" | "value">) => string;
  onChange: () => void;
  random?: () => number;
}

/** Spread, because a notification to all changes the pages of all at once. */
const AGAIN_WITHIN_MS = 2_000;
const AGAIN_AFTER_MS = 500;

export class Overview {
  notifications: NotificationFigures | null = null;
  /** The count for which the figures were asked again last. */
  private askedFor: number | null = null;
  private again: ReturnType<typeof setTimeout> | null = null;
  private isClosed = false;
  /** Something changed while nobody looked. */
  private isStale = false;

  constructor(private readonly options: OverviewOptions) {
    const { client } = options;
    for (const name of ["state", "resync", "reload"] as const) {
      client.on(name, () => this.refreshSoon());
    }
    document.addEventListener("visibilitychange", this.looked);
    void this.refresh();
  }

  close(): void {
    this.isClosed = true;
    document.removeEventListener("visibilitychange", this.looked);
    if (this.again !== null) clearTimeout(this.again);
  }

  /** What arrived is counted here; nothing is asked for. */
  arrived(frames: readonly NotificationFrame[]): void {
    if (this.notifications !== null) {
      this.become(withArrivals(this.notifications, frames, this.options.headlineOf));
    }
  }

  /** What the inbox counts; where the figures say otherwise they are asked for, once. */
  expect(unread: number): void {
    if (this.notifications === null || this.notifications.unread === unread) return;
    if (this.askedFor === unread) return;
    this.askedFor = unread;
    this.refreshSoon();
  }

  private refreshSoon(): void {
    if (this.again !== null || this.isClosed) return;
    const spread = (this.options.random ?? Math.random)() * AGAIN_WITHIN_MS;
    this.again = setTimeout(() => {
      this.again = null;
      this.isStale = document.visibilityState === "hidden";
      if (!this.isStale) void this.refresh();
    }, AGAIN_AFTER_MS + spread);
  }

  private readonly looked = (): void => {
    if (!this.isStale || document.visibilityState === "hidden") return;
    this.isStale = false;
    void this.refresh();
  };

  private async refresh(): Promise<void> {
    try {
      const { notifications } = await this.options.client.alerts.dashboard();
      if (!this.isClosed) this.become(this.figuresOf(notifications));
    } catch {
      // The connection's own words say that the server is away; the next change asks again.
    }
  }

  private figuresOf({ unread, by_severity, latest }: Dashboard["notifications"]) {
    const [first] = latest;
    const newest =
      first === undefined
        ? null
        : {
            title: this.options.headlineOf({ title: first.title, value: first.payload }),
            at: first.created_at,
          };
    return { unread, bySeverity: by_severity, newest };
  }

  private become(figures: NotificationFigures): void {
    this.notifications = figures;
    this.options.onChange();
  }
}

export function withArrivals(
  figures: NotificationFigures,
  frames: readonly NotificationFrame[],
  headlineOf: OverviewOptions["headlineOf"],
): NotificationFigures {
  const last = frames.at(-1);
  if (last === undefined) return figures;
  const bySeverity = { ...figures.bySeverity };
  for (const { severity } of frames) bySeverity[severity] += 1;
  return {
    unread: figures.unread + frames.length,
    bySeverity,
    newest: { title: headlineOf(last), at: last.created_at },
  };
}
