// The card beside the pointer or the keyboard's place: one request with exact times and evidence.
const CARD = document.getElementById("card");
const SPOKEN = document.getElementById("spoken");

function sliceRow(slice, here) {
  const what = html("td", {}, CAUSES[slice.cause]);
  if (slice.because) what.append(html("div", { class: "because" }, slice.because));
  return html(
    "tr", here ? { class: "here" } : {},
    html("td", {}, swatch(slice.cause)), what,
    html("td", { class: "number" }, exactly(slice.to - slice.from)),
    html("td", { class: "number" }, exactly(slice.from)),
  );
}

function cardOf(request, chosen) {
  const parts = [
    html("p", {}, html("strong", {}, `request ${request.index + 1}`), `  ${request.answer}, ${exactly(request.start)} to ${exactly(request.end)}`),
    html("p", { class: "url" }, request.url),
    html(
      "table", {},
      html("thead", {}, html("tr", {}, html("th", { colspan: 2 }, "spent on"), html("th", { class: "number" }, "lasted"), html("th", { class: "number" }, "from"))),
      html("tbody", {}, ...request.slices.map((slice) => sliceRow(slice, slice === chosen))),
    ),
  ];
  const { server } = request;
  if (server) {
    const accepted = server.accepted === null ? "" : `accepted at ${exactly(server.accepted)}, `;
    parts.push(html("p", { class: "url" }, `server: ${accepted}handler ${exactly(server.started)} to ${exactly(server.finished)}, ${server.worker}`));
  }
  if (request.port !== null) {
    const reused = request.reused === null ? "" : request.reused ? ", connection used before" : ", new connection";
    parts.push(html("p", { class: "url" }, `local port ${request.port}${reused}`));
  }
  return parts;
}

function inWords(request, slice) {
  const why = slice && slice.because ? `, ${slice.because}` : "";
  const what = slice ? `: ${CAUSES[slice.cause]} ${exactly(slice.to - slice.from)} from ${exactly(slice.from)}${why}` : "";
  return `request ${request.index + 1}, ${request.answer}, ${exactly(request.start)} to ${exactly(request.end)}${what}`;
}

// Beside (x, y) in the window, on the side where there is room.
function showCard(request, slice, x, y) {
  CARD.replaceChildren(...cardOf(request, slice));
  CARD.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = CARD;
  const left = x + 18 + width > innerWidth - 8 ? x - 18 - width : x + 18;
  const top = y + 18 + height > innerHeight - 8 ? y - 12 - height : y + 18;
  CARD.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  CARD.style.top = `${Math.max(8, top)}px`;
}

function hideCard() {
  CARD.hidden = true;
}
