"""One client of a flight: its request, its socket, the instants seen so far, its answer as it is parsed."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from browserconc.evidence.client import ClientLine
from browserconc.lab.http_answer import Answer, Until
from browserconc.lab.http_request import Request
from browserconc.lab.tcp_socket import Address
from browserconc.lab.tls_channel import TlsChannel, TlsError

NOTHING = memoryview(b"")


@dataclass(slots=True, eq=False)
class Client:
    """One request and the socket that carries it.

    `addresses` are tried in order until one accepts. `unsent` is what is to be sent next, which is the
    request once `asking` is true (over TLS the handshake comes first); `unparsed` is what was read, with
    the instant; `failure` is an instant and a phrase. With a `digest_key` the line tells more of the answer.
    """

    index: int
    url: str
    request: Request
    addresses: deque[Address]
    channel: TlsChannel | None = None
    digest_key: bytes | None = None
    until: Until = "answer"
    unsent: memoryview = NOTHING
    asking: bool = False
    socket: socket.socket | None = None
    events: int = 0
    connect_start_ns: int | None = None
    connected_ns: int | None = None
    secured_ns: int | None = None
    sent_ns: int | None = None
    first_byte_ns: int | None = None
    done_ns: int | None = None
    local_port: int | None = None
    retransmits: int | None = None
    answer: Answer | None = None
    digest: blake2b | None = None
    unparsed: list[tuple[int, bytes]] = field(default_factory=list)
    failure: tuple[int | None, str] | None = None
    over: bool = False

    def __post_init__(self) -> None:
        if self.channel:
            self.unsent = memoryview(self.channel.outgoing())
        else:
            self.ask()

    @property
    def ready_ns(self) -> int | None:
        """When its connection could carry the request."""
        return self.secured_ns if self.channel else self.connected_ns

    def ask(self) -> None:
        """Puts the request behind what is still to be sent."""
        wire = self.request.wire
        self.unsent = memoryview(bytes(self.unsent) + (self.channel.encipher(wire) if self.channel else wire))
        self.asking = True

    def parse(self) -> bool:
        """Parses what was read; whether the answer is over, complete or not."""
        answer = self.answer or self.begin_answer()
        for stamp, data in self._deciphered(answer):
            if data and self.first_byte_ns is None:
                self.first_byte_ns = stamp
            if data or self.failure is None:
                answer.feed(data)
            if answer.over:
                self.done_ns = stamp
                break
        self.unparsed.clear()
        if answer.finished:
            self.failure = None
        elif answer.error:
            self.failure = self.done_ns, answer.error
        return answer.finished or self.failure is not None

    def _deciphered(self, answer: Answer) -> Iterator[tuple[int, bytes]]:
        """What was read and when, deciphered; an empty piece says that the server closed."""
        for stamp, received in self.unparsed:
            if self.channel is None or not received:
                yield stamp, received
                continue
            try:
                deciphered = self.channel.decipher(received)
            except TlsError as problem:
                answer.error = str(problem)
                deciphered = [received]
            for piece in deciphered:
                yield stamp, piece

    def begin_answer(self) -> Answer:
        """What becomes of the answer, as its bytes are parsed."""
        if self.digest_key is not None:
            self.digest = blake2b(key=self.digest_key, digest_size=8)
        self.answer = Answer(self.request, self.digest, self.until)
        return self.answer

    def line(self, released_ns: int) -> ClientLine:
        """What is recorded of this request."""
        answer, done = self.answer, self.done_ns
        return ClientLine(
            index=self.index,
            url=self.url,
            local_port=self.local_port,
            released_ns=released_ns,
            connect_start_ns=self.connect_start_ns,
            connected_ns=self.connected_ns,
            secured_ns=self.secured_ns,
            sent_ns=self.sent_ns,
            first_byte_ns=self.first_byte_ns,
            # A warm connection may fail before the release: then no request began, and none ended.
            done_ns=done if done is not None and done >= released_ns else None,
            status=answer.status if answer else None,
            error=self.failure[1] if self.failure else None,
            retransmits=self.retransmits,
            bytes=answer.size if answer else None,
            body=self.digest.hexdigest() if self.digest and answer and answer.finished else None,
            headers=answer.told() if self.digest and answer else None,
        )
