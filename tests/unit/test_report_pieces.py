"""The small pieces of the text reports."""

from __future__ import annotations

import dataclasses

import pytest

from browserconc.model.finding import SERVICE, Verdict
from browserconc.report import legend, result_json, table, terminal, waterfall, wording
from browserconc.report.printable import printable
from tests.golden import results
from tests.golden.results import MS


def test_every_cause_has_a_glyph_of_its_own() -> None:
    glyphs = [look.glyph for look in legend.LOOKS.values()]
    assert len(set(glyphs)) == len(glyphs) == 28
    assert all(len(glyph) == 1 for glyph in glyphs)
    in_ascii = [printable(glyph, "ascii") for glyph in glyphs]
    assert len(set(in_ascii)) == len(in_ascii)
    assert all(len(glyph) == 1 for glyph in in_ascii)
    assert legend.look("new").glyph not in glyphs


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("a\x1b[31mb", "utf-8", r"a\x1b[31mb"),
        ("[red]", "utf-8", "[red]"),
        ("a\u202eb\u200b", "utf-8", r"a\u202eb\u200b"),
        ("é█…", "utf-8", "é█…"),
        ("é█…", "ascii", r"\xe9#..."),
        ("\ud800", "utf-8", r"\ud800"),
    ],
)
def test_foreign_text_is_shown_not_obeyed(text: str, encoding: str, shown: str) -> None:
    assert printable(text, encoding) == shown


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0.00"), (5_050 * MS, "5.05"), (9_994 * MS, "9.99"), (9_996 * MS, "10.0"), (30_040 * MS, "30.0")],
)
def test_seconds(ns: int, text: str) -> None:
    assert wording.seconds(ns) == text


def test_all_of_it_is_not_said_of_less() -> None:
    assert wording.percent(0.999) == "99 %"
    assert wording.percent(1.0) == "100 %"
    assert wording.percent(0.29) == "29 %"


def test_cells_show_what_filled_most() -> None:
    one = results.request(0, [("cache-lock", 500), (SERVICE, 500)])
    assert waterfall.cells(one, 0, 2000 * MS, 8) == ("cache-lock",) * 2 + (SERVICE,) * 2 + (None,) * 4


def test_short_service_is_still_seen() -> None:
    one = results.request(0, [("cache-lock", 9990), (SERVICE, 5), ("browser-overhead", 5)])
    assert waterfall.cells(one, 0, 10_000 * MS, 10) == ("cache-lock",) * 9 + (SERVICE,)


def test_serial_tabs_keep_a_bar_each_and_batches_share_one() -> None:
    serial, batches = results.default_run().trials[1:3]
    assert [bar.label for bar in waterfall.picture(serial, 54).bars] == [str(n) for n in range(1, 11)]
    assert [bar.size for bar in waterfall.picture(batches, 54).bars] == [6, 4]


def test_a_failed_request_is_not_merged_and_is_counted() -> None:
    trial = results.default_run().trials[2]
    broken = dataclasses.replace(trial.requests[1], status=None, error="net::ERR_CONNECTION_RESET")
    trial = dataclasses.replace(trial, requests=(trial.requests[0], broken, *trial.requests[2:]))
    result = dataclasses.replace(results.default_run(), trials=(trial,))
    text = terminal.render(result)
    assert "tabs-distinct: 1 of 10 requests failed: net::ERR_CONNECTION_RESET" in text
    assert [bar.failed for bar in waterfall.picture(trial, 54).bars].count(True) == 1


def test_repeats_speak_with_the_voice_of_their_median() -> None:
    (row, _) = table.groups(results.repeated_and_undecided())[0].rows
    assert (row.agreeing, len(row.repeats)) == (2, 3)
    assert row.trial.verdict.kind == "limited"
    assert row.fastest_ns < row.trial.makespan_ns <= row.slowest_ns


def test_a_verdict_without_a_cause_is_not_silent() -> None:
    assert wording.cause_named(Verdict("serial", 1, None, None, 0.0, ())) == "no cause found"
    unsure = Verdict("undecided", 6, "browser", "host-limit", 0.5, ())
    assert (wording.cause_named(unsure), wording.blamed(unsure), wording.share_named(unsure)) == (
        "undecided",
        "",
        "",
    )


def test_nothing_measured_is_said() -> None:
    empty = dataclasses.replace(results.default_run(), trials=())
    assert terminal.render(empty).startswith("Nothing was measured\n")


def test_what_did_not_run_took_no_time_and_is_not_called_ours() -> None:
    trial = dataclasses.replace(results.default_run().trials[0], requests=(), delay_ns=None, url="")
    trial = dataclasses.replace(trial, server="command:false", makespan_ns=0)
    text = terminal.render(dataclasses.replace(results.default_run(), trials=(trial,)))
    assert "at once to your application (command:false)" in text
    assert "0.00 s" not in text


def test_colour_shows_only_when_asked() -> None:
    assert "\x1b[" in terminal.render(results.default_run(), colour=True)
    assert "\x1b" not in terminal.render(results.default_run())


def test_lone_surrogates_still_make_json() -> None:
    odd = dataclasses.replace(results.default_run(), recording="/tmp/\udc80")
    assert result_json.parse(result_json.render(odd)).recording == r"/tmp/\udc80"


@pytest.mark.parametrize("width", range(40, 120))
def test_a_number_stays_with_its_unit(width: int) -> None:
    text = terminal.render(dataclasses.replace(results.default_run(), trials=()), width=width)
    conclusion = text.split("\n\n")[1]
    assert not [line for line in conclusion.split("\n") if line.split()[0] in {"s", "s:", "%"}]
