"""HTTP/2 and TLS, and what lies between the browser and a server."""

from __future__ import annotations

from tests.corpus.case import PARALLEL, Case, Label, Program
from tests.corpus.checks import at_once, deaf, handshakes, streams
from tests.corpus.programs import hypercorn

CASES = (
    Case(
        id="h2-three-streams",
        stages="a dashboard over HTTP/2 whose server allows three streams at once",
        programs=(hypercorn("dashboards:app", "hypercorn_3.toml"),),
        path="/dashboard.html",
        labels=(Label("server", "h2-streams", 3),),
        checks=(streams(3),),
        options=("--ignore-https-errors", "--tabs", "1", "--wait-for", "#complete"),
        needs=("hypercorn", "trustme", "fastapi"),
        scheme="https",
    ),
    Case(
        id="h2-parallel",
        stages="the same dashboard with a hundred streams",
        programs=(hypercorn("dashboards:app", "hypercorn_100.toml"),),
        path="/dashboard.html",
        labels=(PARALLEL,),
        checks=(streams(100),),
        options=("--ignore-https-errors", "--tabs", "1", "--wait-for", "#complete"),
        needs=("hypercorn", "trustme", "fastapi"),
        scheme="https",
    ),
    Case(
        id="slow-handshake",
        stages="HTTPS whose handshake takes half a second and whose answer takes none",
        programs=(Program(("{python}", "{apps}/slow_tls.py", "{port}", "{certificate}", "{key}")),),
        path="/sign",
        labels=(Label("network", "connection-setup", ...), PARALLEL),
        checks=(handshakes(0.5),),
        options=("--method", "POST", "--tabs", "6", "--ignore-https-errors"),
        needs=("trustme",),
        scheme="https",
    ),
    Case(
        id="localhost-hung-ipv6",
        stages="localhost, where ::1 belongs to a program that has hung: the browser tries it first",
        programs=(Program(("{python}", "{apps}/two_families.py", "{port}")),),
        path="/metrics",
        labels=(Label("network", "localhost-ipv6", ...),),
        checks=(deaf("::1"), at_once(None, method="POST")),
        options=("--method", "POST", "--tabs", "6"),
        host="localhost",
    ),
)
