"""No problem: it is parallel, and diagnosis must say so."""

from __future__ import annotations

from tests.corpus.case import PARALLEL, Case
from tests.corpus.checks import at_once
from tests.corpus.programs import flask, gunicorn, nginx, node, uvicorn

POST_IN_SIX = ("--method", "POST", "--tabs", "6")

CASES = (
    Case(
        id="parallel-fastapi-post",
        stages="POSTs to a coroutine in six tabs",
        programs=(uvicorn("fastapi_orders:app"),),
        path="/api/orders",
        labels=(PARALLEL,),
        checks=(at_once(None, method="POST"),),
        options=POST_IN_SIX,
        needs=("fastapi", "uvicorn"),
    ),
    Case(
        id="parallel-flask-post",
        stages="POSTs to Flask's threaded server in six tabs",
        programs=(flask(),),
        path="/checkout",
        labels=(PARALLEL,),
        checks=(at_once(None, method="POST"),),
        options=POST_IN_SIX,
    ),
    Case(
        id="parallel-node-post",
        stages="POSTs to Node in six tabs",
        programs=(node(),),
        path="/v1/users",
        labels=(PARALLEL,),
        checks=(at_once(None, method="POST"),),
        options=POST_IN_SIX,
        needs=("node",),
    ),
    Case(
        id="parallel-gunicorn-twelve",
        stages="twelve sync workers and six tabs",
        programs=(gunicorn("-w", "12"),),
        path="/checkout",
        labels=(PARALLEL,),
        checks=(at_once(None, method="POST"),),
        options=POST_IN_SIX,
        needs=("gunicorn",),
    ),
    Case(
        id="parallel-one-session",
        stages="six tabs with one session's cookie, which locks nothing",
        programs=(flask(),),
        path="/checkout",
        labels=(PARALLEL,),
        checks=(at_once(None, method="POST", headers={"Cookie": "sid=a1b2"}),),
        options=(*POST_IN_SIX, "--cookie", "sid=a1b2"),
    ),
    Case(
        id="parallel-behind-nginx",
        stages="nginx that only passes on",
        programs=(uvicorn("fastapi_orders:app", listens="origin"), nginx("nginx_proxy.conf")),
        path="/api/orders",
        labels=(PARALLEL,),
        checks=(at_once(None, method="POST"),),
        options=POST_IN_SIX,
        needs=("nginx", "fastapi", "uvicorn"),
    ),
    Case(
        id="parallel-max-age",
        stages="identical GETs with max-age: one request serves all ten tabs",
        programs=(flask(),),
        path="/catalog",
        labels=(PARALLEL,),
        checks=(at_once(None),),
    ),
    Case(
        id="parallel-page",
        stages="a page with two fetch() calls of its own, in three tabs",
        programs=(uvicorn("dashboards:app"),),
        path="/small-dashboard.html",
        labels=(PARALLEL,),
        checks=(at_once(None, "/api/widget/1"),),
        options=("--tabs", "3", "--wait-for", "#complete"),
        needs=("fastapi", "uvicorn"),
    ),
)
