"""Servers that work on so many requests at once and no more, from one upward."""

from __future__ import annotations

from tests.corpus.case import Case, Label
from tests.corpus.checks import at_once, computing, connects_late, silence_blocks
from tests.corpus.programs import django, flask, gunicorn, node, php, standard_library, uvicorn, waitress

POST = ("--method", "POST")


def width(count: int) -> Label:
    """The server is what limits: it works on so many at once."""
    return Label("server", "server-width", count, server_limit=count)


def both(count: int) -> tuple[Label, ...]:
    """Identical GETs queue in the browser, and the server has a limit as well: either is a truth."""
    return Label("browser", "cache-lock", 1, server_limit=count), width(count)


CASES = (
    Case(
        id="gunicorn-one-sync",
        stages="gunicorn as it comes: one worker, one request at a time",
        programs=(gunicorn(),),
        path="/checkout",
        labels=(width(1),),
        checks=(at_once(1, method="POST"),),
        options=POST,
        needs=("gunicorn",),
    ),
    Case(
        id="gunicorn-four-sync",
        stages="gunicorn -w 4: fewer than the browser's six connections",
        programs=(gunicorn("-w", "4"),),
        path="/checkout",
        labels=(width(4),),
        checks=(at_once(4, method="POST"),),
        options=POST,
        needs=("gunicorn",),
    ),
    Case(
        id="gunicorn-four-sync-get",
        stages="gunicorn -w 4 and identical GETs: the cache lock over a server of four",
        programs=(gunicorn("-w", "4"),),
        path="/reports/monthly",
        labels=both(4),
        checks=(at_once(4),),
        needs=("gunicorn",),
    ),
    Case(
        id="gthread-two",
        stages="gunicorn with one worker of two threads",
        programs=(gunicorn("--threads", "2"),),
        path="/checkout",
        labels=(width(2),),
        checks=(at_once(2, method="POST"),),
        options=POST,
        needs=("gunicorn",),
    ),
    Case(
        id="waitress-four",
        stages="waitress as it comes: four threads",
        programs=(waitress(),),
        path="/checkout",
        labels=(width(4),),
        checks=(at_once(4, method="POST"),),
        options=POST,
        needs=("waitress",),
    ),
    Case(
        id="flask-without-threads",
        stages="flask run --without-threads, identical GETs: the cache lock over a serial server",
        programs=(flask("--without-threads"),),
        path="/reports/monthly",
        labels=both(1),
        checks=(at_once(1),),
    ),
    Case(
        id="django-nothreading",
        stages="Django's runserver --nothreading",
        programs=(django("--nothreading"),),
        path="/admin/statistics/",
        labels=(width(1),),
        checks=(at_once(1, method="POST"),),
        options=POST,
        needs=("django",),
    ),
    Case(
        id="http-server-serial",
        stages="http.server's HTTPServer, HTTP/1.0: one at a time",
        programs=(standard_library("--backlog", "64"),),
        path="/status",
        labels=(width(1),),
        checks=(at_once(1, method="POST"),),
        options=POST,
    ),
    Case(
        id="php-one",
        stages="PHP's built-in server as it comes: one process",
        programs=(php(1),),
        path="/report.php",
        labels=(width(1),),
        checks=(at_once(1, method="POST"),),
        options=POST,
        needs=("php",),
    ),
    Case(
        id="database-pool",
        stages="an application whose pool has two database connections, in a server of forty threads",
        programs=(uvicorn("fastapi_orders:app"),),
        path="/api/stock",
        labels=(width(2),),
        checks=(at_once(2, method="POST"),),
        options=POST,
        needs=("fastapi", "uvicorn"),
    ),
    Case(
        id="idle-keep-alive",
        stages="HTTPServer with HTTP/1.1: a kept-alive connection occupies its only thread",
        programs=(standard_library("--keep-alive", "--backlog", "64"),),
        path="/status",
        labels=(Label("server", "idle-connection", ...),),
        checks=(silence_blocks(),),
    ),
    Case(
        id="coroutine-blocks",
        stages="time.sleep in a coroutine of FastAPI",
        programs=(uvicorn("fastapi_orders:app"),),
        path="/api/quote",
        labels=(Label("server", "event-loop-blocked", 1, server_limit=1),),
        checks=(at_once(1, method="POST"),),
        options=POST,
        needs=("fastapi", "uvicorn"),
    ),
    Case(
        id="coroutine-blocks-get",
        stages="the same with identical GETs: the cache lock over a blocked event loop",
        programs=(uvicorn("fastapi_orders:app"),),
        path="/api/forecast",
        labels=(
            Label("browser", "cache-lock", 1, server_limit=1),
            Label("server", "event-loop-blocked", 1, server_limit=1),
        ),
        checks=(at_once(1),),
        needs=("fastapi", "uvicorn"),
    ),
    Case(
        id="node-computes",
        stages="a route of Node that computes: nothing else runs meanwhile",
        programs=(node(),),
        path="/v1/digest",
        labels=(Label("server", "event-loop-blocked", 1), Label("server", "server-cpu", ...)),
        checks=(at_once(1, method="POST"),),
        options=POST,
        needs=("node",),
    ),
    Case(
        id="threads-compute",
        stages="a view of Python that computes, in threads: all share one core",
        programs=(flask(),),
        path="/preview",
        labels=(Label("server", "server-cpu", ...),),
        checks=(computing(),),
        options=POST,
    ),
    Case(
        id="gthread-computes",
        stages="eight threads of gunicorn that compute",
        programs=(gunicorn("--threads", "8"),),
        path="/preview",
        labels=(Label("server", "server-cpu", ...),),
        checks=(computing(),),
        options=POST,
        needs=("gunicorn",),
    ),
    Case(
        id="accept-queue",
        stages="a server that looks clients up before it takes the next, with a queue of one",
        programs=(standard_library("--threads", "--backlog", "1", "--verify", "0.1", "--pause", "0.2"),),
        path="/status",
        labels=(Label("server", "accept-backlog", ...),),
        checks=(connects_late(),),
        options=POST,
    ),
)
