"""Whatever is measured, every report can show it."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

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
from browserconc.report import legend, markdown, result_json, terminal, waterfall

TIMES = st.integers(0, 10**14)
TEXTS = st.text(max_size=40) | st.sampled_from(
    ["[red]x[/red]", "\x1b[2Jx", "a\tb\nc", "日本" * 20, "```", "|"]
)
CAUSES = st.sampled_from([*legend.LOOKS, "a-cause-of-the-future"])
COUNTS = st.integers(0, 10**6)
CULPRITS = st.none() | st.sampled_from(get_args(Culprit))


@st.composite
def requests(draw: st.DrawFn) -> RequestFinding:
    edges = sorted(draw(st.lists(TIMES, min_size=2, max_size=6)))
    pieces = tuple(Slice(draw(CAUSES), start, end, draw(TEXTS)) for start, end in pairwise(edges))
    return RequestFinding(
        index=draw(COUNTS),
        url=draw(TEXTS),
        status=draw(st.none() | st.integers(100, 599)),
        error=draw(st.none() | TEXTS),
        start_ns=edges[0],
        end_ns=edges[-1],
        local_port=draw(st.none() | st.integers(1, 65535)),
        connection_reused=draw(st.none() | st.booleans()),
        server=draw(st.none() | st.builds(ServerSeen, st.none() | TIMES, TIMES, TIMES, COUNTS, TEXTS)),
        slices=pieces,
    )


VERDICTS = st.builds(
    Verdict,
    kind=st.sampled_from(get_args(Kind)),
    limit=st.none() | COUNTS,
    culprit=CULPRITS,
    cause=st.none() | CAUSES,
    share=st.floats(0, 1),
    doubts=st.lists(TEXTS, max_size=2).map(tuple),
    because=st.lists(TEXTS, max_size=2).map(tuple),
)
TRIALS = st.builds(
    TrialFinding,
    id=TEXTS,
    strategy=TEXTS,
    server=st.none() | TEXTS,
    url=TEXTS,
    tabs=COUNTS,
    delay_ns=st.none() | TIMES,
    repeat=COUNTS,
    start_spread_ns=st.none() | TIMES,
    makespan_ns=TIMES,
    ideal_ns=st.none() | TIMES,
    concurrency=st.builds(Concurrency, COUNTS, COUNTS, st.floats(0, 1e6)),
    verdict=VERDICTS,
    waiting_ns=st.dictionaries(CAUSES, TIMES, max_size=3).map(lambda known: {UNATTRIBUTED: 0, **known}),
    cost=st.none() | st.builds(Cost, st.integers(0, 10**13), TIMES, TIMES),
    requests=st.lists(requests(), max_size=16).map(tuple),
)
RESULTS = st.builds(
    Result,
    command=st.sampled_from(["compare", "diagnose", "explain", "watch"]),
    environment=st.builds(
        Environment,
        TEXTS,
        TEXTS,
        TEXTS,
        COUNTS,
        st.integers(0, 10**13),
        st.none()
        | st.builds(BrowserFacts, TEXTS, TEXTS, TEXTS, st.booleans(), st.lists(TEXTS, max_size=2).map(tuple)),
    ),
    trials=st.lists(TRIALS, max_size=4).map(tuple),
    conclusion=st.builds(
        Conclusion,
        TEXTS,
        CULPRITS,
        st.none() | CAUSES,
        st.none() | COUNTS,
        st.none() | COUNTS,
        st.none() | COUNTS,
        st.none() | st.floats(0, 1e6),
        st.lists(
            st.builds(
                Remedy,
                TEXTS,
                CAUSES,
                TIMES,
                st.none() | COUNTS,
                st.none() | st.integers(0, 10**13),
                st.none() | TIMES,
                st.booleans(),
                TEXTS,
            ),
            max_size=3,
        ).map(tuple),
    ),
    recording=st.none() | TEXTS,
)
some = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@some
@given(RESULTS)
def test_json_read_again_is_the_same(result: Result) -> None:
    text = result_json.render(result)
    assert result_json.parse(text) == result
    assert result_json.render(result_json.parse(text)) == text


@some
@given(RESULTS, st.integers(40, 200), st.booleans(), st.sampled_from(["utf-8", "ascii", "cp437"]))
def test_terminal_keeps_to_its_width_and_lets_nothing_escape(
    result: Result, width: int, verbose: bool, encoding: str
) -> None:
    text = terminal.render(result, width=width, verbose=verbose, encoding=encoding)
    text.encode(encoding)
    for line in text.split("\n"):
        assert cell_len(line) <= width, line
        assert line.isprintable()


@some
@given(RESULTS)
def test_colour_adds_only_colour(result: Result) -> None:
    coloured = terminal.render(result, colour=True)
    assert coloured.replace("\x1b", "").replace("\n", "").isprintable()


@some
@given(RESULTS)
def test_markdown_is_printable_and_its_fences_close(result: Result) -> None:
    text = markdown.render(result)
    lines = text.split("\n")
    assert all(line.isprintable() for line in lines)
    fences = [line for line in lines if line.lstrip().startswith("```")]
    assert fences in ([], ["```text", "```"])
    before, _, after = text.partition("```text\n")
    outside = (before + after.partition("\n```\n")[2]).split("\n")
    columns = {line.count("|") for line in outside if line.startswith("| ")}
    assert columns <= {5, 7, 9}


@some
@given(TRIALS, st.integers(10, 120), st.booleans())
def test_bars_are_full_and_named_in_the_legend(trial: TrialFinding, width: int, whole: bool) -> None:
    drawn = waterfall.picture(trial, width, whole=whole)
    named = {piece for line in waterfall.legend(drawn.causes, width) for piece, _ in line}
    assert sum(bar.size for bar in drawn.bars) + drawn.left_out == len(trial.requests)
    for bar in drawn.bars:
        assert len(bar.cells) == width
        assert any(bar.cells)
        assert all(legend.look(cause).glyph in named for cause in bar.cells if cause)
    if whole:
        assert len(drawn.bars) == len(trial.requests)


@some
@given(requests(), st.integers(10, 120))
def test_the_server_at_work_is_always_seen(request: RequestFinding, width: int) -> None:
    worked = any(piece.cause == SERVICE and piece.duration_ns for piece in request.slices)
    assert (SERVICE in waterfall.cells(request, 0, max(request.end_ns, 1), width)) >= worked
