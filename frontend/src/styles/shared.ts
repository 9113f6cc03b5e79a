/** Rules that several elements share. */

import { css } from "lit";

export const sharedStyles = css`
  :host {
    display: block;
  }

  :host([hidden]),
  [hidden] {
    display: none !important;
  }

  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }

  h1,
  h2,
  h3,
  h4,
  p,
  ol,
  ul,
  dl,
  dd,
  figure,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }

  ol,
  ul {
    list-style: none;
  }

  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    min-height: 2.375rem;
    padding: 0.25rem 0.875rem;
    border: 1px solid var(--border);
    border-radius: var(--radius-small);
    background: var(--surface);
    color: inherit;
    font: inherit;
    font-weight: 500;
    text-decoration: none;
    cursor: pointer;
  }

  button:hover,
  .button:hover {
    background: var(--raised);
  }

  button:disabled {
    opacity: 0.6;
    cursor: default;
  }

  button.primary {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }

  button.primary:hover {
    border-color: var(--accent-strong);
    background: var(--accent-strong);
  }

  button.danger {
    border-color: var(--bad);
    color: var(--bad);
  }

  button.quiet {
    min-height: 2rem;
    padding: 0.125rem 0.625rem;
    font-size: 0.875rem;
  }

  button.icon,
  .button.icon {
    width: 2.25rem;
    min-height: 2.25rem;
    padding: 0;
    border-color: transparent;
    background: transparent;
    color: var(--muted);
  }

  button.icon:hover,
  .button.icon:hover {
    background: var(--raised);
    color: var(--text);
  }

  svg {
    flex: none;
    width: 1.25rem;
    height: 1.25rem;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  a {
    color: var(--accent);
  }

  input,
  select {
    width: 100%;
    min-height: 2.5rem;
    padding: 0.25rem 0.75rem;
    border: 1px solid var(--control);
    border-radius: var(--radius-small);
    background: var(--surface);
    color: inherit;
    font: inherit;
    text-overflow: ellipsis;
  }

  input[aria-invalid="true"] {
    border-color: var(--bad);
  }

  input[type="checkbox"] {
    width: 1.125rem;
    min-height: 1.125rem;
    margin: 0.1875rem 0 0;
    accent-color: var(--accent);
  }

  pre {
    margin: 0;
    font: 0.8125rem / 1.5 var(--mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }

  kbd {
    display: inline-block;
    min-width: 1.75rem;
    padding: 0.0625rem 0.375rem;
    border: 1px solid var(--control);
    border-bottom-width: 2px;
    border-radius: 0.375rem;
    background: var(--raised);
    font: 0.8125rem / 1.5 var(--mono);
    text-align: center;
  }

  .card {
    border: 1px solid var(--border);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
  }

  .muted {
    color: var(--muted);
  }

  .small {
    font-size: 0.875rem;
  }

  .problem {
    color: var(--bad);
  }

  .good {
    color: var(--good);
  }

  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 0.75rem;
  }

  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    ::before,
    ::after {
      animation: none !important;
      transition: none !important;
      scroll-behavior: auto !important;
    }
  }
`;
