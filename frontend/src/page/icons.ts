/** The page's own small drawings; each is decoration beside a word or a label. */

import { html, svg, type SVGTemplateResult } from "lit";

const DRAWINGS = {
  bell: svg`<path d="M6 16.5V10a6 6 0 0 1 12 0v6.5l1.5 2h-15zM10 21a2.2 2.2 0 0 0 4 0"/>`,
  info: svg`<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 7.6v.2"/>`,
  warning: svg`<path d="M12 3.5 2.5 20h19zM12 10v4.5M12 17v.2"/>`,
  critical: svg`<path d="M8 3h8l5 5v8l-5 5H8l-5-5V8zM9 9l6 6M15 9l-6 6"/>`,
  archive: svg`<path d="M3.5 4.5h17v4h-17zM5 8.5V20h14V8.5M10 12h4"/>`,
  unarchive: svg`<path d="M3.5 4.5h17v4h-17zM5 8.5V20h14V8.5M12 17v-5.5M9.5 13.5 12 11l2.5 2.5"/>`,
  read: svg`<path d="M3 9.5 12 4l9 5.5V20H3zM3 9.5l9 6 9-6"/>`,
  unread: svg`<path d="M3 5.5h12M3 5.5V19h18v-8.5M3 6l9 7 4-3"/><circle cx="19.5" cy="5.5" r="2.5"/>`,
  check: svg`<path d="m4.5 12.5 5 5 10-11"/>`,
  close: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  search: svg`<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>`,
  person: svg`<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4.4 3.6-7 8-7s8 2.6 8 7"/>`,
  code: svg`<path d="m8 7-5 5 5 5M16 7l5 5-5 5M13.5 4.5l-3 15"/>`,
  keyboard: svg`<path d="M2.5 6h19v12h-19zM6 10h.2M10 10h.2M14 10h.2M18 10h.2M7 14h10"/>`,
  exit: svg`<path d="M14 4H5v16h9M10 12h11M17.5 8.5 21 12l-3.5 3.5"/>`,
  gear: svg`<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>`,
  down: svg`<path d="m6 9.5 6 6 6-6"/>`,
  up: svg`<path d="M12 20V5M6 11l6-6 6 6"/>`,
  left: svg`<path d="M20 12H5M11 6l-6 6 6 6"/>`,
  copy: svg`<path d="M9 9h11v11H9zM15 9V4H4v11h5"/>`,
  clock: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.5 2"/>`,
  pause: svg`<path d="M8 5v14M16 5v14"/>`,
  play: svg`<path d="M7 4.5v15l12-7.5z"/>`,
  offline: svg`<path d="M3 9.5a13 13 0 0 1 5-3M21 9.5A13 13 0 0 0 12.5 6M6.5 13.5a8 8 0 0 1 4-2.2M17.5 13.5a8 8 0 0 0-2-1.5M12 18.5v.2M4 3l16 18"/>`,
  link: svg`<path d="M10 14 20 4M13.5 4H20v6.5M17 14v6H4V7h6"/>`,
  lock: svg`<path d="M5 11h14v9.5H5zM8 11V7.5a4 4 0 0 1 8 0V11"/>`,
  device: svg`<path d="M3 5h18v11H3zM8 20h8M12 16v4"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof DRAWINGS;

export function icon(name: IconName) {
  return html`<svg
    aria-hidden="true"
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
  >
    ${DRAWINGS[name]}
  </svg>`;
}
