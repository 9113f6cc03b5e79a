/** Rules that several elements share. */

import { css } from "lit";

export const sharedStyles = css`
  :host {
    display: block;
  }

  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }

  h1,
  h2,
  h3,
  p,
  ol {
    margin: 0;
    padding: 0;
  }

  button {
    min-height: 2.25rem;
    padding: 0.25rem 0.75rem;
    border: 1px solid var(--border);
    border-radius: 0.5rem;
    background: var(--surface);
    color: inherit;
    font: inherit;
    cursor: pointer;
  }

  button:hover {
    background: var(--raised);
  }

  button.primary {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }

  button.quiet {
    min-height: 2rem;
    font-size: 0.875rem;
  }

  :focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }

  a {
    color: var(--accent);
  }

  pre {
    margin: 0.5rem 0 0;
    padding: 0.75rem;
    max-height: 20rem;
    overflow: auto;
    border-radius: 0.5rem;
    background: var(--raised);
    font: 0.8125rem / 1.4 var(--mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }

  summary {
    cursor: pointer;
  }

  .problem {
    color: var(--bad);
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
`;
