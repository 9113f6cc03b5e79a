/** How forms look. */

import { css } from "lit";

export const formStyles = css`
  form {
    display: grid;
    gap: 1.125rem;
  }

  .fields {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
    gap: 1.125rem 1rem;
  }

  .three {
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 12rem), 1fr));
  }

  .field {
    display: grid;
    align-content: start;
    gap: 0.3125rem;
  }

  label {
    font-weight: 550;
  }

  .hint,
  .field .problem {
    font-size: 0.8125rem;
  }

  .hint:empty {
    display: none;
  }

  .hint {
    color: var(--muted);
  }
`;
