/** The looks; every colour and measure can be set from outside by a variable. */

export const STYLES = `
:host {
  --_background: var(--carillon-background, #ffffff);
  --_text: var(--carillon-text, #1a1d21);
  --_muted: var(--carillon-muted, #59626d);
  --_border: var(--carillon-border, #d5dae0);
  --_hover: var(--carillon-hover, #eef1f5);
  --_accent: var(--carillon-accent, #1f5fbf);
  --_info: var(--carillon-info, #1f5fbf);
  --_warning: var(--carillon-warning, #8a5300);
  --_critical: var(--carillon-critical, #b3261e);
  --_badge: var(--carillon-badge, #b3261e);
  --_badge-text: var(--carillon-badge-text, #ffffff);
  --_radius: var(--carillon-radius, 0.75rem);
  --_font: var(--carillon-font, system-ui, sans-serif);
  display: inline-block;
  position: relative;
  line-height: 1.4;
}

:host([hidden]) {
  display: none;
}

:host([theme="dark"]) {
  --_background: var(--carillon-background, #1b1f24);
  --_text: var(--carillon-text, #eceff3);
  --_muted: var(--carillon-muted, #a9b3be);
  --_border: var(--carillon-border, #3a424c);
  --_hover: var(--carillon-hover, #2a3038);
  --_accent: var(--carillon-accent, #8bbcff);
  --_info: var(--carillon-info, #8bbcff);
  --_warning: var(--carillon-warning, #f2b84b);
  --_critical: var(--carillon-critical, #ff9a91);
}

@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"])) {
    --_background: var(--carillon-background, #1b1f24);
    --_text: var(--carillon-text, #eceff3);
    --_muted: var(--carillon-muted, #a9b3be);
    --_border: var(--carillon-border, #3a424c);
    --_hover: var(--carillon-hover, #2a3038);
    --_accent: var(--carillon-accent, #8bbcff);
    --_info: var(--carillon-info, #8bbcff);
    --_warning: var(--carillon-warning, #f2b84b);
    --_critical: var(--carillon-critical, #ff9a91);
  }
}

* {
  box-sizing: border-box;
}

[hidden] {
  display: none !important;
}

button {
  padding: 0.25rem 0.5rem;
  border: 1px solid transparent;
  border-radius: calc(var(--_radius) / 2);
  background: transparent;
  color: inherit;
  font: inherit;
  cursor: pointer;
}

svg {
  width: 1em;
  height: 1em;
  fill: currentcolor;
  vertical-align: -0.125em;
}

:focus-visible {
  outline: 2px solid currentcolor;
  outline-offset: 2px;
}

.bell {
  position: relative;
  padding: 0.5rem;
  color: var(--carillon-bell, inherit);
  font-size: 1.5rem;
  line-height: 1;
}

.badge {
  position: absolute;
  top: 0;
  right: 0;
  min-width: 1.25rem;
  padding: 0.125rem 0.3rem;
  border-radius: 1rem;
  background: var(--_badge);
  color: var(--_badge-text);
  font: 600 0.75rem/1 var(--_font);
  text-align: center;
}

.panel {
  display: flex;
  flex-direction: column;
  position: absolute;
  z-index: var(--carillon-z-index, 1000);
  top: calc(100% + 0.5rem);
  right: 0;
  width: var(--carillon-width, 24rem);
  max-width: calc(100vw - 1rem);
  max-height: var(--carillon-height, min(36rem, 80vh));
  overflow: hidden;
  border: 1px solid var(--_border);
  border-radius: var(--_radius);
  background: var(--_background);
  box-shadow: 0 0.5rem 2rem rgb(0 0 0 / 25%);
  color: var(--_text);
  font: 1rem/1.4 var(--_font);
  text-align: start;
}

:host([placement$="start"]) .panel {
  right: auto;
  left: 0;
}

:host([placement^="top"]) .panel {
  top: auto;
  bottom: calc(100% + 0.5rem);
}

:host .panel.flipped {
  top: auto;
  bottom: calc(100% + 0.5rem);
}

:host([placement^="top"]) .panel.flipped {
  top: calc(100% + 0.5rem);
  bottom: auto;
}

@media (max-width: 30rem) {
  :host .panel,
  :host([placement]) .panel,
  :host([placement]) .panel.flipped {
    position: fixed;
    inset: 0.5rem;
    width: auto;
    max-width: none;
    max-height: none;
  }
}

.head {
  display: flex;
  align-items: center;
  gap: 0.25rem;
  padding: 0.625rem 0.5rem 0.375rem 1rem;
}

h2 {
  flex: 1;
  margin: 0;
  font-size: 1.0625rem;
}

.head button,
.actions button,
.older,
.notice button,
.undo button {
  color: var(--_accent);
  font-size: 0.875rem;
}

.panel button:hover {
  background: var(--_hover);
}

.bell:hover {
  background: rgb(127 127 127 / 20%);
}

.status {
  margin: 0;
  padding: 0 1rem 0.5rem;
  border-bottom: 1px solid var(--_border);
  color: var(--_muted);
  font-size: 0.8125rem;
}

.status::before {
  content: "○ ";
}

.status.live::before {
  content: "● ";
}

.notice {
  margin: 0;
  padding: 0.5rem 1rem;
  border-bottom: 1px solid var(--_border);
}

.undo {
  display: flex;
  align-items: baseline;
  gap: 0.5rem;
  margin: 0;
  padding: 0.25rem 0.5rem 0.25rem 1rem;
  border-bottom: 1px solid var(--_border);
  background: var(--_hover);
  font-size: 0.875rem;
}

.undo span {
  flex: 1;
  overflow: hidden;
  text-overflow: ellipsis;
  unicode-bidi: isolate;
  white-space: nowrap;
}

.scroller {
  overflow-y: auto;
  overscroll-behavior: contain;
}

ul {
  margin: 0;
  padding: 0;
  list-style: none;
}

article {
  padding: 0.625rem 1rem;
  border-bottom: 1px solid var(--_border);
  border-inline-start: 0.25rem solid var(--_tone);
}

article:focus-visible {
  outline-offset: -3px;
}

.info {
  --_tone: var(--_info);
}

.warning {
  --_tone: var(--_warning);
}

.critical {
  --_tone: var(--_critical);
}

.read {
  border-inline-start-color: transparent;
}

.meta,
.actions {
  display: flex;
  flex-wrap: wrap;
  gap: 0 0.75rem;
  color: var(--_muted);
  font-size: 0.8125rem;
}

.severity {
  color: var(--_tone);
  font-weight: 600;
}

.mark:empty {
  display: none;
}

.mark {
  color: var(--_accent);
  font-weight: 600;
}

h3 {
  margin: 0.125rem 0;
  font-size: 0.9375rem;
  font-weight: 400;
}

.unread h3 {
  font-weight: 650;
}

h3,
.body,
pre {
  overflow-wrap: anywhere;
  unicode-bidi: isolate;
}

a {
  color: var(--_accent);
}

.body {
  margin: 0 0 0.25rem;
  font-size: 0.875rem;
  white-space: pre-line;
}

details {
  color: var(--_muted);
  font-size: 0.8125rem;
}

pre {
  max-height: 12rem;
  margin: 0.25rem 0;
  overflow: auto;
  color: var(--_text);
  white-space: pre-wrap;
}

.actions {
  margin-inline-start: -0.5rem;
}

.empty {
  margin: 0;
  padding: 2rem 1rem;
  color: var(--_muted);
  text-align: center;
}

.older {
  width: 100%;
  padding: 0.625rem;
}

.heard {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
`;
