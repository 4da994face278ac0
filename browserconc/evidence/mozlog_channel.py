"""What the lines of Firefox's nsHttp mean: one Track per channel, which is one request.

A channel (nsHttpChannel) opens its cache entry first, and may wait there for another request's
answer. Then it makes a transaction (nsHttpTransaction), which the connection manager dispatches on a
connection or queues, and a redirect makes a new channel. Objects are known by their addresses, which
are used again later. Nothing says which local port a connection has.
Source: netwerk/protocol/http (nsHttpChannel.cpp, nsHttpConnectionMgr.cpp, ConnectionEntry.cpp).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from browserconc.evidence.mozlog import SOURCE, Line
from browserconc.evidence.mozlog_transaction import GROUP, PACING, POOL, Transaction
from browserconc.model.timeline import Fact, Span, Track


@dataclass(slots=True)
class _Channel:
    key: str
    created_ns: int
    url: str = ""
    via: str | None = None
    leg: int = 0
    opened_ns: int | None = None
    available_ns: int | None = None
    gives_up_ns: int | None = None
    gave_up: bool = False
    transaction: Transaction | None = None
    status: int | None = None
    stopped_ns: int | None = None


def tracks(lines: Iterable[Line]) -> list[Track]:
    """One Track per channel with an address, in the order in which they were made.

    Spans: "request" (until it stopped), "cache-wait" (for the cache entry; `timed_out` where Firefox
    gave up, `gives_up_ns` when it would), "pending" (in the connection manager's queue; `limit` is
    "group" or "pool" where it named one, `held` the connections that it counted then), "pacing", HAR's
    dns, connect, ssl, send, wait and receive, and "stopped", an instant. Facts: via (the address that
    redirected here), leg, status, connection, connection_reused, group.
    """
    reader = _Reader()
    for line in lines:
        reader.take(line)
    return [_track(channel) for channel in reader.channels if channel.url]


_Act = Callable[["_Reader", Line, re.Match[str]], None]
"""What a line does to the reader."""


def _of_channel(act: Callable[[_Reader, _Channel, Line, re.Match[str]], None]) -> _Act:
    """The act on the channel that the line's first group names, where it is known."""

    def on_known(reader: _Reader, line: Line, found: re.Match[str]) -> None:
        if channel := reader.channel(found[1]):
            act(reader, channel, line, found)

    return on_known


def _of_transaction(act: Callable[[_Reader, Transaction, Line, re.Match[str]], None]) -> _Act:
    """The act on the transaction that the line's first group names, where it is known."""

    def on_known(reader: _Reader, line: Line, found: re.Match[str]) -> None:
        if transaction := reader.transaction(found[1]):
            act(reader, transaction, line, found)

    return on_known


class _Reader:
    def __init__(self) -> None:
        self.channels: list[_Channel] = []
        self._by_address: dict[str, _Channel] = {}
        self._transactions: dict[str, Transaction] = {}
        self._initialised: dict[str, _Channel] = {}
        self._made: dict[str, Transaction] = {}
        self._counted: tuple[str, int] | None = None
        self._refused: tuple[str, int | None] | None = None
        self._used: set[str] = set()

    def take(self, line: Line) -> None:
        for pattern, act in _MEANINGS:
            if found := pattern.match(line.text):
                act(self, line, found)
                return

    def channel(self, address: str) -> _Channel | None:
        return self._by_address.get(address)

    def transaction(self, address: str) -> Transaction | None:
        return self._transactions.get(address)

    def create(self, line: Line, found: re.Match[str]) -> None:
        channel = _Channel(f"{found[1]}.{len(self.channels)}", line.time_ns)
        self.channels.append(channel)
        self._by_address[found[1]] = self._by_address[found[2]] = channel

    @_of_channel
    def initialise(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        self._initialised[line.thread] = channel

    def address(self, line: Line, found: re.Match[str]) -> None:
        if channel := self._initialised.pop(line.thread, None):
            channel.url = found[1]

    @_of_channel
    def replace(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        if after := self._by_address.get(found[2]):
            after.via, after.leg = channel.url, channel.leg + 1

    @_of_channel
    def open_entry(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        if channel.opened_ns is None:
            channel.opened_ns = line.time_ns

    @_of_channel
    def start_timer(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        channel.gives_up_ns = int(found[2]) * 1_000_000

    @_of_channel
    def give_up(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        if channel.available_ns is None:
            channel.gave_up = True
            channel.available_ns = line.time_ns

    @_of_channel
    def entry_available(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        if channel.available_ns is None:
            channel.available_ns = line.time_ns

    @_of_channel
    def make_transaction(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        # A retry is a transaction too: the last one is the one that was answered.
        channel.transaction = self._made[line.thread] = Transaction()

    def initialise_transaction(self, line: Line, found: re.Match[str]) -> None:
        # The line before names the same object as another of its base classes, at another address.
        if transaction := self._made.pop(line.thread, None):
            self._transactions[found[1]] = transaction

    def count(self, line: Line, found: re.Match[str]) -> None:
        self._counted = (found[1], int(found[2]))
        self._refused = None

    def result(self, line: Line, found: re.Match[str]) -> None:
        self._refused = (GROUP, self._counted[1]) if found[1] == "true" and self._counted else None

    def refuse_urgent(self, line: Line, found: re.Match[str]) -> None:
        self._refused = (GROUP, self._counted[1]) if self._counted else None

    def refuse_all(self, line: Line, found: re.Match[str]) -> None:
        self._refused = (POOL, self._counted[1] if self._counted else None)

    def queue(self, line: Line, found: re.Match[str]) -> None:
        reason, held = self._refused or (None, None)
        self._refused = None
        if transaction := self.transaction(found[1]):
            transaction.wait(line.time_ns, reason, held)

    @_of_transaction
    def pace(self, transaction: Transaction, line: Line, found: re.Match[str]) -> None:
        transaction.wait(line.time_ns, PACING, None)

    @_of_transaction
    def step(self, transaction: Transaction, line: Line, found: re.Match[str]) -> None:
        if transaction.dispatched_ns is None:
            transaction.dispatched_ns = line.time_ns

    def dispatch(self, line: Line, found: re.Match[str]) -> None:
        if transaction := self.transaction(found[2]):
            transaction.group = found[1]
            transaction.connection = found[3]
            transaction.reused = found[3] in self._used
            self._used.add(found[3])
            if transaction.dispatched_ns is None:
                transaction.dispatched_ns = line.time_ns

    def destroy(self, line: Line, found: re.Match[str]) -> None:
        self._used.discard(found[1])

    @_of_transaction
    def transport(self, transaction: Transaction, line: Line, found: re.Match[str]) -> None:
        transaction.status.setdefault(found[2], line.time_ns)

    @_of_transaction
    def close(self, transaction: Transaction, line: Line, found: re.Match[str]) -> None:
        if transaction.closed_ns is None:
            transaction.closed_ns = line.time_ns

    @_of_channel
    def answer(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        channel.status = int(found[2])

    @_of_channel
    def stop(self, channel: _Channel, line: Line, found: re.Match[str]) -> None:
        if channel.stopped_ns is None:
            channel.stopped_ns = line.time_ns


_THIS = r"\[this=(\w+)"
_MEANINGS: tuple[tuple[re.Pattern[str], _Act], ...] = tuple(
    (re.compile(pattern), act)
    for pattern, act in (
        (rf"nsHttpTransaction::OnTransportStatus {_THIS} status=(\w+)", _Reader.transport),
        (rf"Creating nsHttpChannel {_THIS}, nsIChannel=(\w+)", _Reader.create),
        (rf"HttpBaseChannel::Init {_THIS}", _Reader.initialise),
        (r"uri=(\S+)", _Reader.address),
        (rf"nsHttpChannel::SetupReplacementChannel {_THIS} newChannel=(\w+)", _Reader.replace),
        (rf"nsHttpChannel::OpenCacheEntry {_THIS}", _Reader.open_entry),
        (rf"nsHttpChannel::MaybeStartCacheWaitTimer {_THIS}\] fires in (\d+)ms", _Reader.start_timer),
        (r"nsHttpChannel::OnCacheWaitTimeout .*?this=(\w+)", _Reader.give_up),
        (rf"nsHttpChannel::OnCacheEntryAvailable {_THIS}", _Reader.entry_available),
        (r"nsHttpChannel (\w+) created nsHttpTransaction", _Reader.make_transaction),
        (rf"nsHttpTransaction::Init {_THIS}", _Reader.initialise_transaction),
        (
            r"nsHttpConnectionMgr::AtActiveConnectionLimit \[ci=(.*?) caps=\w+, ?totalCount=(\d+)",
            _Reader.count,
        ),
        (r"AtActiveConnectionLimit result: (\w+)", _Reader.result),
        (r"The number of total connections are greater", _Reader.refuse_urgent),
        (r"num active conns == max conns", _Reader.refuse_all),
        (r"not dispatched \(queued\) trans=(\w+)", _Reader.queue),
        (r"blocked due to rate pacing trans=(\w+)", _Reader.pace),
        (r"dispatched step .* trans=(\w+)", _Reader.step),
        (
            r"nsHttpConnectionMgr::DispatchTransaction \[ent-ci=(\S+) .*?trans=(\w+).*? conn=(\w+)",
            _Reader.dispatch,
        ),
        (r"Destroying nsHttpConnection @(\w+)", _Reader.destroy),
        (rf"nsHttpTransaction::Close {_THIS}", _Reader.close),
        (rf"nsHttpChannel::ProcessResponse {_THIS} httpStatus=(\d+)", _Reader.answer),
        (rf"nsHttpChannel::OnStopRequest {_THIS}", _Reader.stop),
    )
)


def _track(channel: _Channel) -> Track:
    transaction = channel.transaction
    facts: dict[str, Fact] = {"via": channel.via, "leg": channel.leg, "status": channel.status}
    if transaction:
        facts |= {
            "connection": transaction.connection,
            "connection_reused": transaction.reused,
            "group": transaction.group,
        }
    spans = [Span("request", channel.created_ns, channel.stopped_ns), *_cache(channel)]
    if transaction:
        spans += transaction.spans(channel.stopped_ns)
    if channel.stopped_ns is not None:
        spans.append(Span("stopped", channel.stopped_ns, channel.stopped_ns))
    return Track(source=SOURCE, key=channel.key, url=channel.url, spans=tuple(spans), facts=facts)


def _cache(channel: _Channel) -> Iterator[Span]:
    if channel.opened_ns is not None:
        detail: dict[str, Fact] = {"timed_out": channel.gave_up, "gives_up_ns": channel.gives_up_ns}
        yield Span("cache-wait", channel.opened_ns, channel.available_ns, detail)
