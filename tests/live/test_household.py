import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from browserconc.lab import warden
from browserconc.lab.process import PIPE, Household, ProcessError, run

pytestmark = pytest.mark.live

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
# A child in another session, which no signal to the group reaches; it says its number.
STRAY = [
    sys.executable,
    "-S",
    "-c",
    "import subprocess, sys, time\n"
    "code = 'import time; time.sleep(60)'\n"
    "child = subprocess.Popen([sys.executable, '-S', '-c', code], start_new_session=True)\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n",
]


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_closing_ends_processes_strays_and_files() -> None:
    with Household() as household:
        folder = household.folder("x")
        (folder / "file").write_text("content")
        assert household.folder("x") != folder
        process = household.spawn(STRAY, log=folder / "log", stdout=PIPE)
        assert process.stdout is not None
        stray = int(process.stdout.readline())
        assert not is_gone(stray)
    assert is_gone(process.pid)
    assert is_gone(stray)
    assert not household.root.exists()
    household.close()
    with pytest.raises(ProcessError, match="closing"):
        household.spawn(SLEEP, log=Path(os.devnull))


def test_what_others_start_with_our_environment_is_ended_too() -> None:
    with Household() as household:
        other = subprocess.Popen(SLEEP, env={**os.environ, **household.environment}, start_new_session=True)
        if sys.platform != "linux":
            other.kill()
    assert other.wait(5) == -signal.SIGKILL


def test_a_deaf_process_is_killed_after_the_time_out(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    with Household() as household:
        process = household.spawn([sys.executable, "-S", "-c", deaf], log=tmp_path / "log", stdout=PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        household.stop(process, timeout_s=0.1)
        assert process.returncode == -signal.SIGKILL
        household.stop(process)


def test_without_its_warden_a_household_clears_up_itself(tmp_path: Path) -> None:
    with Household() as household:
        process = household.spawn(SLEEP, log=tmp_path / "log")
        household._warden.kill()
        household._warden.wait()
    assert is_gone(process.pid)
    assert not household.root.exists()


PARENT = """
import os, sys, time
from browserconc.lab.process import PIPE, Household
household = Household()
process = household.spawn({stray!r}, log=household.root / "log", stdout=PIPE)
stray = int(process.stdout.readline())
forked = os.fork()
if not forked:
    time.sleep(60)  # keeps our end of the warden's pipe open
print(process.pid, stray, forked, household.root, flush=True)
{end}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="strays are found through /proc")
@pytest.mark.parametrize("end", ["time.sleep(60)", "os._exit(1)", "raise RuntimeError('crash')"])
def test_when_we_die_everything_is_gone_within_two_seconds(end: str) -> None:
    script = PARENT.format(stray=STRAY, end=end)
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with parent:
        assert parent.stdout is not None
        *pids, root = parent.stdout.readline().split()
        process, stray, forked = map(int, pids)
        try:
            if "sleep" in end:
                assert Path(root).is_dir()
                assert not is_gone(stray)
                parent.kill()
            parent.wait(5)
            assert within(2, lambda: is_gone(process) and is_gone(stray) and not Path(root).exists())
        finally:
            os.kill(forked, signal.SIGKILL)  # forked by the test, not by the household


def test_only_marked_processes_and_their_descendants_are_members() -> None:
    if sys.platform != "linux":
        pytest.skip("needs /proc")
    with subprocess.Popen(STRAY, stdout=PIPE, env={**os.environ, warden.VARIABLE: "a" * 32}) as marked:
        assert marked.stdout is not None
        stray = int(marked.stdout.readline())
        assert warden.members("a" * 32, set(), frozenset()) == {marked.pid, stray}
        assert warden.members("a" * 32, set(), frozenset({stray})) == {marked.pid}
        assert warden.members("a" * 31, set(), frozenset()) == set()
        os.kill(stray, signal.SIGKILL)
        marked.kill()


def test_short_commands() -> None:
    done = run(
        [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"], 20
    )
    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (3, "out", "err")
    with pytest.raises(ProcessError, match=r"no-such-program cannot be started \(No such file"):
        run(["no-such-program"], 1)
    with pytest.raises(ProcessError, match=r"did not end within 0\.2 s\."):
        run(SLEEP, 0.2)


@pytest.mark.skipif(os.name != "posix", reason="the limit is that of sockaddr_un")
def test_below_a_long_temporary_directory_the_household_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 60)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Household() as household:
        assert household.root.is_dir()
        assert len(str(household.root)) <= 60
        assert not list(long.iterdir())
