// How many requests are in flight over time, for the browser and for the server.
const FLIGHT = 92;

// Where the number changes, as [instant, number from then on].
function levels(spans) {
  const changes = spans.flatMap(([from, to]) => [[from, 1], [to, -1]]);
  changes.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const steps = [[-Infinity, 0]];
  for (const [at, change] of changes) {
    const last = steps[steps.length - 1];
    if (last[0] === at) last[1] += change;
    else steps.push([at, last[1] + change]);
  }
  return steps;
}

function levelAt(steps, at) {
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (steps[middle][0] <= at) low = middle;
    else high = middle - 1;
  }
  return steps[low][1];
}

class Flight {
  constructor(requests) {
    this.open = levels(requests.map((request) => [request.start, request.end]));
    this.served = levels(requests.filter((request) => request.server).map(({ server }) => [server.started, server.finished]));
    this.most = [...this.open, ...this.served].reduce((most, [, level]) => Math.max(most, level), 1);
    this.known = this.served.length > 1;
    this.cross = svg("line", { y1: 22, y2: FLIGHT - 8, class: "cross", visibility: "hidden" });
    this.said = svg("text", { y: 14, class: "number" });
  }

  draw(scale) {
    const y = (level) => FLIGHT - 8 - (level / this.most) * (FLIGHT - 34);
    const path = (steps) => {
      let line = `M${scale.x(scale.from)},${y(levelAt(steps, scale.from))}`;
      for (const [at, level] of steps) {
        if (at > scale.from && at <= scale.to) line += `H${scale.x(at).toFixed(2)}V${y(level).toFixed(2)}`;
      }
      return `${line}H${scale.x(scale.to)}`;
    };
    const right = scale.left + scale.width;
    const parts = [
      svg("line", { x1: scale.left, x2: right, y1: y(0), y2: y(0), class: "grid" }),
      svg("text", { x: scale.left - 8, y: y(this.most) + 4, class: "number" }, String(this.most)),
      svg("text", { x: scale.left - 8, y: y(0) + 4, class: "number" }, "0"),
    ];
    if (this.known) parts.push(svg("path", { d: `${path(this.served)}V${y(0)}H${scale.left}Z`, class: "served" }));
    parts.push(svg("path", { d: path(this.open), class: "open" }));
    this.said.setAttribute("x", right);
    this.scale = scale;
    this.point(null);
    return [...parts, this.cross, this.said];
  }

  // Says what is in flight at an instant, or with null what the lines mean.
  point(at) {
    if (at === null) {
      this.cross.setAttribute("visibility", "hidden");
      const lines = this.scale.width < 360 ? "dashed: browser, filled: server" : "in flight: dashed open in the browser, filled at the server";
      this.said.textContent = this.known ? lines : "in flight in the browser";
      return;
    }
    const x = this.scale.x(at);
    this.cross.setAttribute("visibility", "visible");
    this.cross.setAttribute("x1", x);
    this.cross.setAttribute("x2", x);
    const server = this.known ? `, ${levelAt(this.served, at)} at the server` : "";
    const where = this.scale.width < 360 ? "" : " open in the browser";
    this.said.textContent = `at ${exactly(at)}: ${levelAt(this.open, at)}${where}${server}`;
  }
}
