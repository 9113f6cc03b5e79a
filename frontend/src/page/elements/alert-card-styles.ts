/** How an alert looks. */

import { css } from "lit";

export const alertCardStyles = css`
  article {
    --bar: var(--tone);
    --fill: var(--surface);
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 0 0.875rem;
    padding: 0.875rem 1rem 0.875rem 1.25rem;
    border: 1px solid var(--border);
    border-radius: var(--radius);
    background: linear-gradient(to right, var(--bar) 0.3125rem, var(--fill) 0.3125rem);
    box-shadow: var(--shadow);
  }

  .info {
    --tone: var(--info);
    --tint: var(--info-tint);
  }

  .warning {
    --tone: var(--warning);
    --tint: var(--warning-tint);
  }

  .critical {
    --tone: var(--critical);
    --tint: var(--critical-tint);
  }

  .unread.critical {
    --fill: var(--tint);
    border-color: var(--tone);
  }

  .mark {
    display: grid;
    place-items: center;
    width: 2.375rem;
    height: 2.375rem;
    border-radius: 0.75rem;
    background: var(--tint);
    color: var(--tone);
  }

  .unread.critical .mark {
    background: var(--tone);
    color: var(--surface);
  }

  .read,
  .snoozed {
    --bar: var(--border);
    box-shadow: none;
  }

  .read .mark,
  .snoozed .mark {
    background: var(--raised);
  }

  .mark {
    grid-row: 1 / span 2;
  }

  .head,
  .body {
    min-width: 0;
  }

  .body {
    grid-area: 2 / 2 / 3 / -1;
  }

  .top {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 0.75rem;
    min-height: 1.5rem;
    color: var(--muted);
    font-size: 0.8125rem;
  }

  .unread.critical .top {
    color: var(--text);
  }

  .unread .severity,
  .unread.critical .severity {
    color: var(--tone);
    font-weight: 600;
  }

  .left {
    font-variant-numeric: tabular-nums;
  }

  .soon {
    color: var(--text);
    font-weight: 600;
  }

  .reminded,
  .state {
    display: inline-flex;
    align-items: center;
    gap: 0.25rem;
  }

  .reminded {
    padding: 0 0.5rem;
    border-radius: 1rem;
    background: var(--raised);
    color: var(--text);
    font-weight: 600;
  }

  .unread.critical .reminded {
    background: var(--surface);
  }

  .reminded.now {
    animation: remind 1.2s ease-out 2;
  }

  .reminded svg,
  .state svg {
    width: 0.9375rem;
    height: 0.9375rem;
  }

  h3 {
    font-size: 1rem;
    font-weight: 500;
    line-height: 1.4;
  }

  .unread h3 {
    font-weight: 650;
  }

  .read h3,
  .snoozed h3,
  .read .message,
  .snoozed .message {
    color: var(--muted);
  }

  h3,
  .message {
    overflow-wrap: anywhere;
    unicode-bidi: isolate;
  }

  .message {
    display: -webkit-box;
    overflow: hidden;
    margin-top: 0.125rem;
    white-space: pre-line;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
  }

  .read .message,
  .snoozed .message {
    -webkit-line-clamp: 1;
  }

  .message.whole {
    display: block;
    max-height: 40vh;
    overflow: auto;
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    align-self: start;
    gap: 0.375rem;
  }

  .actions svg {
    width: 1rem;
    height: 1rem;
  }

  button.fold,
  button.fold:hover {
    min-height: 1.5rem;
    padding: 0;
    border: 0;
    background: transparent;
    color: inherit;
    font-weight: 450;
    text-decoration: underline;
  }

  @keyframes remind {
    from {
      box-shadow: 0 0 0 0 var(--tone);
    }

    to {
      box-shadow: 0 0 0 0.625rem transparent;
    }
  }

  @media (max-width: 48rem) {
    article {
      grid-template-columns: auto minmax(0, 1fr);
      gap: 0 0.75rem;
      padding: 0.75rem 0.875rem 0.75rem 1.125rem;
    }

    .mark {
      grid-row: 1 / span 3;
    }

    .actions {
      grid-area: 3 / 2;
      margin-top: 0.5rem;
    }
  }
`;
