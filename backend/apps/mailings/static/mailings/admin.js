// Keeps the bars of the list, a mailing's panel and an import's report up to date.
"use strict";

(function () {
  const MILLISECONDS = 1000;

  async function answered(url) {
    if (document.hidden) return null;
    const answer = await fetch(url).catch(() => null);
    return answer && answer.ok ? answer : null;
  }

  function keepBars(bars) {
    const ids = bars.map((bar) => bar.dataset.mailing).join(",");
    setInterval(async () => {
      const answer = await answered("bars/?ids=" + ids);
      if (!answer) return;
      for (const mailing of (await answer.json()).mailings) {
        const own = (name) => document.querySelector(`[data-mailing${name}="${mailing.id}"]`);
        own("").max = mailing.total;
        own("").value = mailing.ended;
        own("-numbers").textContent = mailing.numbers;
        own("-status").textContent = mailing.status;
        own("-status").dataset.state = mailing.status;
      }
    }, MILLISECONDS);
  }

  function keepPanel(panel) {
    setInterval(async () => {
      // A link that has the focus must not vanish under the finger.
      if (panel.contains(document.activeElement)) return;
      const answer = await answered(panel.dataset.url);
      if (answer) panel.innerHTML = await answer.text();
    }, MILLISECONDS);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const bars = Array.from(document.querySelectorAll("progress[data-mailing]"));
    const panel = document.getElementById("mailing-panel");
    const report = document.querySelector("[data-reload]");
    if (bars.length) keepBars(bars);
    if (panel) keepPanel(panel);
    if (report) setTimeout(() => location.reload(), Number(report.dataset.reload));
  });
})();
