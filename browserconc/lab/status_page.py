"""The page at `/`: what the endpoint has in flight now, and the experiment to be done by hand."""

from __future__ import annotations

import html
from pathlib import Path

from browserconc.evidence.ledger_live import Live, Now

MOST_WORKERS = 30


def page(ledger: Path | None) -> bytes:
    """The page as UTF-8 HTML, made from the ledger as it stands; it asks for itself every second."""
    now = Live(ledger).look() if ledger else Now(0, 0, 0, ())
    rows = "".join(
        f"<tr><td>{worker.pid}<td>{html.escape(worker.thread)}<td>{worker.in_flight}<td>{worker.done}"
        for worker in sorted(now.workers, key=lambda worker: -worker.in_flight)[:MOST_WORKERS]
    )
    more = len(now.workers) - MOST_WORKERS
    rest = f"<p>and {more} more" if more > 0 else ""
    return f"""<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=1>
<title>{now.in_flight} in flight - browserconc</title><link rel=icon href="data:,">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:2em auto;padding:0 1em}}
td,th{{text-align:left;padding:0 1em 0 0}}b{{font-size:2em}}</style>
<p><b>{now.in_flight}</b> in flight now, at most {now.most}, {now.done} done
<h2>The experiment</h2>
<ol><li>Open <a href="/slow?delay=5" target=_blank>this link</a> in ten tabs, quickly
(middle click, or Ctrl and click). How many are in flight?
<li>Now these, each with a query of its own: {_distinct()}
<li>At the same time: <code>for i in $(seq 10); do curl -s "…/slow?delay=5" &amp; done</code></ol>
<p>On a server that takes one request at a time this page has to wait, too: watch the terminal.
<h2>Workers</h2><table><tr><th>pid<th>thread<th>in flight<th>done{rows}</table>{rest}
""".encode()


def _distinct() -> str:
    return " ".join(f'<a href="/slow?delay=5&amp;tab={n}" target=_blank>{n}</a>' for n in range(1, 11))
