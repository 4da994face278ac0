"""What each key of a run profile may hold: one reader per key.

This is the one place where names from outside (strategies, servers, browsers, evidence) are looked up
and values checked; what fits together is checked by `profile.py`. A refusal is a `UsageError`: one
sentence that names the nearest right word and the choices.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from browserconc.lab import servers
from browserconc.lab.record import WORK
from browserconc.lab.strategies import STRATEGIES
from browserconc.lab.workloads import WORKLOADS

EVIDENCE = ("netlog", "trace", "cdp")
"""What a browser can be asked for beside the server's ledger and the client's log, which are always kept."""
NO_EVIDENCE = "none"
HTTP_VERSIONS = ("1.1", "2")
OWN_SWITCHES = ("--user-data-dir", "--log-net-log", "--remote-debugging-port", "--remote-debugging-pipe")
"""Each browser gets these from us, with values of its own."""
BROWSERS = ("chromium", "chrome", "msedge", "firefox", "webkit")

RAW = "raw-socket"
DEFAULT_STRATEGIES = (RAW, "tabs", "tabs-distinct", "tabs-hosts", "contexts")
"""What `compare` runs unasked. Starting ten user-data-dirs takes seconds, so they are in `all` only."""

MAX_BACKLOG = 65_535
MAX_DELAY_S = 600.0
MAX_REPEAT = 1_000
MAX_TIMEOUT_S = 7 * 24 * 3600.0


class UsageError(Exception):
    """Something that the user named or asked for does not exist or makes no sense; one sentence."""


def read(key: str, value: object) -> object:
    """What a value given for a key of a profile means.

    Raises:
        UsageError: no such key, or a value that it cannot have.
    """
    if key not in _READERS:
        raise unknown("key", key, list(_READERS))
    return _READERS[key](key, value)


def is_path(text: str) -> bool:
    """Is it a file's path rather than a name?"""
    return "/" in text or "\\" in text


def unknown(what: str, word: str, choices: Iterable[str], more: str = "") -> UsageError:
    """The refusal of a word that nobody knows, for one that is near and all that there are."""
    listed = list(choices)
    near = difflib.get_close_matches(word, listed, n=1, cutoff=0.5)
    hint = f'; did you mean "{near[0]}"?' if near else "."
    return UsageError(f'There is no {what} "{word}"{hint} The choices are {", ".join(listed)}{more}.')


def _number(key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UsageError(f"{key} must be a number, not {value!r}.")
    return value


def _whole(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{key} must be a whole number, not {value!r}.")
    return value


def _delay(key: str, value: object) -> float:
    number = _number(key, value)
    if not 0 <= number <= MAX_DELAY_S:
        raise UsageError(f"{key} must be 0 to {MAX_DELAY_S:g} seconds, not {value}.")
    return float(number)


def _timeout(key: str, value: object) -> float:
    number = _number(key, value)
    if not 0 < number <= MAX_TIMEOUT_S:
        raise UsageError(f"{key} must be more than 0 and at most {MAX_TIMEOUT_S:.0f} seconds, not {value}.")
    return float(number)


def _path(key: str, value: object) -> str:
    text = _text(key, value)
    if not text.startswith("/") or not text.isascii() or not text.isprintable() or " " in text or "#" in text:
        raise UsageError(f"{key} must be what stands behind the port, such as /slow?n=1, not {text!r}.")
    return text


def _backlog(key: str, value: object) -> int:
    number = _whole(key, value)
    if not 1 <= number <= MAX_BACKLOG:
        raise UsageError(f"{key} must be 1 to {MAX_BACKLOG}, not {value}.")
    return number


def _repeat(key: str, value: object) -> int:
    number = _whole(key, value)
    if not 1 <= number <= MAX_REPEAT:
        raise UsageError(f"{key} must be 1 to {MAX_REPEAT}, not {value}.")
    return number


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{key} must be a text, not {value!r}.")
    return value


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{key} must be true or false, not {value!r}.")
    return value


def _list(key: str, value: object) -> list[str]:
    """A TOML list of texts, or one text with commas as on the command line."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, Iterable) or isinstance(items, Mapping):
        raise UsageError(f"{key} must be a list of names, not {value!r}.")
    words = list(dict.fromkeys(_text(key, item).strip() for item in items))
    if not words or "" in words:
        raise UsageError(f"{key} must name at least one, and no empty name.")
    return words


def _strategies(key: str, value: object) -> tuple[str, ...]:
    words = {"all": tuple(STRATEGIES), "default": DEFAULT_STRATEGIES}
    if isinstance(value, str) and value in words:
        return words[value]
    return _known("strategy", _list(key, value), STRATEGIES, '; or "all" or "default"')


def _servers(key: str, value: object) -> tuple[str, ...]:
    try:
        specs = [servers.parse(word).spec for word in _list(key, value)]
    except ValueError as problem:
        raise UsageError(str(problem)) from problem
    return tuple(dict.fromkeys(specs))  # "gunicorn-sync" may be "gunicorn-sync:4" again


def _evidence(key: str, value: object) -> tuple[str, ...]:
    """Nothing at all for "none": the browser as a black box."""
    words = _list(key, value)
    if words == [NO_EVIDENCE]:
        return ()
    if NO_EVIDENCE in words:
        raise UsageError(f'{key} is either "{NO_EVIDENCE}" or a list of {", ".join(EVIDENCE)}.')
    return _known("evidence", words, EVIDENCE, f'; or "{NO_EVIDENCE}"')


def _work(key: str, value: object) -> str:
    return _known(key, [_text(key, value)], WORK)[0]


def _http(key: str, value: object) -> str:
    return _known("HTTP version", [_text(key, str(value))], HTTP_VERSIONS)[0]


def _workload(key: str, value: object) -> str:
    return _known(key, [_text(key, value)], WORKLOADS)[0]


def _switches(key: str, value: object) -> tuple[str, ...]:
    """Switches of the browser, each a text of its own: a switch may hold commas."""
    if not isinstance(value, list | tuple):
        raise UsageError(
            f'{key} must be a list such as ["--enable-features=HappyEyeballsV3"], not {value!r}.'
        )
    words = tuple(_text(key, item) for item in value)
    for word in words:
        if not word.startswith("--") or "\0" in word:
            raise UsageError(f"{key} must be switches that begin with --, not {word!r}.")
        if word.split("=", 1)[0] in OWN_SWITCHES:
            raise UsageError(
                f"{key} must not hold {word.split('=', 1)[0]}, which every browser gets from us."
            )
    return words


def _connect(key: str, value: object) -> str:
    return _address(key, value, ("ws", "wss"))


def _cdp(key: str, value: object) -> str:
    return _address(key, value, ("http", "https", "ws", "wss"))


def _address(key: str, value: object, schemes: Sequence[str]) -> str:
    text = _text(key, value)
    try:
        parts = urlsplit(text)
        known = parts.scheme in schemes and bool(parts.hostname)
    except ValueError:  # such as an unfinished IPv6 address
        known = False
    if not known:
        raise UsageError(f"{key} must be an address that begins with {schemes[0]}://, not {text!r}.")
    return text


def _browser(key: str, value: object) -> tuple[str, ...]:
    """Known names, or paths: whether those start is found out by `lab.installed_browsers`."""
    words = [value] if isinstance(value, str) and Path(value).is_file() else _list(key, value)
    for word in words:
        if word not in BROWSERS and not is_path(word):
            raise unknown("browser", word, BROWSERS, "; or the path of an executable")
    return tuple(words)


_READERS: dict[str, Callable[[str, object], object]] = {
    "description": _text,
    "tabs": _whole,
    "delay": _delay,
    "server": _servers,
    "servers": _servers,
    "strategies": _strategies,
    "repeat": _repeat,
    "timeout": _timeout,
    "browser": _browser,
    "headed": _flag,
    "stock_switches": _flag,
    "evidence": _evidence,
    "switches": _switches,
    "connect": _connect,
    "cdp": _cdp,
    "work": _work,
    "workload": _workload,
    "http": _http,
    "app": _text,
    "server_cmd": _text,
    "path": _path,
    "backlog": _backlog,
}


def _known(what: str, words: Iterable[str], choices: Iterable[str], more: str = "") -> tuple[str, ...]:
    chosen = tuple(words)
    for word in chosen:
        if word not in choices:
            raise unknown(what, word, choices, more)
    return chosen
