"""Why one tab alone did not load, in a sentence that says what to do."""

from __future__ import annotations

from browserconc.analysis.visit_doubts import timed_out
from browserconc.analysis.visit_verdict import Judged

_TOO_LONG = (
    "One tab alone did not load {url} in time ({error}): give a longer --timeout, or say with --wait-for "
    "what to wait for."
)
_NOTHING = "{url} gives a tab nothing to show (a download, or no content): give a page or an endpoint."
_NO_WEBSOCKET = "{url} opens no WebSocket ({error}): check the path, and what it wants to know of a visitor."
_NO_FETCH = "A page of its own origin cannot fetch {url}: look at its console in a browser of your own."
REFUSALS = {
    "ERR_CERT": "The certificate of {url} does not check ({error}): --ignore-https-errors accepts it.",
    "ERR_SSL": "{url} does not speak TLS as it should ({error}): check the scheme and the port.",
    "ERR_TOO_MANY_REDIRECTS": "{url} redirects in a circle: give the page's own address, or --cookie.",
    "ERR_NAME_NOT_RESOLVED": "The host name of {url} does not resolve: check its spelling.",
    "ERR_CONNECTION_REFUSED": "Nobody listens at {url}: start the server, or check the port.",
    "ERR_INVALID_HTTP_RESPONSE": "{url} does not answer in HTTP ({error}): check the port.",
    "ERR_EMPTY_RESPONSE": "{url} closes the connection without an answer: see its log, or try https.",
    "Download is starting": _NOTHING,
    "ERR_ABORTED": _NOTHING,
    "the stream failed": "{url} is no event stream: it must answer 200, Content-Type text/event-stream.",
    "WebSocket": _NO_WEBSOCKET,
    "the handshake failed": _NO_WEBSOCKET,
    "Failed to fetch": _NO_FETCH,
    "the request failed": _NO_FETCH,
    "it did not load": "{url} is nothing that a page can show so: an image must be a picture.",
    "crash": "The tab crashed while it loaded {url}: open it in a browser of your own and look.",
    "not loaded within": _TOO_LONG,
    "no answer within": _TOO_LONG,
}
"""What the browser says of a load that failed (net/base/net_error_list.h) → what to do."""
_RIGHTS = "give --cookie, --header, --storage-state or --login"
_WAIT = "wait until its limit lets you through again"
ITS_LOG = "see the server's log and mend that first"
ADVICE = {
    400: "check the scheme (http or https), the port and what it wants to know",
    401: _RIGHTS,
    403: _RIGHTS,
    404: "check the path",
    405: "check --method",
    407: _RIGHTS,
    410: "check the path",
    429: _WAIT,
    503: f"{_WAIT}, or see the server's log",
}
"""What to do about a status of one tab alone."""


def unusable(alone: Judged | None, error: str | None, url: str) -> str | None:
    """Why nothing can be measured with this URL; None where it can."""
    if error:
        return error
    load = alone.loads[0] if alone and alone.loads else None
    if load is None:
        return f"{url} could not be opened in a tab."
    if load.error and not (timed_out(load.error) and alone and alone.finding.verdict.cause):
        return _refused(load.error, url)
    if load.status is not None and load.status >= 400:
        return f"{url} answers {load.status} even to one tab alone: {_what_to_do(load.status)}."
    return None


def _what_to_do(status: int) -> str:
    """An error is quick, so many of them look parallel whatever the server does with real work."""
    if status in ADVICE:
        return ADVICE[status]
    return ITS_LOG if status >= 500 else "check the address, and what it wants to know of a visitor"


def _refused(error: str, url: str) -> str:
    said = next((said for sign, said in REFUSALS.items() if sign in error), None)
    error = error.partition(" at http")[0]  # the gate's address, of which nobody knows
    if said is None:
        return f"One tab alone could not load {url}: {error}."
    return said.format(url=url, error=error)
