// Counts an alert's audience while it is written, and keeps its numbers up to date.
"use strict";

(function () {
  const CHECK_MILLISECONDS = 400;
  const NUMBERS_MILLISECONDS = 2000;
  const TARGETS = { team: "target_teams", user: "target_users" };

  function chosen(name) {
    const select = document.getElementById("id_" + name);
    if (!select) return "";
    return Array.from(select.selectedOptions, (option) => option.value).join(",");
  }

  function showTargets() {
    const kind = chosen("visibility_type");
    for (const [visibility, name] of Object.entries(TARGETS)) {
      const row = document.querySelector(".field-" + name);
      if (row) row.hidden = visibility !== kind;
    }
  }

  function keepAudience(output) {
    let shown = "";
    const look = async () => {
      showTargets();
      const query = new URLSearchParams({
        visibility_type: chosen("visibility_type"),
        teams: chosen("target_teams"),
        users: chosen("target_users"),
      }).toString();
      if (query === shown) return;
      shown = query;
      const answer = await fetch(output.dataset.url + "?" + query).catch(() => null);
      if (!answer || !answer.ok || query !== shown) return;
      const { recipients } = await answer.json();
      output.textContent = recipients === 1 ? "1 person" : recipients + " people";
    };
    look();
    setInterval(look, CHECK_MILLISECONDS);
  }

  function keepNumbers(list) {
    setInterval(async () => {
      if (document.hidden) return;
      const answer = await fetch(list.dataset.url).catch(() => null);
      if (!answer || !answer.ok) return;
      const figures = await answer.json();
      for (const figure of list.querySelectorAll("[data-figure]")) {
        const text = String(figures[figure.dataset.figure]);
        if (figure.textContent !== text) figure.textContent = text;
      }
    }, NUMBERS_MILLISECONDS);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const audience = document.getElementById("alert-audience");
    const numbers = document.getElementById("alert-numbers");
    if (audience) keepAudience(audience);
    if (numbers) keepNumbers(numbers);
  });
})();
