// Keeps the list of arrivals up to date while the page is looked at.
"use strict";

(function () {
  const LOOK_MILLISECONDS = 2000;

  document.addEventListener("DOMContentLoaded", () => {
    const list = document.getElementById("sandbox-arrivals");
    if (!list) return;
    let shown = "";
    setInterval(async () => {
      // What somebody reads is not taken from under their eyes.
      if (document.hidden || list.querySelector("details[open]")) return;
      const answer = await fetch(list.dataset.url).catch(() => null);
      if (!answer || !answer.ok || answer.redirected) return;
      const text = await answer.text();
      if (text !== shown) list.innerHTML = text;
      shown = text;
    }, LOOK_MILLISECONDS);
  });
})();
