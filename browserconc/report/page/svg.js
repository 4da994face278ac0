// Elements of SVG and HTML. Text goes in as text only, so nothing that was measured becomes markup.
function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const filled = (cause) => `url(#cause-${cause})`;

function bar(from, to, y, height, attributes) {
  return svg("rect", { x: from.toFixed(2), width: Math.max(to - from, 0.6).toFixed(2), y, height, ...attributes });
}

function swatch(cause) {
  return svg("svg", { width: 16, height: 12, "aria-hidden": "true" }, svg("rect", { width: 16, height: 12, fill: filled(cause) }));
}
