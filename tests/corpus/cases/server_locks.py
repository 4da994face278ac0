"""Servers that are wide enough, but exclude or refuse requests: sessions and rates."""

from __future__ import annotations

from tests.corpus.case import Case, Label
from tests.corpus.checks import at_once, refuses
from tests.corpus.programs import flask, php

POST = ("--method", "POST")
SESSION = "PHPSESSID=0123456789abcdef01234567"
SESSION_LOCK = Label("server", "session-lock", 1)

CASES = (
    Case(
        id="php-session",
        stages="PHP's session_start() locks the session's file, sixteen workers",
        programs=(php(16),),
        path="/account.php",
        labels=(SESSION_LOCK,),
        checks=(at_once(1, method="POST", headers={"Cookie": SESSION}), at_once(None, method="POST")),
        options=(*POST, "--cookie", SESSION),
        needs=("php",),
    ),
    Case(
        id="php-session-get",
        stages="the same with identical GETs: session lock and cache lock give the same picture",
        programs=(php(16),),
        path="/account.php",
        labels=(SESSION_LOCK, Label("browser", "cache-lock", 1)),
        checks=(at_once(1, headers={"Cookie": SESSION}), at_once(None)),
        options=("--cookie", SESSION),
        needs=("php",),
    ),
    Case(
        id="cart-lock",
        stages="an application that changes one visitor's cart at a time",
        programs=(flask(),),
        path="/cart",
        labels=(SESSION_LOCK,),
        checks=(at_once(1, method="POST", headers={"Cookie": "sid=a1b2"}), at_once(None, method="POST")),
        options=(*POST, "--cookie", "sid=a1b2"),
    ),
    Case(
        id="too-many-requests",
        stages="three searches in two seconds, then 429 with Retry-After",
        programs=(flask(),),
        path="/search",
        labels=(Label("server", "rate-limit", ...),),
        checks=(refuses(429),),
        options=POST,
    ),
    Case(
        id="busy-renderers",
        stages="503 with Retry-After while three requests are worked on",
        programs=(flask(),),
        path="/render",
        labels=(Label("server", "rate-limit", ...),),
        checks=(refuses(503),),
        options=POST,
    ),
)
