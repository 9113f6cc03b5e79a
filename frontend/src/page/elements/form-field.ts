/** One labelled field of a form, with its hint and what is wrong with it. */

import { html, nothing } from "lit";

export interface Field {
  name: string;
  label: string;
  value?: string;
  type?: string;
  autocomplete?: AutoFill;
  hint?: string;
  problem?: string;
  list?: string;
  required?: boolean;
}

export function formField(field: Field) {
  const { name, label, value = "", type = "text", problem = "" } = field;
  return html`
    <div class="field">
      <label for=${name}>${label}</label>
      <input
        id=${name}
        name=${name}
        type=${type}
        dir=${type === "password" ? "ltr" : "auto"}
        .value=${value}
        autocomplete=${field.autocomplete ?? "off"}
        list=${field.list ?? nothing}
        ?required=${field.required}
        aria-invalid=${problem === "" ? "false" : "true"}
        aria-describedby="${name}-note"
      />
      ${renderNote(field)}
    </div>
  `;
}

function renderNote({ name, hint = "", problem = "" }: Field) {
  const kind = problem === "" ? "hint" : "problem";
  return html`<p class=${kind} id="${name}-note">${problem || hint}</p>`;
}

/** What the fields of a form hold, by name. */
export function valuesOf(form: HTMLFormElement): Record<string, string> {
  const entries = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  return Object.fromEntries(entries) as Record<string, string>;
}
