"""Results as real runs gave them, built exactly: what the golden reports are rendered from.

Times follow `facts`: serial tabs start when the one before ends, seven tabs are one more than
six connections, the lock gives up after 20 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from browserconc.model.finding import (
    SERVICE,
    UNATTRIBUTED,
    BrowserFacts,
    Conclusion,
    Concurrency,
    Cost,
    Culprit,
    Environment,
    Kind,
    Remedy,
    RequestFinding,
    Result,
    ServerSeen,
    Slice,
    TrialFinding,
    Verdict,
)

MS = 1_000_000
MB = 1_000_000

CHROMIUM = BrowserFacts(
    name="chromium",
    version="156.0.7977.54",
    path="/usr/bin/chromium",
    headless=True,
    switches=("--headless=new", "--disable-background-networking"),
)


def request(
    index: int, parts: Sequence[tuple[str, int]], *, start: int = 0, **known: object
) -> RequestFinding:
    """A request whose slices follow each other without a gap; `parts` are (cause, ms)."""
    at = start * MS
    slices = []
    for cause, length in parts:
        slices.append(Slice(cause, at, at + length * MS))
        at += length * MS
    work = [piece for piece in slices if piece.cause == SERVICE]
    return RequestFinding(
        index=index,
        url=str(known.get("url", "http://127.0.0.1:5000/slow?delay=0.5")),
        status=200,
        error=None,
        start_ns=start * MS,
        end_ns=at,
        local_port=40000 + index,
        connection_reused=False,
        server=ServerSeen(work[0].start_ns, work[0].start_ns, work[-1].end_ns, 4242, f"Thread-{index}")
        if work
        else None,
        slices=tuple(slices),
    )


def trial(
    strategy: str,
    requests: Iterable[RequestFinding],
    kind: Kind,
    *,
    sustained: int,
    cause: str | None = None,
    culprit: Culprit | None = None,
    limit: int | None = None,
    spread: int = 0,
    delay: int = 500,
    server: str | None = "werkzeug-threaded",
    per_tab: int | None = None,
    startup: int = 300,
    doubts: tuple[str, ...] = (),
    because: tuple[str, ...] = (),
    repeat: int = 0,
) -> TrialFinding:
    """A trial with the sums that follow from its requests."""
    found = tuple(requests)
    waiting: dict[str, int] = {UNATTRIBUTED: 0}
    for piece in (piece for one in found for piece in one.slices if piece.cause != SERVICE):
        waiting[piece.cause] = waiting.get(piece.cause, 0) + piece.duration_ns
    end = max((one.end_ns for one in found), default=0)
    service = sum(p.duration_ns for one in found for p in one.slices if p.cause == SERVICE)
    total = sum(waiting.values())
    return TrialFinding(
        id=f"{server or 'url'}-{strategy}-{repeat}",
        strategy=strategy,
        server=server,
        url="http://127.0.0.1:5000/slow?delay=0.5",
        tabs=len(found),
        delay_ns=delay * MS,
        repeat=repeat,
        start_spread_ns=spread * MS,
        makespan_ns=end,
        ideal_ns=delay * MS,
        concurrency=Concurrency(sustained, max(sustained, 2), round(service / end, 3) if end else 0.0),
        verdict=Verdict(
            kind,
            limit,
            culprit,
            cause,
            waiting.get(cause or "", 0) / total if total else 0.0,
            doubts,
            because,
        ),
        waiting_ns=waiting,
        cost=Cost(per_tab * len(found) * MB, 800 * MS, startup * MS) if per_tab is not None else None,
        requests=found,
    )


def together(count: int, setup: int = 6, delay: int = 500) -> list[RequestFinding]:
    """All at once, each a little later than the one before."""
    return [
        request(
            index,
            [
                ("staggered-start", index),
                ("browser-overhead", 8),
                ("connection-setup", setup),
                (SERVICE, delay),
                ("browser-overhead", 4),
            ],
        )
        for index in range(count)
    ]


def one_by_one(count: int, cause: str = "cache-lock", delay: int = 500) -> list[RequestFinding]:
    """Each starts when the one before has its answer."""
    return [
        request(
            index,
            [
                ("browser-overhead", 10),
                (cause, index * (delay + 3)),
                ("connection-setup", 2),
                (SERVICE, delay),
                (UNATTRIBUTED, 1),
                ("browser-overhead", 5),
            ],
        )
        for index in range(count)
    ]


def in_batches(count: int, of: int, cause: str = "host-limit", delay: int = 500) -> list[RequestFinding]:
    """At most `of` at a time."""
    return [
        request(
            index,
            [
                ("staggered-start", index),
                ("browser-overhead", 9),
                (cause, (index // of) * (delay + 4)),
                (SERVICE, delay),
                ("browser-overhead", 5),
            ],
        )
        for index in range(count)
    ]


def raw(count: int = 10, server: str = "werkzeug-threaded") -> TrialFinding:
    """The raw-socket client: nothing but the service."""
    return trial(
        "raw-socket",
        [request(index, [("connection-setup", 2), (SERVICE, 500)]) for index in range(count)],
        "concurrent",
        sustained=count,
        spread=1,
        server=server,
    )


def result(trials: Iterable[TrialFinding], conclusion: Conclusion, *, command: str = "compare") -> Result:
    """A result measured on one and the same machine."""
    return Result(
        command=command,
        environment=Environment("0.1.0", "3.11.2", "Linux-6.1-x86_64", 2, 8_000_000_000, CHROMIUM),
        trials=tuple(trials),
        conclusion=conclusion,
        recording="/home/ada/.cache/browserconc/2026-11-21T10-38",
    )


def remedy(change: str, cause: str, proof: TrialFinding, *, proven: bool = True) -> Remedy:
    """A remedy with the numbers of the trial that proves it."""
    return Remedy(
        change=change,
        cause_removed=cause,
        makespan_ns=proof.makespan_ns,
        limit=proof.verdict.limit,
        memory_per_tab_bytes=proof.cost.memory_bytes // proof.tabs if proof.cost else None,
        startup_ns=proof.cost.startup_ns if proof.cost else None,
        proven=proven,
        trial=proof.id,
    )


def default_run() -> Result:
    """`browserconc compare --tabs 10`."""
    tabs = trial(
        "tabs",
        one_by_one(10),
        "serial",
        sustained=1,
        cause="cache-lock",
        culprit="browser",
        limit=1,
        spread=12,
        per_tab=38,
        startup=910,
        because=("HTTP_CACHE_ADD_TO_ENTRY lasted as long as the request before",),
    )
    distinct = trial(
        "tabs-distinct",
        in_batches(10, 6),
        "limited",
        sustained=6,
        cause="host-limit",
        culprit="browser",
        limit=6,
        spread=14,
        per_tab=38,
        startup=920,
    )
    hosts = trial("tabs-hosts", together(10), "concurrent", sustained=10, spread=15, per_tab=39, startup=930)
    contexts = trial(
        "contexts", together(10, 9), "concurrent", sustained=10, spread=9, per_tab=52, startup=3300
    )
    directories = trial(
        "user-data-dirs",
        together(10, 11),
        "concurrent",
        sustained=10,
        spread=61,
        per_tab=187,
        startup=7100,
        doubts=("its tabs were released over 61 ms, 12 % of the delay; use a longer --delay.",),
    )
    trials = [raw(), tabs, distinct, hosts, contexts, directories]
    return result(
        trials,
        Conclusion(
            summary="Ten tabs took 5.05 s, the raw-socket client 0.50 s: the browser made the server look 10 "
            "times slower than it is. The tabs asked for the same URL, so each waited for the one before it "
            "at the entry of the HTTP cache (99 % of all waiting). The server was never busy with more than "
            "one request.",
            culprit="browser",
            cause="cache-lock",
            limit=1,
            server_limit=None,
            browser_limit=1,
            skew=10.05,
            remedies=(
                remedy("give every tab its own query string", "cache-lock", distinct),
                remedy("one host name per tab", "cache-lock", hosts),
                remedy("one browser context per tab", "cache-lock", contexts),
            ),
        ),
    )


def narrow_server() -> Result:
    """Four sync workers: the server is the limit, whoever asks; two servers are compared."""
    four = "gunicorn-sync:4"

    def queued(strategy: str, server: str, width: int) -> TrialFinding:
        return trial(
            strategy,
            in_batches(10, width, "server-width"),
            "limited" if width > 1 else "serial",
            sustained=width,
            cause="server-width",
            culprit="server",
            limit=width,
            server=server,
            spread=5,
            per_tab=None if strategy == "raw-socket" else 50,
        )

    trials = [queued(s, four, 4) for s in ("raw-socket", "contexts", "tabs-distinct")]
    trials += [queued(s, "werkzeug-single", 1) for s in ("raw-socket", "contexts")]
    return result(
        trials,
        Conclusion(
            "The server is the limit: gunicorn-sync:4 works on four requests at once and werkzeug-single on "
            "one, for the raw-socket client as for the browser.",
            "server",
            "server-width",
            4,
            4,
            None,
            1.01,
            (Remedy("ten workers", "server-width", 520 * MS, 10, None, None, False, ""),),
        ),
    )


def forum_thread() -> Result:
    """Ten tabs, ten seconds: the lock lets go after 20 s, then six connections are the limit."""
    requests = [request(0, [("browser-overhead", 12), (SERVICE, 10_000), ("browser-overhead", 6)])]
    requests.append(request(1, [("browser-overhead", 12), ("cache-lock", 10_008), (SERVICE, 10_000)]))
    for index in range(2, 8):
        requests.append(
            request(
                index,
                [
                    ("browser-overhead", 12),
                    ("cache-lock", 20_002),
                    ("connection-setup", 3),
                    (SERVICE, 10_000),
                ],
            )
        )
    for index in (8, 9):
        requests.append(
            request(
                index,
                [("browser-overhead", 12), ("cache-lock", 20_002), ("host-limit", 10_006), (SERVICE, 10_000)],
            )
        )
    tabs = trial(
        "tabs",
        requests,
        "limited",
        sustained=6,
        cause="cache-lock",
        culprit="browser",
        delay=10_000,
        spread=12,
        per_tab=38,
    )
    summary = (
        "Answers came at 10, 20, 30 (six of them) and 40 s (two): the tabs queued on the lock of one cache "
        "entry, which gives up after 20 s, and then on six connections to one host."
    )
    return result([tabs], Conclusion(summary, "browser", "cache-lock", 6, None, 6, None, ()))


def repeated_and_undecided() -> Result:
    """Three repeats of a hundred tabs on a busy machine: one without a verdict, and hostile text."""
    doubt = "the machine's CPU was busy for 97 % of the trial; close other programs or use fewer tabs."
    repeats = [
        trial(
            "tabs-distinct",
            in_batches(100, 6, delay=500 + repeat),
            "limited",
            sustained=6,
            cause="host-limit",
            culprit="browser",
            limit=6,
            repeat=repeat,
            spread=200 + repeat,
            per_tab=38,
            doubts=("a title \x1b[31mwith an escape and [red]markup[/red] | stays text.",) if repeat else (),
        )
        for repeat in range(2)
    ]
    unclear = trial(
        "tabs-distinct", in_batches(100, 50), "undecided", sustained=7, repeat=2, spread=250, doubts=(doubt,)
    )
    lost = trial("contexts", together(3), "undecided", sustained=3, repeat=0, doubts=(doubt,), per_tab=60)
    return result(
        [*repeats, unclear, lost],
        Conclusion(
            "Six at once is what one host gets from one browser profile.",
            "browser",
            "host-limit",
            6,
            None,
            6,
            None,
            (),
        ),
    )


RESULTS = {
    "default": default_run,
    "server-width": narrow_server,
    "forum-thread": forum_thread,
    "undecided": repeated_and_undecided,
}
