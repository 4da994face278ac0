"""Plain endpoints whose servers can do it all: the browser holds the tabs back."""

from __future__ import annotations

from dataclasses import replace

from tests.corpus.case import Case, Label
from tests.corpus.checks import at_once
from tests.corpus.programs import django, flask, gunicorn, node, php, uvicorn

PHP_AND_PARENT = (17, None)
"""Sixteen workers and their parent, which answers too; None where not all had requests ("at least")."""
CACHE_LOCK = Label("browser", "cache-lock", 1, server_limit=None, browser_limit=1)
SIX_PER_HOST = Label("browser", "host-limit", 6, server_limit=None, browser_limit=6)
POST = ("--method", "POST")

CASES = (
    Case(
        id="flask-report",
        stages="one slow view of Flask's threaded development server, in ten tabs",
        programs=(flask(),),
        path="/reports/monthly",
        labels=(CACHE_LOCK,),
        checks=(at_once(None),),
    ),
    Case(
        id="flask-no-store",
        stages="the same with Cache-Control: no-store, which does not help",
        programs=(flask(),),
        path="/export",
        labels=(CACHE_LOCK,),
        checks=(at_once(None),),
    ),
    Case(
        id="fastapi-get",
        stages="a coroutine that awaits, by uvicorn",
        programs=(uvicorn("fastapi_orders:app"),),
        path="/api/orders/17",
        labels=(CACHE_LOCK,),
        checks=(at_once(None),),
        needs=("fastapi", "uvicorn"),
    ),
    Case(
        id="node-get",
        stages="Node's http with a timer",
        programs=(node(),),
        path="/v1/users?page=1",
        labels=(CACHE_LOCK,),
        checks=(at_once(None),),
        needs=("node",),
    ),
    Case(
        id="django-get",
        stages="Django's development server, threaded",
        programs=(django(),),
        path="/admin/statistics/",
        labels=(CACHE_LOCK,),
        checks=(at_once(None),),
        needs=("django",),
    ),
    Case(
        id="gevent-get",
        stages="gunicorn's gevent worker, which people suspect",
        programs=(gunicorn("-k", "gevent"),),
        path="/reports/monthly",
        labels=(CACHE_LOCK,),
        checks=(at_once(None),),
        needs=("gunicorn", "gevent"),
    ),
    Case(
        id="php-workers-session-closed",
        stages="PHP with sixteen workers and a session that is closed before the work",
        programs=(php(16),),
        path="/profile.php",
        labels=tuple(replace(CACHE_LOCK, server_limit=limit) for limit in PHP_AND_PARENT),
        checks=(at_once(None, headers={"Cookie": "PHPSESSID=0123456789abcdef01234567"}),),
        options=("--cookie", "PHPSESSID=0123456789abcdef01234567"),
        needs=("php",),
    ),
    Case(
        id="post-ten-tabs",
        stages="a POST, which no cache lock holds, in more tabs than a host has connections",
        programs=(uvicorn("fastapi_orders:app"),),
        path="/api/orders",
        labels=(SIX_PER_HOST,),
        checks=(at_once(None, method="POST"),),
        options=POST,
        needs=("fastapi", "uvicorn"),
    ),
    Case(
        id="slow-body",
        stages="headers at once and a body that takes a second: the lock ends at the headers",
        programs=(flask(),),
        path="/download",
        labels=(SIX_PER_HOST, Label("browser", "cache-lock", 6, server_limit=None)),
        checks=(at_once(None),),
    ),
)
