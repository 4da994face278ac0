"""Servers as people start them, examined from outside: each is judged as what it is."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from small_servers import never_answers, refused_port, serving
from stranger import STRANGERS, Stranger, examined, gunicorn, running

from browserconc.evidence import ledger
from browserconc.evidence import outside as outside_log
from browserconc.lab.process import Household

pytestmark = pytest.mark.live


@pytest.fixture
def household() -> Iterator[Household]:
    with Household() as ours:
        yield ours


@pytest.mark.parametrize("name", ["werkzeug", "uvicorn-blocking", "session", "busy", "coalesce"])
async def test_a_server_is_judged_as_what_it_is(household: Household, tmp_path: Path, name: str) -> None:
    stranger = STRANGERS[name]
    if stranger.nginx is not None and shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    began = time.monotonic()
    with running(household, stranger) as port:
        view, found = await examined(household, port, stranger, tmp_path)
    assert (found.cause, found.limit) == (stranger.cause, stranger.limit), found
    assert found.service_ns is not None
    assert 0.25e9 < found.service_ns < 1.5e9
    assert time.monotonic() - began < 45
    if stranger.cause is None:
        assert found.parallel_up_to is not None
        assert found.parallel_up_to >= 10
    assert outside_log.read(tmp_path) == view
    saved = (tmp_path / outside_log.FILE).read_text()
    assert not any(secret in saved for secret in ("sid=", "127.0.0.1", "sleep"))


async def test_silence_is_tried_and_ends(household: Household, tmp_path: Path) -> None:
    stranger = Stranger(gunicorn("-w", "2"), "/sleep?s=0.2", "server-width", 2)
    with running(household, stranger) as port:
        _, found = await examined(household, port, stranger, tmp_path)
        assert (found.cause, found.limit, found.silence) == ("server-width", 2, 2)
        assert "idle-connection" in found.also
        ours = psutil.Process().net_connections(kind="tcp")
        assert not [
            each for each in ours if each.raddr and each.raddr.port == port and each.status == "ESTABLISHED"
        ]


async def test_what_does_not_answer_is_undecided(household: Household, tmp_path: Path) -> None:
    anything = Stranger([], "/", None, None)
    _, found = await examined(household, refused_port(), anything, tmp_path / "refused")
    assert (found.cause, found.limit, found.service_ns) == (None, None, None)
    assert "connection refused" in found.doubts[0]
    with serving(never_answers) as port:
        _, found = await examined(household, port, anything, tmp_path / "silent", deadline_s=1.5)
    assert (found.cause, found.limit) == (None, None)
    assert "not answered" in found.doubts[0]


def test_the_middleware_s_ledger_comes_from_all_workers(household: Household, tmp_path: Path) -> None:
    path = tmp_path / ledger.FILE
    program = "from browserconc.middleware import wsgi; from wsgi_app import app; app = wsgi(app, {!r})"
    observed = tmp_path / "observed.py"
    observed.write_text(program.format(str(path)))
    argv = [*gunicorn("-w", "2")[:-1], "--chdir", str(tmp_path), "observed:app"]
    with running(household, Stranger(argv, "/", None, None)) as port:
        for number in range(4):
            with urlopen(f"http://127.0.0.1:{port}/sleep?s=0.01&n={number}", timeout=10) as answer:
                assert answer.status == 200
    found = ledger.tracks(path)
    assert [track.url for track in found] == [f"/sleep?s=0.01&n={number}" for number in range(4)]
    assert all(track.local_port and track.facts["status"] == 200 for track in found)
