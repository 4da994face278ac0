"""A page with sub-resources, as a crawler meets it: a style sheet, a script, and images.

    /page?resources=5&delay=0.1&name=17      the page; its sub-resources carry its delay and its name
    /resource/style.css?delay=0.1            one sub-resource: style.css, script.js or image.svg

Pages of different names share no address, so no tab waits for another at an entry of the HTTP cache.
It knows no framework; both endpoints serve it.
"""

from __future__ import annotations

import html
from urllib.parse import urlencode

from browserconc.lab import query
from browserconc.lab.query import Query, QueryError

MOST_RESOURCES = 100
DELAY_S = 0.1
RESOURCES = 5

_KINDS: dict[str, tuple[str, bytes, str]] = {
    "style.css": ("text/css", b"p{color:#123}\n", '<link rel=stylesheet href="{}">'),
    "script.js": ("text/javascript", b"document.title+='.'\n", '<script src="{}"></script>'),
    "image.svg": (
        "image/svg+xml",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>\n',
        '<img alt="" src="{}">',
    ),
}
"""A sub-resource's name, type, content, and the tag that asks for it."""


def answer(path: str, asked: Query) -> tuple[str, bytes, float] | None:
    """Type, body and seconds of work for such an address; None for an address of another kind.

    Raises:
        QueryError: a value that is refused, or no such sub-resource.
    """
    if path == "/page":
        return "text/html", page(asked), delay(asked)
    if not path.startswith("/resource/"):
        return None
    name = path.removeprefix("/resource/")
    if name not in _KINDS:
        raise QueryError(f"A resource is one of {', '.join(_KINDS)}, not {name[:40]!r}.")
    kind, content, _ = _KINDS[name]
    return kind, content, delay(asked)


def page(asked: Query) -> bytes:
    """The page that the query asks for.

    Raises:
        QueryError: a value that is refused.
    """
    resources = query.count(asked, "resources", RESOURCES, 0, MOST_RESOURCES)
    rest = {"delay": f"{delay(asked):g}", "name": asked.get("name", "")[:100]}
    names = [*list(_KINDS)[:resources], *["image.svg"] * (resources - len(_KINDS))]
    tags = "".join(
        _KINDS[name][2].format(html.escape(f"/resource/{name}?{urlencode({**rest, 'n': n})}"))
        for n, name in enumerate(names)
    )
    return f'<!doctype html><title>page</title><link rel=icon href="data:,">{tags}<p>ok\n'.encode()


def delay(asked: Query) -> float:
    """Seconds that the page, and each of its sub-resources, takes.

    Raises:
        QueryError: it is no such number.
    """
    return query.number(asked, "delay", DELAY_S)
