/** The tab's title and icon count what is unread. */

import { words } from "../i18n";

const DRAWING =
  '<rect width="32" height="32" rx="7" fill="#4f46e5"/>' +
  '<path d="M16 6c-4.4 0-7 3.2-7 7.5V18l-2 3.5h18L23 18v-4.5C23 9.2 20.4 6 16 6zm-3 17.5a3 3 0 0 0 6 0z" fill="#fff"/>';

/** More are all drawn alike: a new drawing is work for the whole browser. */
const MOST = 99;

let drawn = "";

export function countOnTab(unread: number): void {
  const name = words().appName;
  const title = unread > 0 ? `(${unread}) ${name}` : name;
  if (document.title !== title) document.title = title;
  const count = unread > MOST ? `${MOST}+` : String(unread);
  if (drawn === count) return;
  drawn = count;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link !== null) link.href = `data:image/svg+xml,${encodeURIComponent(drawing(count))}`;
}

function drawing(count: string): string {
  const width = 8 + count.length * 7;
  const mark =
    count === "0"
      ? ""
      : `<rect x="${32 - width}" y="14" width="${width}" height="18" rx="9" fill="#b3141e"/>` +
        `<text x="${32 - width / 2}" y="28" font-family="sans-serif" font-size="13" ` +
        `font-weight="700" text-anchor="middle" fill="#fff">${count}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${DRAWING}${mark}</svg>`;
}
