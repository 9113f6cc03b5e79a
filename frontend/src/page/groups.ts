/** The list in days and, within a day, in chunks that are drawn only near the window. */

import { dayOf } from "../i18n";
import type { Item } from "./store";

/** Chunks are cut by number, so that what arrives on top moves no other boundary. */
const CHUNK = 40;

export interface Chunk {
  readonly id: string;
  readonly items: readonly Item[];
}

export interface Day {
  readonly day: string;
  readonly chunks: readonly Chunk[];
}

const days = new WeakMap<Item, string>();

function dayOfItem(item: Item): string {
  const known = days.get(item) ?? dayOf(Date.parse(item.createdAt));
  days.set(item, known);
  return known;
}

/** before: the last answer; chunks that did not change are the same objects as there. */
export function grouped(items: readonly Item[], before: readonly Day[]): Day[] {
  const known = new Map(before.flatMap(({ chunks }) => chunks).map((each) => [each.id, each]));
  const found = new Map<string, Map<string, Item[]>>();
  for (const item of items) {
    const day = dayOfItem(item);
    const id = `${day}:${Math.floor(item.seq / CHUNK)}`;
    const chunks = found.get(day) ?? new Map<string, Item[]>();
    found.set(day, chunks);
    const chunk = chunks.get(id);
    if (chunk === undefined) chunks.set(id, [item]);
    else chunk.push(item);
  }
  return [...found].map(([day, chunks]) => ({
    day,
    chunks: [...chunks].map(([id, held]) => sameOrNew(known.get(id), { id, items: held })),
  }));
}

function sameOrNew(known: Chunk | undefined, chunk: Chunk): Chunk {
  const isSame =
    known?.items.length === chunk.items.length &&
    known.items.every((item, place) => item === chunk.items[place]);
  return isSame ? known : chunk;
}
