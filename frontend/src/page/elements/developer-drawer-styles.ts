/** How the developer drawer looks. */

import { css } from "lit";

export const developerDrawerStyles = css`
  aside {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: 1.375rem;
    height: 100%;
    padding: 1.25rem;
    overflow: auto;
    background: var(--surface);
    overscroll-behavior: contain;
  }

  header {
    display: flex;
    justify-content: space-between;
    gap: 1rem;
  }

  h2 {
    font-size: 1.125rem;
    font-weight: 650;
  }

  h2:focus {
    outline: none;
  }

  h3 {
    margin-bottom: 0.375rem;
    font-size: 0.9375rem;
    font-weight: 650;
  }

  .heading {
    display: flex;
    align-items: baseline;
    justify-content: space-between;
  }

  .latency {
    flex: 1 1 8rem;
    font-variant-numeric: tabular-nums;
  }

  .snippet {
    margin-top: 0.5rem;
    border: 1px solid var(--border);
    border-radius: var(--radius-small);
  }

  summary {
    padding: 0.4375rem 0.75rem;
    border-radius: var(--radius-small);
    font-weight: 500;
    cursor: pointer;
  }

  .code {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: start;
    gap: 0.25rem;
    padding: 0.5rem 0.375rem 0.5rem 0.75rem;
    border-top: 1px solid var(--border);
    border-radius: 0 0 var(--radius-small) var(--radius-small);
    background: var(--background);
  }

  .code pre {
    padding: 0.3125rem 0;
  }

  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    margin-bottom: 0.75rem;
  }

  .tools input {
    flex: 1 0 100%;
    min-height: 2rem;
    font-size: 0.875rem;
  }

  .tools select {
    flex: 0 1 auto;
    width: auto;
    min-height: 2rem;
    font-size: 0.875rem;
  }

  ol {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.5rem;
  }

  li {
    padding: 0.25rem 0.375rem 0.625rem 0.75rem;
    border-radius: var(--radius-small);
    background: var(--background);
    content-visibility: auto;
    contain-intrinsic-block-size: auto 10rem;
  }

  .meta {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    color: var(--muted);
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }

  .meta .in {
    color: var(--info);
    font-weight: 600;
  }

  .meta .out {
    color: var(--good);
    font-weight: 600;
  }

  .meta button {
    margin-left: auto;
  }

  button svg {
    width: 1.0625rem;
    height: 1.0625rem;
  }
`;
