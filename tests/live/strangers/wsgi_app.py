"""A WSGI application of a few lines, as a user might have it: it sleeps, computes, locks or refuses."""

from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs

LOCKS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
PLACES = threading.Semaphore(3)


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    query = parse_qs(environ.get("QUERY_STRING", ""))
    seconds = float(query.get("s", ["0.3"])[0])
    headers = [("Content-Type", "text/plain")]
    status, session = "200 OK", environ.get("HTTP_COOKIE", "").partition("sid=")[2].partition(";")[0]
    match environ["PATH_INFO"]:
        case "/cpu":
            end = time.thread_time() + seconds
            while time.thread_time() < end:
                sum(range(1000))
        case "/session":
            if not session:
                session = uuid.uuid4().hex
                headers.append(("Set-Cookie", f"sid={session}; Path=/; HttpOnly"))
            with LOCKS[session]:
                time.sleep(seconds)
        case "/private" if not session:
            status = "302 Found"
            headers.append(("Location", "/login"))
        case "/private":
            with LOCKS[session]:
                time.sleep(seconds)
        case "/limited":
            if PLACES.acquire(blocking=False):
                time.sleep(seconds)
                PLACES.release()
            else:
                status = "429 Too Many Requests"
                headers.append(("Retry-After", "1"))
        case "/cacheable":
            time.sleep(seconds)
            headers.append(("Cache-Control", "max-age=60"))
        case _:
            time.sleep(seconds)
    body = f"{uuid.uuid4()}\n".encode()
    start_response(status, [*headers, ("Content-Length", str(len(body)))])
    return [body]
