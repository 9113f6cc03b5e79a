/** How the parts of the page stand beside each other. */

import { css } from "lit";

export const livePageStyles = css`
  .starting {
    display: grid;
    place-items: center;
    min-height: 60vh;
    color: var(--muted);
  }

  .stage > main {
    max-width: 50rem;
    margin: 0 auto;
    padding: 1.5rem 1.25rem 6rem;
  }

  carillon-developer-drawer {
    position: fixed;
    right: 0;
    bottom: 0;
    left: 0;
    z-index: 15;
    height: 60vh;
    border-top: 1px solid var(--border);
    box-shadow: var(--shadow-high);
  }

  .with-drawer > main {
    padding-bottom: 62vh;
  }

  @media (min-width: 64rem) {
    .with-drawer {
      padding-right: 27rem;
    }

    .with-drawer > main {
      padding-bottom: 6rem;
    }

    carillon-developer-drawer {
      top: 3.625rem;
      left: auto;
      width: 27rem;
      height: auto;
      border-top: 0;
      border-left: 1px solid var(--border);
      box-shadow: none;
    }
  }

  @media (max-width: 36rem) {
    .stage > main {
      padding: 1rem 1rem 6rem;
    }

    .with-drawer > main {
      padding-bottom: 62vh;
    }
  }
`;
