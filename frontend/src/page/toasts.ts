/** Short messages that stack, go by themselves, and wait while somebody reads them. */

import type { Severity } from "../client";

export interface Toast {
  readonly id: number;
  readonly tone: Severity | "done";
  readonly title: string;
  readonly text: string;
  readonly action: { label: string; run: () => void } | null;
}

export type NewToast = Partial<Omit<Toast, "id" | "title">> & { title: string };

const STAYS_MS = 7_000;
const KEPT = 50;

export class Toasts {
  /** Newest last. */
  list: readonly Toast[] = [];
  /** By hand: nothing goes until the person continues. */
  isPaused = false;
  /** While the pointer or the focus is on them. */
  private isRead = false;
  private made = 0;
  private many = { id: 0, count: 0 };
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>();

  constructor(private readonly onChange: () => void) {}

  add(toast: NewToast): void {
    this.made += 1;
    const added = { tone: "info", text: "", action: null, ...toast, id: this.made } as const;
    this.list = [...this.list, added].slice(-KEPT);
    this.wait(added);
    this.onChange();
  }

  /** One toast for many arrivals; while it stands, further ones are added to its number. */
  addMany(count: number, titleOf: (count: number) => string): void {
    const isStanding = this.list.some(({ id }) => id === this.many.id);
    const total = count + (isStanding ? this.many.count : 0);
    if (isStanding) this.dismiss(this.many.id);
    this.add({ title: titleOf(total) });
    this.many = { id: this.made, count: total };
  }

  dismiss(id: number): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    this.list = this.list.filter((toast) => toast.id !== id);
    if (this.list.length === 0) this.isRead = false;
    this.onChange();
  }

  clear(): void {
    for (const { id } of this.list) this.dismiss(id);
    this.isPaused = false;
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.waitAgain();
    this.onChange();
  }

  read(isRead: boolean): void {
    if (isRead === this.isRead) return;
    this.isRead = isRead;
    this.waitAgain();
  }

  private waitAgain(): void {
    for (const toast of this.list) this.wait(toast);
  }

  /** What is critical stays until it is dismissed. */
  private wait({ id, tone }: Toast): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    if (this.isPaused || this.isRead || tone === "critical") return;
    this.timers.set(
      id,
      setTimeout(() => this.dismiss(id), STAYS_MS),
    );
  }
}
