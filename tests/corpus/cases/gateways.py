"""nginx between the browser and the application: what it merges, holds back or lets through."""

from __future__ import annotations

from tests.corpus.case import Case, Label
from tests.corpus.checks import at_once, refuses, spaced
from tests.corpus.programs import gunicorn, nginx, uvicorn

POST = ("--method", "POST")
ORDERS = uvicorn("fastapi_orders:app", listens="origin")

CASES = (
    Case(
        id="nginx-cache-lock",
        stages="proxy_cache_lock: identical requests go to the application one by one",
        programs=(ORDERS, nginx("nginx_cache_lock.conf")),
        path="/api/orders/17",
        labels=(Label("server", "proxy-coalesce", 1), Label("browser", "cache-lock", 1)),
        checks=(at_once(1), at_once(None, distinct=True)),
        needs=("nginx", "fastapi", "uvicorn"),
    ),
    Case(
        id="nginx-limit-req",
        stages="limit_req: three requests a second, the others are held back",
        programs=(ORDERS, nginx("nginx_limit_req.conf")),
        path="/api/orders/search",
        labels=(Label("server", "rate-limit", ...),),
        checks=(spaced(1 / 3),),
        options=POST,
        needs=("nginx", "fastapi", "uvicorn"),
    ),
    Case(
        id="nginx-limit-conn",
        stages="limit_conn: three connections of one address, 503 for the others",
        programs=(ORDERS, nginx("nginx_limit_conn.conf")),
        path="/api/orders",
        labels=(Label("server", "rate-limit", ...),),
        checks=(refuses(503),),
        options=POST,
        needs=("nginx", "fastapi", "uvicorn"),
    ),
    Case(
        id="nginx-two-workers",
        stages="nginx before two sync workers of gunicorn",
        programs=(gunicorn("-w", "2", listens="origin"), nginx("nginx_proxy.conf")),
        path="/checkout",
        labels=(Label("server", "server-width", 2, server_limit=2),),
        checks=(at_once(2, method="POST"),),
        options=POST,
        needs=("nginx", "gunicorn"),
    ),
)
