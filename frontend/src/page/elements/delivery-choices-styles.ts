/** How the choices of kinds, channels and quiet hours look. */

import { css } from "lit";

export const deliveryChoicesStyles = css`
  :host {
    display: grid;
    gap: 1rem;
  }

  .choice {
    display: grid;
    grid-template-columns: minmax(9rem, 1fr) auto;
    align-items: center;
    gap: 0.25rem 1.5rem;
    padding: 0.75rem 0;
    border-top: 1px solid var(--border);
  }

  .choice:first-child {
    padding-top: 0;
    border-top: 0;
  }

  .kind {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 0.5rem;
    min-width: 0;
    font-weight: 550;
    overflow-wrap: anywhere;
  }

  .kind svg {
    width: 1rem;
    height: 1rem;
    color: var(--muted);
  }

  .kind small {
    flex-basis: 100%;
    font-weight: 400;
  }

  .channels {
    display: grid;
    grid-auto-columns: 7.25rem;
    gap: 0.75rem;
    grid-auto-flow: column;
  }

  .channels label,
  .switch {
    display: flex;
    align-items: start;
    gap: 0.5rem;
    min-height: 1.5rem;
  }

  .locked {
    color: var(--muted);
  }

  .why {
    grid-column: 1 / -1;
  }

  .quiet-hours {
    display: grid;
    grid-template-columns: 1fr auto;
    align-items: center;
    gap: 0.5rem 1.5rem;
    padding-top: 1rem;
    border-top: 1px solid var(--border);
  }

  .switch {
    font-weight: 550;
  }

  .times {
    display: flex;
    gap: 0.75rem;
  }

  .times label {
    display: flex;
    align-items: center;
    gap: 0.5rem;
  }

  .times input {
    width: 8.75rem;
  }

  .quiet-hours p {
    grid-column: 1 / -1;
  }

  [role="alert"]:empty,
  [role="status"]:empty {
    display: none;
  }

  @media (max-width: 48rem) {
    .choice,
    .quiet-hours {
      grid-template-columns: 1fr;
    }

    .channels {
      grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr));
      grid-auto-flow: row;
      gap: 0.25rem 0.75rem;
    }

    .times {
      flex-wrap: wrap;
    }
  }
`;
