"""Puts questions to one running server: many requests, a kept connection, silence, computing.

Everything goes over loopback sockets, and each question has a time-out. The answers are the
server's own ledger, or whether an answer came; nothing is concluded here.
"""

from __future__ import annotations

import asyncio
import http.client
import itertools
import socket
import ssl
import time
from contextlib import ExitStack
from pathlib import Path

from browserconc.evidence import client, ledger
from browserconc.lab.process import Household
from browserconc.lab.running import Running
from browserconc.lab.strategies import raw_socket
from browserconc.model.timeline import Track

SILENCE_S = 1.0
"""An answer that takes milliseconds otherwise and does not come in this time is held back."""
SILENCE_TIMES, SILENCE_TRIES = 2, 4
PATIENCE_S = 10.0
ENDS_WITHIN_S = 5.0
"""An answer reaches its client a little before its end is in the ledger."""


class Probe:
    """The questions; each marks its requests, so that the ledger's lines can be told apart."""

    def __init__(self, household: Household, running: Running, folder: Path, quick: str = "/ready") -> None:
        """`quick` is the address to ask where only an answer matters; ours takes no time."""
        self._quick = quick
        self._household = household
        self._running = running
        self._folder = folder
        self._numbers = itertools.count(1)

    async def at_once(self, path: str, requests: int, timeout_s: float) -> tuple[Track, ...]:
        """The server's tracks of so many requests for `path`, all sent at once.

        Args:
            path: with a query, such as "/slow?delay=0.4".
            requests: how many.
            timeout_s: from the first to the last answer.

        Raises:
            RawClientError: the client could not do its work.
        """
        marker = f"{'&' if '?' in path else '?'}probe={next(self._numbers)}&"
        urls = [f"{self._running.origin}{path}{marker}tab={index}" for index in range(requests)]
        await raw_socket.measure(
            self._household,
            urls=urls,
            mode="cold",
            timeout_s=timeout_s,
            out=self._folder / client.FILE,
            ca_file=self._running.ca_file,
        )
        return await self._written(marker)

    async def keeps_alive(self) -> bool:
        """Whether a connection is open for a second request after the first was answered."""
        return await asyncio.to_thread(self._two_on_one_connection)

    async def silence_blocks(self, connections: int, answer_s: float = 0.0) -> bool | None:
        """Whether so many connections that say nothing keep another client from being answered.

        It counts twice in a row only, and only if an answer comes quickly without them: else this machine
        is slow, not the server, and after a few tries nothing is known (None). `answer_s` is how long an
        answer takes otherwise.
        """
        patience_s = SILENCE_S + 2 * answer_s
        times = 0
        for _ in range(SILENCE_TRIES):
            if not await asyncio.to_thread(self._beside_silence, connections, patience_s):
                return False
            began = time.monotonic()
            answered = await asyncio.to_thread(self._answers, PATIENCE_S)
            times += answered and time.monotonic() - began < patience_s / 2
            if times == SILENCE_TIMES:
                return True
        return None

    async def _written(self, marker: str) -> tuple[Track, ...]:
        deadline = time.monotonic() + ENDS_WITHIN_S
        while True:
            found = tuple(track for track in ledger.tracks(self._running.ledger) if marker in track.url)
            ended = all(span.end_ns for track in found if (span := track.span("service")))
            if ended or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.02)

    def _two_on_one_connection(self) -> bool:
        connection = self._connection(PATIENCE_S)
        try:
            connection.request("GET", self._quick)
            connection.getresponse().read()
            if connection.sock is None:  # closed, as the answer announced
                return False
            connection.auto_open = 0  # or it would connect again unasked
            connection.request("GET", self._quick)
            return connection.getresponse().status > 0
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _beside_silence(self, connections: int, patience_s: float) -> bool:
        with ExitStack() as silent:
            for _ in range(connections):
                address = ("127.0.0.1", self._running.port)
                silent.enter_context(socket.create_connection(address, timeout=PATIENCE_S))
            return not self._answers(patience_s)

    def _answers(self, timeout_s: float) -> bool:
        connection = self._connection(timeout_s)
        try:
            connection.request("GET", self._quick)
            return connection.getresponse().status > 0
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        if authority := self._running.ca_file:
            return http.client.HTTPSConnection(
                "127.0.0.1",
                self._running.port,
                timeout=timeout_s,
                context=ssl.create_default_context(cafile=authority),
            )
        return http.client.HTTPConnection("127.0.0.1", self._running.port, timeout=timeout_s)
