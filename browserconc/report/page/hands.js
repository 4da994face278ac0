// Pointer, wheel and keyboard on one chart.
function followPointer(chart) {
  const { root, box, lower, axis } = chart;
  let begin = null;
  let selection = null;
  const instant = (event) => chart.scale.at(event.clientX - root.getBoundingClientRect().left);

  box.addEventListener("pointermove", (event) => {
    if (begin !== null && selection) return;
    const found = chart.find(event.clientX, event.clientY);
    chart.choose(found);
    const request = found && (chart.span()?.request ?? chart.rows[found.row].requests[0]);
    if (request) showCard(request, chart.span()?.slice ?? null, event.clientX, event.clientY);
    else hideCard();
  });
  box.addEventListener("pointerleave", () => {
    hideCard();
    chart.choose(null);
  });
  root.addEventListener("pointermove", (event) => chart.flight.point(instant(event)));
  root.addEventListener("pointerleave", () => chart.flight.point(null));

  for (const area of [box, lower, axis]) {
    area.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.pointerType === "mouse" && event.offsetX < box.clientWidth) begin = event.clientX;
    });
  }
  addEventListener("pointermove", (event) => {
    if (begin === null || Math.abs(event.clientX - begin) < 5) return;
    if (!selection) root.append((selection = html("div", { class: "selection" })));
    const left = root.getBoundingClientRect().left;
    const edges = [begin, event.clientX].map((x) => chart.scale.x(chart.scale.at(x - left)));
    selection.style.left = `${Math.min(...edges)}px`;
    selection.style.width = `${Math.abs(edges[0] - edges[1])}px`;
    hideCard();
  });
  addEventListener("pointerup", (event) => {
    if (selection) {
      const left = root.getBoundingClientRect().left;
      const [from, to] = [begin, event.clientX].map((x) => chart.scale.at(x - left)).sort((a, b) => a - b);
      selection.remove();
      if (to > from) chart.look({ from, to });
    }
    begin = selection = null;
  });
  root.addEventListener("dblclick", () => chart.look(chart.whole));
  root.addEventListener("wheel", (event) => {
    if (event.ctrlKey) chart.zoom(1.0015 ** event.deltaY, instant(event));
    else if (event.deltaX) chart.shift(event.deltaX / chart.scale.width);
    else return;
    event.preventDefault();
  }, { passive: false });
}

const ROW_STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity };

function followKeys(chart) {
  const { box } = chart;
  const ways = {
    "+": () => chart.zoom(0.5, chart.span()?.from),
    "=": () => chart.zoom(0.5, chart.span()?.from),
    "-": () => chart.zoom(2, chart.span()?.from),
    0: () => chart.look(chart.whole),
    Escape: hideCard,
    ArrowLeft: () => step(0, -1),
    ArrowRight: () => step(0, 1),
  };

  function step(rows, spans) {
    if (!chart.rows.length) return;
    const now = chart.active ?? { row: rows > 0 ? -1 : 0, span: 0 };
    const row = Math.max(0, Math.min(chart.rows.length - 1, now.row + rows));
    const span = Math.max(0, Math.min(chart.rows[row].spans.length - 1, rows ? longest(chart.rows[row]) : now.span + spans));
    go({ row, span });
  }

  function go(active) {
    const top = active.row * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
    chart.active = active;
    chart.draw();
    const span = chart.span();
    const request = span?.request ?? chart.rows[active.row].requests[0];
    if (span) chart.flight.point(span.from);
    showCard(request, span?.slice ?? null, ...chart.place());
    SPOKEN.textContent = inWords(request, span?.slice ?? null);
  }

  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ROW_STEPS) step(ROW_STEPS[event.key], 0);
    else if (event.key in ways) ways[event.key]();
    else return;
    event.preventDefault();
  });
  box.addEventListener("focus", () => {
    if (box.matches(":focus-visible") && chart.rows.length) go(chart.active ?? { row: 0, span: longest(chart.rows[0]) });
  });
  box.addEventListener("blur", () => {
    hideCard();
    chart.flight.point(null);
    chart.choose(null);
  });
}

function longest({ spans }) {
  return spans.reduce((best, span, place) => (span.to - span.from > spans[best].to - spans[best].from ? place : best), 0);
}
