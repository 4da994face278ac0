"""Slow endpoints that stay up for several measurements, each with the ledger of what it was asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from browserconc.evidence import ledger
from browserconc.lab.process import Household
from browserconc.lab.running import Running, start
from browserconc.lab.server import Server


@dataclass(frozen=True, slots=True)
class LiveEndpoint:
    """The slow endpoint on one server, on loopback."""

    running: Running

    @property
    def server(self) -> str:
        """Its name, such as "gunicorn-sync:4"."""
        return self.running.server.spec

    @property
    def origin(self) -> str:
        """What its URLs start with, such as "http://127.0.0.1:40123"."""
        return self.running.origin

    def url(self, delay: float = 0.5) -> str:
        """An address that is answered after `delay` seconds."""
        return f"{self.origin}/slow?delay={delay:g}"

    def position(self) -> int:
        """Where its ledger ends now."""
        path = self.running.ledger
        return path.stat().st_size if path.exists() else 0

    def keep(self, since: int, into: Path) -> None:
        """Copies what the ledger grew by into a recording."""
        with self.running.ledger.open("rb") as file:
            file.seek(since)
            (into / ledger.FILE).write_bytes(file.read())


class LiveEndpoints:
    """All that were started; a context manager that ends them."""

    def __init__(self) -> None:
        self._household = Household()
        self._started: dict[str, LiveEndpoint] = {}

    def __enter__(self) -> LiveEndpoints:
        self._household.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._household.__exit__(None, None, None)

    async def start(self, server: Server) -> LiveEndpoint:
        """The endpoint on that server; it is started once.

        Raises:
            ServerError: it does not start.
        """
        known = self._started.get(server.spec)
        self._started.pop(server.spec, None)
        if known is None or not known.running.is_alive():
            running = await start(self._household, server, self._household.folder("endpoint"))
            known = LiveEndpoint(running)
        self._started[server.spec] = known  # the latest stands last
        return known

    @property
    def latest(self) -> LiveEndpoint | None:
        """The one that was started last, None before the first."""
        return next(reversed(self._started.values()), None)

    def serving(self, url: str) -> LiveEndpoint | None:
        """The endpoint that a URL leads to, None where it is nobody of ours."""
        port = urlsplit(url).port
        return next((one for one in self._started.values() if one.running.port == port), None)
