"""Which of a NetLog's events say something about a request; the others are passed over, unread.

A log has some five hundred types of event. What those of interest mean is known by `url_request.py` and
what it reads them with. Names: net/log/net_log_event_type_list.h.
"""

from __future__ import annotations

from functools import lru_cache

from browserconc.evidence import http2_session, http_stream_pool, socket_pool

_KEPT = {
    "DELEGATE_INFO",
    "HTTP_STREAM_REQUEST",
    "HTTP_TRANSACTION_READ_BODY",
    "HTTP_TRANSACTION_READ_HEADERS",
    "HTTP_TRANSACTION_SEND_REQUEST",
    "REQUEST_ALIVE",
    "URL_REQUEST_START_JOB",
}
_KEPT_PREFIXES = ("HTTP_CACHE_", "NETWORK_DELEGATE_", "URL_REQUEST_DELEGATE_")
_READ = {
    "FAILED",
    "CANCELLED",
    "HTTP_STREAM_JOB_CONTROLLER_BOUND",
    "HTTP_STREAM_JOB_CONTROLLER_PROXY_SERVER_RESOLVED",
    "HTTP_STREAM_REQUEST_BOUND_TO_JOB",
    "HTTP_STREAM_REQUEST_STARTED_JOB",
    "HTTP_TRANSACTION_READ_RESPONSE_HEADERS",
    *socket_pool.EVENTS,
    *http2_session.EVENTS,
}
SOURCES = frozenset(
    {
        *("URL_REQUEST", "HTTP_STREAM_JOB_CONTROLLER"),
        *(*http_stream_pool.SOURCES, *socket_pool.SOURCES, *http2_session.SOURCES),
    }
)
"""The types of source whose events are read."""


def wanted(name: str) -> bool:
    """Does an event of this type say anything about a request?"""
    return name in _READ or kept(name) or name.startswith("HTTP_STREAM_POOL_")


def fleeting(name: str) -> bool:
    """Does a step of this type say nothing when it took no time?"""
    return name.startswith(_KEPT_PREFIXES) and name != "HTTP_CACHE_ADD_TO_ENTRY"


@lru_cache(maxsize=1024)
def kept(name: str) -> bool:
    """Is a step of this type a span of its request?"""
    return name in _KEPT or name.startswith(_KEPT_PREFIXES)
