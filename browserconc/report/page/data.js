"use strict";

// What `report/page_data.py` put into the page, with names. Instants are µs since the trial's start.
const PACKED = JSON.parse(document.getElementById("data").textContent);
const CAUSES = PACKED.causes;

function unpackRequest([index, url, status, error, start, end, port, reused, wired, freed, server, flat]) {
  const slices = [];
  let from = start;
  for (let at = 0; at < flat.length; at += 3) {
    slices.push({ cause: flat[at], from, to: flat[at + 1], because: PACKED.texts[flat[at + 2]] });
    from = flat[at + 1];
  }
  const seen = server && {
    accepted: server[0], started: server[1], finished: Math.max(server[1], server[2]), worker: PACKED.texts[server[3]],
  };
  return {
    index, url: PACKED.texts[url], status, error: error === null ? null : PACKED.texts[error],
    start, end, port, reused, wired, freed, server: seen, slices,
    failed: error !== null || status >= 400,
    answer: error === null ? (status === null ? "no status" : `status ${status}`) : PACKED.texts[error],
  };
}

function unpackTrial(trial) {
  const requests = trial.requests.map(unpackRequest);
  requests.sort((one, other) => one.end - other.end || one.index - other.index);
  const from = requests.reduce((least, request) => Math.min(least, request.start), 0);
  const to = requests.reduce((most, request) => Math.max(most, request.end), from + 1);
  return { requests, from, to };
}

const TRIALS = PACKED.trials.map(unpackTrial);
const REQUESTS = TRIALS.flatMap((trial) => trial.requests);
const ADDRESSES = new Set(REQUESTS.map((request) => request.url)).size;
