"""Servers that are not ours, started as people start them, and what must be said of each from outside.

`python tests/live/stranger.py --repeat 5 [NAME…]` examines them and prints how each was judged.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from browserconc.analysis import outside, outside_plan
from browserconc.lab.outside import examine
from browserconc.lab.process import Household
from browserconc.model.outside import OutsideView, ServerView
from browserconc.model.target import Target

HERE = Path(__file__).parent / "strangers"
PYTHON = sys.executable
GUNICORN = [PYTHON, "-m", "gunicorn", "-b", "127.0.0.1:{port}", "--log-level", "critical"]
UVICORN = [PYTHON, "-m", "uvicorn", "asgi_app:app", "--port", "{port}", "--log-level", "critical"]
WAITRESS = [PYTHON, "-m", "waitress", "--listen=127.0.0.1:{port}", "wsgi_app:app"]
WERKZEUG = [
    PYTHON,
    "-c",
    "from werkzeug.serving import run_simple; from wsgi_app import app; "
    "run_simple('127.0.0.1', {port}, app, threaded=True)",
]
NGINX = """\
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  proxy_cache_path {folder}/cache keys_zone=one:1m;
  limit_req_zone $binary_remote_addr zone=slow:1m rate=5r/s;
  limit_conn_zone $binary_remote_addr zone=few:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{ {directives} proxy_pass http://127.0.0.1:{behind}; }}
  }}
}}
"""


@dataclass(frozen=True)
class Stranger:
    """How it is started, what is asked of it, and what holds it back: a cause and a limit, or nothing."""

    argv: list[str]
    path: str
    cause: str | None
    limit: int | None
    nginx: str | None = None
    clients: int = 10
    cookies: tuple[tuple[str, str], ...] = ()


def gunicorn(*options: str) -> list[str]:
    return [*GUNICORN, *options, "wsgi_app:app"]


SLEEP = "/sleep?s=0.3"
WIDE = gunicorn("--threads", "40")
STRANGERS = {
    "sync-1": Stranger(gunicorn("-w", "1"), SLEEP, "server-width", 1),
    "sync-2": Stranger(gunicorn("-w", "2"), SLEEP, "server-width", 2),
    "sync-4": Stranger(gunicorn("-w", "4"), SLEEP, "server-width", 4),
    "gthread-4": Stranger(gunicorn("--threads", "4"), SLEEP, "server-width", 4),
    "gthread-2x4": Stranger(gunicorn("-w", "2", "--threads", "4"), SLEEP, "server-width", 8),
    "waitress-4": Stranger(WAITRESS, SLEEP, "server-width", 4),
    "waitress-1": Stranger([*WAITRESS[:-1], "--threads=1", WAITRESS[-1]], SLEEP, "server-width", 1),
    "werkzeug": Stranger(WERKZEUG, SLEEP, None, None),
    "uvicorn": Stranger(UVICORN, SLEEP, None, None),
    "uvicorn-blocking": Stranger(UVICORN, "/blocking?s=0.3", "event-loop-blocked", 1),
    "uvicorn-blocking-2": Stranger([*UVICORN, "--workers", "2"], "/blocking?s=0.3", "event-loop-blocked", 2),
    "uvicorn-cpu": Stranger(UVICORN, "/cpu?s=0.2", "event-loop-blocked", 1),
    "gevent": Stranger(gunicorn("-k", "gevent"), SLEEP, None, None),
    "werkzeug-cpu": Stranger(WERKZEUG, "/cpu?s=0.15", "server-cpu", 1),
    "waitress-cpu": Stranger(WAITRESS, "/cpu?s=0.15", "server-cpu", 1),
    "session": Stranger(WIDE, "/session?s=0.3", "session-lock", 1),
    "login": Stranger(WIDE, "/private?s=0.3", None, 1, cookies=(("sid", "mine"),)),
    "busy": Stranger(WIDE, "/limited?s=0.3", "rate-limit", 3),
    "backlog": Stranger([PYTHON, "standard_library.py", "{port}", "single"], "/?s=0.05", "accept-backlog", 1),
    "short-queue": Stranger([PYTHON, "standard_library.py", "{port}", "single"], SLEEP, "server-width", 1),
    "backlog-threads": Stranger(
        [PYTHON, "standard_library.py", "{port}", "threaded"], SLEEP, "accept-backlog", None, clients=60
    ),
    "silent": Stranger(gunicorn("-w", "1"), "/sleep?s=0.001", "idle-connection", 1),
    "coalesce": Stranger(WIDE, SLEEP, "proxy-coalesce", 1, nginx="proxy_cache one; proxy_cache_lock on;"),
    "coalesce-cached": Stranger(
        WIDE, "/cacheable?s=0.3", "proxy-coalesce", 1, nginx="proxy_cache one; proxy_cache_lock on;"
    ),
    "shaped": Stranger(WIDE, "/sleep?s=0.05", "rate-limit", None, nginx="limit_req zone=slow burst=50;"),
    "refusing": Stranger(WIDE, SLEEP, "rate-limit", 4, nginx="limit_req zone=slow burst=3 nodelay;"),
    "few": Stranger(WIDE, SLEEP, "rate-limit", 2, nginx="limit_conn few 2;"),
    "proxied": Stranger(WIDE, SLEEP, None, None, nginx=""),
    "proxied-sync-2": Stranger(gunicorn("-w", "2"), SLEEP, "server-width", 2, nginx=""),
}


@contextmanager
def running(household: Household, stranger: Stranger) -> Iterator[int]:
    """Starts it (behind nginx, where it says so) and gives the port; it is gone after the block."""
    folder = household.folder("stranger")
    for file in HERE.glob("*.py"):
        shutil.copy(file, folder)
    port = free_port()
    argv = [word.format(port=port) for word in stranger.argv]
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin", "PYTHONPATH": str(folder)}
    if argv[1].endswith(".py"):
        argv[1] = str(folder / argv[1])
    started = [household.spawn(argv, log=folder / "log", environment=environment)]
    try:
        wait_for(port)
        if stranger.nginx is not None:
            front = free_port()
            conf = folder / "nginx.conf"
            conf.write_text(NGINX.format(folder=folder, port=front, behind=port, directives=stranger.nginx))
            nginx = ["/usr/sbin/nginx", "-c", str(conf), "-p", str(folder)]
            started.append(household.spawn(nginx, log=folder / "nginx.log"))
            port = front
            wait_for(port)
        time.sleep(0.3)  # workers that have just started
        yield port
    finally:
        for process in started:
            household.stop(process, 0.5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


async def examined(
    household: Household, port: int, stranger: Stranger, folder: Path, deadline_s: float = 25.0
) -> tuple[OutsideView, ServerView]:
    """What `diagnose` does with the server half."""
    view = await examine(
        Target(f"http://127.0.0.1:{port}{stranger.path}", cookies=stranger.cookies),
        household,
        folder,
        clients=stranger.clients,
        deadline_s=deadline_s,
        tell=lambda text: None,
        plan=outside_plan.next_experiment,
    )
    return view, outside.judge(view)


async def main(options: argparse.Namespace) -> None:
    for name in options.names or STRANGERS:
        stranger = STRANGERS[name]
        said: Counter[str] = Counter()
        took: list[float] = []
        for number in range(options.repeat):
            with Household() as household, running(household, stranger) as port:
                folder = (options.keep or household.folder("views")) / f"{name}-{number}"
                view, found = await examined(household, port, stranger, folder)
            took.append(view.elapsed_ns / 1e9)
            said[shown(found.cause, found.limit, found.parallel_up_to)] += 1
            if options.verbose or (found.cause, found.limit) != (stranger.cause, stranger.limit):
                print(f"   {found}")
                print("  ", *(f"{one.experiment.name}({one.experiment.clients})" for one in view.rounds))
        wanted = shown(stranger.cause, stranger.limit, stranger.limit is None)
        print(
            f"{name:20} {wanted:22} {min(took):4.1f}-{max(took):4.1f} s  "
            + ", ".join(f"{times} x {what}" for what, times in said.most_common()),
            flush=True,
        )


def shown(cause: str | None, limit: int | None, parallel: int | bool | None) -> str:
    """A judgement in a word or two."""
    if cause is None:
        return "parallel" if parallel else "undecided"
    return f"{cause} {limit or '-'}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*STRANGERS, []], metavar="NAME")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--verbose", action="store_true")
    asyncio.run(main(parser.parse_args()))
