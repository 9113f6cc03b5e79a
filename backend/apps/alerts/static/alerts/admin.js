// Counts an alert's audience while it is written, and keeps its numbers up to date.
"use strict";

(function () {
  const CHECK_MILLISECONDS = 400;
  const NUMBERS_MILLISECONDS = 2000;

  function chosen(name) {
    const select = document.getElementById("id_" + name);
    if (!select) return "";
    return Array.from(select.selectedOptions, (option) => option.value).join(",");
  }

  function keepAudience(output) {
    let shown = "";
    setInterval(async () => {
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
    }, CHECK_MILLISECONDS);
  }

  function keepNumbers(output) {
    setInterval(async () => {
      if (document.hidden) return;
      const answer = await fetch(output.dataset.url).catch(() => null);
      if (!answer || !answer.ok) return;
      const { text } = await answer.json();
      if (output.textContent !== text) output.textContent = text;
    }, NUMBERS_MILLISECONDS);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const audience = document.getElementById("alert-audience");
    const numbers = document.getElementById("alert-numbers");
    if (audience) keepAudience(audience);
    if (numbers) keepNumbers(numbers);
  });
})();
