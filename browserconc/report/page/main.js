// The tools above the charts, and the start.
const CHARTS = [...document.querySelectorAll(".chart")].map((root) => new Chart(root, TRIALS[Number(root.dataset.trial)]));
const FILTER = { url: "", causes: new Set() };
const tool = (id) => document.getElementById(id);

function applyFilter() {
  for (const chart of CHARTS) {
    chart.filter = FILTER;
    chart.arrange();
  }
  const all = REQUESTS.length;
  const shown = CHARTS.reduce((sum, chart) => sum + chart.shown, 0);
  tool("count").textContent = shown === all ? `${all} requests` : `${shown} of ${all} requests`;
}

function applyScale() {
  const from = Math.min(...TRIALS.map((trial) => trial.from));
  const to = Math.max(...TRIALS.map((trial) => trial.to));
  for (const chart of CHARTS) chart.reach(tool("same").checked ? { from, to } : { from: chart.trial.from, to: chart.trial.to });
}

function print(printing) {
  for (const chart of CHARTS) chart.print(printing);
}

function start() {
  for (const chart of CHARTS) {
    followPointer(chart);
    followKeys(chart);
    new ResizeObserver(() => chart.drawSoon()).observe(chart.root);
  }
  for (const chip of document.querySelectorAll(".chip")) {
    chip.addEventListener("click", () => {
      const pressed = chip.getAttribute("aria-pressed") !== "true";
      chip.setAttribute("aria-pressed", String(pressed));
      FILTER.causes[pressed ? "add" : "delete"](Number(chip.dataset.cause));
      applyFilter();
    });
  }
  for (const radio of document.querySelectorAll("[name=view]")) {
    radio.addEventListener("change", () => {
      for (const chart of CHARTS) {
        chart.layout = radio.value;
        chart.arrange();
      }
    });
  }
  tool("find").addEventListener("input", (event) => {
    FILTER.url = event.target.value.toLowerCase();
    applyFilter();
  });
  tool("same").addEventListener("change", applyScale);
  tool("in").addEventListener("click", () => CHARTS.forEach((chart) => chart.zoom(0.5, chart.view.from)));
  tool("out").addEventListener("click", () => CHARTS.forEach((chart) => chart.zoom(2, chart.view.from)));
  tool("whole").addEventListener("click", () => CHARTS.forEach((chart) => chart.look(chart.whole)));
  matchMedia("print").addEventListener("change", (event) => print(event.matches));
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  applyScale();
  applyFilter();
  tool("tools").hidden = false;
}

if (CHARTS.length) start();
