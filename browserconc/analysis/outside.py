"""What a server does at once, by the instants at which raw sockets were answered."""

from __future__ import annotations

from browserconc.analysis.concurrency import concurrency
from browserconc.model.outside import Answer, OutsideView, ServerView

SERIAL_SHARE = 0.5


def judge(view: OutsideView) -> ServerView:
    """The server's limit by the staircase of its answers."""
    alone = [lasted for answer in view.alone if (lasted := _lasted(answer)) is not None]
    if not alone:
        return ServerView(None, None, None, (), None, ("No request was answered by raw sockets.",))
    service_ns = min(alone)
    batch = view.batches[-1]
    done = [answer for answer in batch if _lasted(answer) is not None]
    stretched = [
        answer for answer in done if (_lasted(answer) or 0) > (1 + SERIAL_SHARE) * service_ns + 50_000_000
    ]
    if not stretched:
        because = f"By raw sockets {len(done)} of {len(batch)} requests ran at once."
        return ServerView(None, None, None, (because,), service_ns, ())
    tails = [(answer.done_ns - service_ns, answer.done_ns) for answer in done if answer.done_ns]
    limit = concurrency(tails, 0).sustained
    because = (
        f"By raw sockets {len(batch)} requests were answered {limit} at a time; one alone takes "
        f"{service_ns / 1e9:.2f} s."
    )
    return ServerView(limit, "server-width", "server", (because,), service_ns, ())


def _lasted(answer: Answer) -> int | None:
    if answer.sent_ns is None or answer.done_ns is None or answer.error:
        return None
    return answer.done_ns - answer.sent_ns
