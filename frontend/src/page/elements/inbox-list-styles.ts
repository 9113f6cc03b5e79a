/** How the inbox looks. */

import { css } from "lit";

export const inboxListStyles = css`
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.875rem;
  }

  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.5rem 1rem;
    min-height: 2.5rem;
  }

  h2 {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 0.75rem;
    font-size: 1.5rem;
    font-weight: 650;
    letter-spacing: -0.015em;
  }

  h2:focus {
    outline: none;
  }

  h2 .unread {
    color: var(--muted);
    font-size: 0.9375rem;
    font-weight: 450;
    letter-spacing: 0;
  }

  .offline {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    padding: 0.75rem 1rem;
    border-color: transparent;
    background: var(--warning-tint);
  }

  .offline svg {
    color: var(--warning);
  }

  .pill-place {
    position: sticky;
    top: 4.75rem;
    z-index: 10;
    display: grid;
    justify-content: center;
    height: 0;
    margin-block: -0.875rem 0;
  }

  .pill {
    min-height: 2.25rem;
    padding: 0 1rem;
    border-radius: 2rem;
    box-shadow: var(--shadow-high);
    animation: drop 0.2s ease-out;
  }

  .pill svg {
    width: 1rem;
    height: 1rem;
  }

  .day h3 {
    padding: 0.375rem 0.25rem 0.5rem;
    color: var(--muted);
    font-size: 0.875rem;
    font-weight: 600;
  }

  .day h3::first-letter {
    text-transform: uppercase;
  }

  carillon-item-chunk {
    display: block;
  }

  carillon-item-chunk[far] {
    content-visibility: hidden;
    contain-intrinsic-block-size: auto 220rem;
  }

  carillon-item-chunk[far][size="some"] {
    contain-intrinsic-block-size: auto 60rem;
  }

  carillon-item-chunk[far][size="few"] {
    contain-intrinsic-block-size: auto 14rem;
  }

  li {
    border-bottom: 1px solid var(--border);
  }

  carillon-item-chunk:last-child li:last-child {
    border-bottom: 0;
  }

  .arrived {
    animation: arrive 0.35s cubic-bezier(0.2, 0.8, 0.2, 1);
  }

  .older {
    padding: 0.75rem;
    text-align: center;
  }

  @keyframes arrive {
    from {
      opacity: 0;
      transform: translateY(-0.75rem);
    }
  }

  @keyframes drop {
    from {
      opacity: 0;
      transform: translateY(-0.5rem);
    }
  }
`;
