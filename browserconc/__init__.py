"""Why don't my tabs run in parallel? Tabs, contexts and profiles against a raw-socket client.

    import browserconc

    result = browserconc.compare(tabs=10)
    print(result.conclusion.summary)

`compare`, `diagnose`, `explain` and `watch` return the Result that the reports show. Programs that run an
event loop use their namesakes in `browserconc.aio`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from browserconc import aio
    from browserconc.outcome import MeasurementError, Result
    from browserconc.sync import compare, diagnose, explain
    from browserconc.watching import Seen, watch

__version__ = "0.1.0"
__all__ = [
    "MeasurementError",
    "Result",
    "Seen",
    "__version__",
    "aio",
    "compare",
    "diagnose",
    "explain",
    "watch",
]

_HOMES = {
    "MeasurementError": "outcome",
    "Result": "outcome",
    "Seen": "watching",
    "compare": "sync",
    "diagnose": "sync",
    "explain": "sync",
    "watch": "watching",
}
"""Where each name lives: loaded when it is asked for, so that the import costs nothing."""


def __getattr__(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415

    if name == "aio":
        return import_module("browserconc.aio")
    if name in _HOMES:
        return getattr(import_module(f"browserconc.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'browserconc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
