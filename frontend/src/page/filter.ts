/** What of the inbox a person wants to see. */

import type { InboxQuery, Severity } from "../client";
import { headlineOf } from "./format";
import type { Item } from "./store";

export interface Filter {
  readonly state: "all" | "unread" | "archived";
  readonly severity: Severity | "";
  readonly kind: string;
  readonly search: string;
}

export const noFilter: Filter = { state: "all", severity: "", kind: "", search: "" };

export function isNarrowed(filter: Filter): boolean {
  return filter.severity !== "" || filter.kind !== "" || filter.search !== "";
}

export function isSameFilter(one: Filter, other: Filter): boolean {
  return (Object.keys(noFilter) as (keyof Filter)[]).every((name) => one[name] === other[name]);
}

/** The same question for the server. */
export function queryOf(filter: Filter): InboxQuery {
  return {
    ...(filter.state === "all" ? {} : { state: filter.state }),
    ...(filter.severity === "" ? {} : { severity: filter.severity }),
    ...(filter.kind === "" ? {} : { kind: filter.kind }),
    ...(filter.search === "" ? {} : { search: filter.search }),
  };
}

/** Whether something that arrived belongs into the list, by the rules of the server. */
export function isWanted(item: Item, filter: Filter): boolean {
  const isInState = filter.state === "archived" ? item.state === "archived" : isOpen(item);
  return (
    isInState &&
    (filter.severity === "" || filter.severity === item.severity) &&
    (filter.kind === "" || filter.kind === item.kind) &&
    (filter.search === "" || contains(item, filter.search))
  );
}

/** Neither archived nor withdrawn nor expired. */
export function isOpen(item: Item): boolean {
  return item.state === "unread" || item.state === "read";
}

function contains(item: Item, search: string): boolean {
  const wanted = search.toLocaleLowerCase();
  const texts = [item.title, item.body, headlineOf(item.payload), JSON.stringify(item.payload)];
  return texts.some((text) => text.toLocaleLowerCase().includes(wanted));
}
