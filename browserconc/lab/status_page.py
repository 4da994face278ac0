"""The page at `/`: what the endpoint has in flight now, and the experiment to be done by hand.

It asks for itself every half second and puts the new figures into place. Its links lead to the
loopback interface's other name: under the page's own one they would take all the connections that a
browser opens to a host, and the page would stand still.
"""

from __future__ import annotations

import html
from pathlib import Path

from browserconc.evidence.ledger_live import Live, Now

MOST_WORKERS = 30
LONGEST_BAR = 40

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em}
b{font-size:2.5em;line-height:1;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{text-align:left;padding:.1em 1.2em .1em 0;white-space:nowrap}
i{display:inline-block;height:.8em;background:#0072b2;margin-right:.4em}
code{background:color-mix(in srgb,currentcolor 10%,transparent);padding:.1em .3em}
#wait{color:#b34700;min-height:1.5em}
"""
_SCRIPT = """
const other = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}[location.hostname] ?? location.hostname;
const origin = `${location.protocol}//${other}${location.port ? ":" + location.port : ""}`;
for (const link of document.querySelectorAll("a")) link.href = origin + link.getAttribute("href");
for (const place of document.querySelectorAll(".origin")) place.textContent = origin;
let asked = null;
async function look() {
  asked = Date.now();
  try {
    const text = await (await fetch("/", {cache: "no-store"})).text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    document.title = fresh.title;
    for (const id of ["now", "workers"])
      document.getElementById(id).replaceWith(fresh.getElementById(id));
  } catch {
    document.title = "ended - browserconc";
  }
  asked = null;
  setTimeout(look, 500);
}
setInterval(() => {
  const late = asked ? Math.floor((Date.now() - asked) / 1000) : 0;
  document.getElementById("wait").textContent = late < 2 ? "" :
    `No answer for ${late} s: this page has to wait for the server, too. Watch the terminal.`;
}, 500);
setTimeout(look, 500);
"""


def page(ledger: Path | None) -> bytes:
    """The page as UTF-8 HTML, made from the ledger as it stands."""
    now = Live(ledger).look() if ledger else Now(0, 0, 0, ())
    busiest = sorted(now.workers, key=lambda worker: (-worker.in_flight, -worker.done))
    rows = "".join(
        f"<tr><td>{worker.pid}<td>{html.escape(worker.thread)}<td>{_bar(worker.in_flight)}<td>{worker.done}"
        for worker in busiest[:MOST_WORKERS]
    )
    more = len(now.workers) - MOST_WORKERS
    rest = f"<p>and {more} more" if more > 0 else ""
    return f"""<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width">
<noscript><meta http-equiv=refresh content=1></noscript>
<title>{now.in_flight} in flight - browserconc</title><link rel=icon href="data:,">
<style>{_STYLE}</style>
<p id=now><b>{now.in_flight}</b> in flight now, at most {now.most}, {now.done} done</p>
<p id=wait role=status></p>
<h1>Why don't my tabs run in parallel?</h1>
<ol><li>Open <a href="/slow?delay=5" target=_blank>this link</a> in ten tabs, quickly: middle click it ten
times, or Ctrl and click. How many are in flight? Tabs that ask for the same URL wait for each other.
<li>Now these, each with a query of its own: {_distinct()}. A browser opens a few connections to one host.
<li>Without a browser: <code>for i in $(seq 10); do curl -s '<span class=origin></span>/slow?delay=5' &amp;
done</code> shows what the server can do.</ol>
<p>The links lead to another name of this machine, so that this page keeps connections of its own.
<div id=workers><h2>Workers</h2><table><tr><th>pid<th>thread<th>in flight<th>done{rows}</table>{rest}</div>
<script>{_SCRIPT}</script>
""".encode()


def _bar(number: int) -> str:
    return f"<i style=width:{min(number, LONGEST_BAR) * 0.4:g}em></i>{number}" if number else "-"


def _distinct() -> str:
    return " ".join(f'<a href="/slow?delay=5&amp;tab={n}" target=_blank>{n}</a>' for n in range(1, 11))
