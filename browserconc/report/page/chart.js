// The charts of one trial: axis, rows and requests in flight, over one and the same time.
const AXIS = 22;
const MOST_PRINTED = 200;

class Chart {
  constructor(root, trial) {
    this.root = root;
    this.trial = trial;
    this.name = `chart-${root.dataset.trial}`;
    this.whole = this.view = { from: trial.from, to: trial.to };
    this.filter = { url: "", causes: new Set() };
    this.layout = "requests";
    this.active = null; // { row, span } by their places
    this.printing = false;
    this.axis = svg("svg", { height: AXIS, "aria-hidden": "true" });
    this.drawing = svg("svg", { role: "presentation" });
    this.box = html("div", { class: "rows", tabindex: 0, role: "listbox", "aria-label": `${root.dataset.title}, every request` }, this.drawing);
    this.none = html("p", { class: "quiet none" }, "No request matches.");
    this.lower = svg("svg", { class: "flight", height: FLIGHT, role: "img", "aria-label": `${root.dataset.title}, requests in flight over time` });
    root.append(this.axis, this.box, this.none, this.lower);
    this.box.addEventListener("scroll", () => this.scrollSoon());
    this.arrange();
  }

  // Anew from the requests: after another filter or layout.
  arrange() {
    const shown = this.trial.requests.filter((request) => accepts(this.filter, request));
    this.rows = VIEWS[this.layout](shown);
    this.flight = new Flight(shown);
    this.shown = shown.length;
    this.active = null;
    this.drawSoon();
  }

  look(view) {
    const least = Math.min(50, this.whole.to - this.whole.from); // µs
    const length = Math.max(least, Math.min(view.to - view.from, this.whole.to - this.whole.from));
    const from = Math.max(this.whole.from, Math.min(view.from, this.whole.to - length));
    this.view = { from, to: from + length };
    this.drawSoon();
  }

  reach(whole) {
    this.whole = whole;
    this.look(whole);
  }

  // By a factor, around an instant that stays where it is.
  zoom(factor, around = (this.view.from + this.view.to) / 2) {
    this.look({ from: around - (around - this.view.from) * factor, to: around + (this.view.to - around) * factor });
  }

  shift(part) {
    const by = (this.view.to - this.view.from) * part;
    this.look({ from: this.view.from + by, to: this.view.to + by });
  }

  drawSoon() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.draw();
    });
  }

  // Scrolling changes the rows in sight and nothing else.
  scrollSoon() {
    if (this.due || this.scrolling) return;
    this.scrolling = true;
    requestAnimationFrame(() => {
      this.scrolling = false;
      if (this.due || !this.scale) return;
      this.drawRows();
      this.showActive();
    });
  }

  draw() {
    this.none.hidden = this.rows.length > 0;
    this.box.hidden = this.rows.length === 0;
    const printed = this.printing ? Math.min(this.rows.length, MOST_PRINTED) : this.rows.length;
    const height = printed * ROW;
    this.printed = printed;
    this.drawing.setAttribute("height", height);
    const width = this.box.clientWidth || this.root.clientWidth;
    if (width === 0) return; // folded away
    const wide = width >= NARROW && (this.layout === "connections" || ADDRESSES > 1);
    const left = wide ? 210 : this.layout === "connections" ? 56 : 44;
    this.wide = wide;
    this.scale = new Scale(this.view.from, this.view.to, left, width - left - 62);
    for (const [element, tall] of [[this.axis, AXIS], [this.drawing, height], [this.lower, FLIGHT]]) {
      element.setAttribute("width", width);
      element.setAttribute("viewBox", `0 0 ${width} ${Math.max(tall, 1)}`);
    }
    this.ticks = this.scale.ticks();
    this.axis.replaceChildren(...this.ticks.map(({ at, label }) => svg("text", { x: this.scale.x(at), y: 15 }, label)));
    this.lower.replaceChildren(...this.flight.draw(this.scale));
    this.drawRows();
    this.showActive();
  }

  // Only the rows in sight, however many there are.
  drawRows() {
    const { printed } = this;
    const first = this.printing ? 0 : Math.max(0, Math.floor(this.box.scrollTop / ROW) - 4);
    const last = this.printing ? printed : Math.min(printed, first + Math.ceil(this.box.clientHeight / ROW) + 8);
    this.marks = svg("g", {});
    const parts = [this.marks];
    for (const { at } of this.ticks) {
      parts.push(svg("line", { x1: this.scale.x(at), x2: this.scale.x(at), y1: first * ROW, y2: last * ROW, class: "grid" }));
    }
    for (let place = first; place < last; place += 1) {
      const row = this.rows[place];
      const group = drawRow(row, place * ROW, this.scale, this.filter, this.wide);
      group.setAttribute("id", `${this.name}-${place}`);
      group.setAttribute("role", "option");
      group.setAttribute("aria-selected", String(this.active?.row === place));
      group.setAttribute("aria-setsize", this.rows.length);
      group.setAttribute("aria-posinset", place + 1);
      group.setAttribute("aria-label", inWords(row.requests[0], null));
      parts.push(group);
    }
    this.chosen = svg("g", {});
    this.drawing.replaceChildren(...parts, this.chosen);
  }

  choose(active) {
    this.active = active;
    this.showActive();
  }

  span() {
    const row = this.active && this.rows[this.active.row];
    return row ? row.spans[this.active.span] ?? null : null;
  }

  showActive() {
    this.marks.replaceChildren();
    this.chosen.replaceChildren();
    for (const option of this.drawing.querySelectorAll("[aria-selected=true]")) option.setAttribute("aria-selected", "false");
    this.box.removeAttribute("aria-activedescendant");
    if (!this.active) return;
    const top = this.active.row * ROW;
    this.marks.append(svg("rect", { x: 0, y: top, width: "100%", height: ROW, class: "active" }));
    const option = document.getElementById(`${this.name}-${this.active.row}`);
    if (option) {
      option.setAttribute("aria-selected", "true");
      this.box.setAttribute("aria-activedescendant", option.id);
    }
    const span = this.span();
    if (span && this.scale.shows(span.from, span.to)) {
      this.chosen.append(bar(this.scale.x(span.from), this.scale.x(span.to), top + 2, 12, { class: "chosen", rx: 1 }));
    }
  }

  // Where in the window the active span stands.
  place() {
    const around = this.drawing.getBoundingClientRect();
    const span = this.span();
    const x = span ? (this.scale.x(span.from) + this.scale.x(span.to)) / 2 : this.scale.left;
    return [around.left + x, around.top + this.active.row * ROW + ROW / 2];
  }

  // The span at a place in the window; in a row's empty part the nearest of that row.
  find(clientX, clientY) {
    const around = this.drawing.getBoundingClientRect();
    const row = Math.floor((clientY - around.top) / ROW);
    if (!this.rows[row]) return null;
    const at = this.scale.at(clientX - around.left);
    let span = -1;
    let least = Infinity;
    this.rows[row].spans.forEach(({ from, to }, place) => {
      const far = Math.max(from - at, at - to, 0);
      if (far < least) [span, least] = [place, far];
    });
    return { row, span };
  }

  print(printing) {
    this.printing = printing;
    this.draw();
  }
}
