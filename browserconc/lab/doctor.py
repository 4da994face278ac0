"""What this machine has and lacks for running many tabs at once.

Every check is a function that looks at one property and says what it found; one that fails on an
unusual system becomes a check that says so, so the list is always complete.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil

from browserconc.lab import cgroup, display, installed_browsers, process, stock_firefox
from browserconc.model.check import Check

MB = 1_000_000
GB = 1_000 * MB
SHM_WANTED = 256 * MB  # Docker gives 64 MB, which a few tabs fill
TMP_WANTED = 1 * GB  # ten user-data-dirs and a NetLog
MEMORY_WANTED = 2 * GB  # ten browsers of 150 MB each, and the system
FILES_WANTED = 4_096
PROCESSES_WANTED = 4_096  # ten browsers have about a thousand threads, and threads count
SHORT_S = 20.0

OPTIONAL_SERVERS = {
    "gunicorn": "gunicorn-sync, gunicorn-gthread",
    "gevent": "gevent, gunicorn-gevent",
    "waitress": "waitress",
    "sanic": "sanic",
    "uvicorn": "uvicorn",
    "hypercorn": "hypercorn-h2",
    "trustme": "hypercorn-h2",
}
"""Module and the servers that need it."""


def examine() -> list[Check]:
    """All checks, in the order in which they matter. Takes a second or two; changes nothing."""
    return [_carefully(name, look) for name, look in _CHECKS.items()]


def _carefully(name: str, look: Callable[[str], Check]) -> Check:
    try:
        return look(name)
    except Exception as problem:  # an unusual system must not end the examination
        return Check(name, None, f"could not be found out ({type(problem).__name__}: {problem})")


def _browser(name: str) -> Check:
    found = installed_browsers.find("chromium")
    if found:
        said = f"{installed_browsers.version(found)} ({found})"
        if "headless-shell" in found.name.replace("_", "-"):
            return Check(name, True, f"{said}: the headless shell, which opens no speculative connections")
        return Check(name, True, f"{said}, in Chrome's new headless mode unless --headed")
    advice = "run `browserconc doctor --install-browser`, or give --browser the path of Chrome or Chromium"
    firefox = installed_browsers.find("firefox")
    if firefox:
        return Check(name, False, f"only {installed_browsers.version(firefox)} ({firefox})", advice)
    return Check(name, False, "no Chrome, Chromium, Edge or Firefox that starts", advice)


def _firefox(name: str) -> Check:
    """Whether a Firefox can be measured beside; nothing is lost without one."""
    found = installed_browsers.find("firefox")
    if found is None:
        return Check(name, None, "none, so --browser firefox is not there", "install Firefox to compare it")
    said = f"{installed_browsers.version(found)} ({found})"
    if installed_browsers.is_playwrights(found):
        return Check(name, True, said)
    driver = importlib.metadata.version("playwright")
    if stock_firefox.is_driven_by(driver):
        return Check(name, True, f"{said}, driven over WebDriver BiDi")
    return Check(name, None, f"{said}, which Playwright {driver} does not drive", stock_firefox.ADVICE)


def _display(name: str) -> Check:
    """Whether --headed can show windows."""
    if not display.is_missing():
        return Check(name, True, "there is one")
    if display.program():
        return Check(name, True, "none; --headed uses Xvfb")
    return Check(
        name, None, "none, so --headed is not there", "install Xvfb (apt-get install xvfb) to use it"
    )


def _playwright(name: str) -> Check:
    advice = "run `pip install --force-reinstall playwright`"
    if importlib.util.find_spec("playwright") is None:
        return Check(name, False, "not installed", advice)
    try:
        done = process.run([sys.executable, "-m", "playwright", "--version"], SHORT_S)
    except process.ProcessError as problem:
        return Check(name, False, f"its driver does not start: {problem}", advice)
    if done.returncode != 0:
        return Check(name, False, f"its driver ends with code {done.returncode}", advice)
    return Check(name, True, f"driver starts, {done.stdout.strip().lower()}")


def _shared_memory(name: str) -> Check:
    if not Path("/dev/shm").is_dir():  # noqa: S108 - the kernel's, not a file of ours
        return Check(name, None, "no /dev/shm on this system")
    total = shutil.disk_usage("/dev/shm").total  # noqa: S108
    advice = "start the container with --shm-size=1g, or tabs may crash when many are open"
    return Check(name, total >= SHM_WANTED, _size(total), None if total >= SHM_WANTED else advice)


def _temporary(name: str) -> Check:
    folder = tempfile.gettempdir()
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as problem:
        return Check(name, False, f"{folder}: {problem.strerror}", "set TMPDIR to a folder you can write to")
    free = shutil.disk_usage(folder).free
    advice = "free some space there, or set TMPDIR: each user-data-dir takes tens of MB"
    found = f"{folder}, writable, {_size(free)} free"
    return Check(name, free >= TMP_WANTED, found, None if free >= TMP_WANTED else advice)


def _open_files(name: str) -> Check:
    if sys.platform == "win32":
        return Check(name, None, "not limited in this way on Windows")
    import resource  # noqa: PLC0415 - Unix only

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= FILES_WANTED:
        return Check(name, True, f"{_count(soft)}, may be raised to {_count(hard)}")
    advice = f"raise it with `ulimit -Hn {FILES_WANTED}` as root: each raw client takes one"
    return Check(name, False, f"{_count(soft)}, may be raised to {_count(hard)} only", advice)


def _processes(name: str) -> Check:
    if sys.platform == "win32":
        return Check(name, None, "not limited in this way on Windows")
    import resource  # noqa: PLC0415 - Unix only

    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    group = cgroup.process_limit()
    # The kernel does not apply RLIMIT_NPROC to root.
    own = None if soft == resource.RLIM_INFINITY or os.geteuid() == 0 else soft
    limit = min((each for each in (own, group) if each is not None), default=None)
    if limit is None:
        return Check(name, True, "no limit on processes and threads")
    advice = "raise it (`ulimit -u`, docker --pids-limit): ten browsers have about a thousand threads"
    enough = limit >= PROCESSES_WANTED
    return Check(name, enough, f"{limit} processes and threads", None if enough else advice)


def _cores(name: str) -> Check:
    usable = _affinity() or os.cpu_count() or 1
    quota = cgroup.cpu_limit()
    cores = min(usable, quota) if quota else usable
    found = f"{cores:g}" + (f" (of {usable}, limited by the control group)" if cores < usable else "")
    advice = "with one core, server and browser get in each other's way: believe long delays only"
    return Check(name, cores >= 2, found, None if cores >= 2 else advice)


def _affinity() -> int | None:
    if sys.platform != "linux":
        return None
    return len(os.sched_getaffinity(0))


def _memory(name: str) -> Check:
    seen = psutil.virtual_memory()
    limit = cgroup.memory_limit()
    total = min(seen.total, limit) if limit else seen.total
    available = min(seen.available, total)
    found = f"{_size(total)}, {_size(available)} available"
    if total < seen.total:
        found += f" (of {_size(seen.total)}, limited by the control group)"
    advice = "ask for fewer tabs, or leave out user-data-dirs and browsers (150 MB per tab)"
    return Check(name, available >= MEMORY_WANTED, found, None if available >= MEMORY_WANTED else advice)


def _localhost(name: str) -> Check:
    try:
        answers = socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
    except OSError as problem:
        advice = 'add the line "127.0.0.1 localhost" to /etc/hosts'
        return Check(name, False, f"localhost has no address ({problem.strerror})", advice)
    addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    works = _accepts_on_ipv6()
    listed = f"localhost is {' and '.join(addresses)}; ::1 {'accepts' if works else 'is not there'}"
    if "::1" not in addresses:
        return Check(name, True, listed)
    if works:
        return Check(name, True, listed, "a server on 127.0.0.1 alone is best asked by that address")
    return Check(name, False, listed, "ask for 127.0.0.1, or take ::1 out of /etc/hosts: connects fall back")


def _accepts_on_ipv6() -> bool:
    try:
        with closing(socket.create_server(("::1", 0), family=socket.AF_INET6)) as server:
            socket.create_connection(server.getsockname()[:2], timeout=2).close()
    except OSError:
        return False
    return True


def _sandbox(name: str) -> Check:
    if sys.platform != "linux":
        return Check(name, True, "the system's own")
    if os.geteuid() == 0:
        advice = "fine for pages of your own; run as another user for pages you do not trust"
        return Check(name, None, "off: as root Chromium runs with --no-sandbox", advice)
    if not shutil.which("unshare"):
        return Check(name, None, "could not be tried (no unshare command)")
    # What Chromium does itself: a user namespace of its own with a user id mapped into it.
    if process.run(["unshare", "--user", "--map-root-user", "true"], SHORT_S).returncode == 0:
        return Check(name, True, "unprivileged user namespaces are available")
    advice = "install chromium-sandbox or Chrome's package, or allow user namespaces (sysctl)"
    return Check(name, None, "no unprivileged user namespaces: needs a setuid sandbox", advice)


def _clock(name: str) -> Check:
    info = time.get_clock_info("monotonic")
    fine = info.monotonic and info.resolution <= 1e-6
    advice = "differences below this cannot be seen; use a longer --delay"
    return Check(name, fine, f"{info.implementation}, {info.resolution:.0e} s", None if fine else advice)


def _tcp_info(name: str) -> Check:
    if not hasattr(socket, "TCP_INFO"):
        return Check(name, None, "not on this system", "retransmits and accept queues are not seen")
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        closing(socket.create_connection(server.getsockname(), timeout=2)) as client,
    ):
        size = len(client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256))
    return Check(name, True, f"readable, {size} bytes")


def _memory_share(name: str) -> Check:
    try:
        text = Path("/proc/self/smaps_rollup").read_text()
    except OSError:
        advice = "memory is counted as USS or RSS instead, which is less fair to shared pages"
        return Check(name, None, "no readable smaps_rollup", advice)
    return Check(name, "Pss:" in text, "smaps_rollup is readable")


def _servers(name: str) -> Check:
    missing = [module for module in OPTIONAL_SERVERS if importlib.util.find_spec(module) is None]
    if not missing:
        return Check(name, True, f"{', '.join(OPTIONAL_SERVERS)} can be imported")
    lost = "; ".join(f"without {module} no {OPTIONAL_SERVERS[module]}" for module in missing)
    # gunicorn needs fork, so on Windows there is nothing to install.
    advice = f"run `pip install {' '.join(missing)}`" if sys.platform != "win32" else None
    return Check(name, None, lost, advice)


_CHECKS: dict[str, Callable[[str], Check]] = {
    "browser": _browser,
    "Firefox": _firefox,
    "Playwright": _playwright,
    "display": _display,
    "sandbox": _sandbox,
    "cores": _cores,
    "memory": _memory,
    "shared memory": _shared_memory,
    "temporary files": _temporary,
    "open files": _open_files,
    "processes": _processes,
    "localhost": _localhost,
    "clock": _clock,
    "TCP_INFO": _tcp_info,
    "memory per tab": _memory_share,
    "servers": _servers,
}


def _size(count: int) -> str:
    return f"{count / GB:.1f} GB" if count >= GB else f"{count / MB:.0f} MB"


def _count(limit: int) -> str:
    return "no limit" if limit < 0 or limit >= 1 << 60 else str(limit)
