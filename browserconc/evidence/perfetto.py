"""Track events of a Perfetto trace, packet by packet: names looked up, times made absolute.

Knows the messages that carry track events and nothing of what an event is about; `nettrace.py`
knows that. Field numbers: protos/perfetto/trace/ in github.com/google/perfetto, the file is named
at each group. The wire format is `protobuf.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from browserconc.evidence import protobuf
from browserconc.evidence.netlog_event import Phase
from browserconc.evidence.protobuf import Message

# trace.proto and trace_packet.proto
PACKET = 1
_CLOCK_SNAPSHOT, _TIMESTAMP, _SEQUENCE, _TRACK_EVENT, _INTERNED = 6, 8, 10, 11, 12
_FLAGS, _DROPPED, _CLOCK_ID, _DEFAULTS, _TRACK = 13, 42, 58, 59, 60
_READ = {
    _CLOCK_SNAPSHOT, _TIMESTAMP, _SEQUENCE, _TRACK_EVENT, _INTERNED,
    _FLAGS, _DROPPED, _CLOCK_ID, _DEFAULTS, _TRACK,
}  # fmt: skip
_STATE_CLEARED = 1  # the bit of _FLAGS that starts the sequence's names and clock anew
# clock_snapshot.proto: ClockSnapshot, ClockSnapshot.Clock
_SNAPSHOT_CLOCK = 1
_CLOCK, _CLOCK_TIME, _CLOCK_INCREMENTAL, _CLOCK_UNIT_NS = 1, 2, 3, 4
# trace_packet_defaults.proto
_DEFAULT_CLOCK_ID = 58
# track_event/track_descriptor.proto
_TRACK_UUID, _TRACK_PARENT, _TRACK_STATIC_NAME = 1, 5, 10
# track_event/track_event.proto: TrackEvent, EventCategory, EventName
_EVENT_CATEGORY, _EVENT_ANNOTATION, _EVENT_TYPE, _EVENT_NAME, _EVENT_TRACK = 3, 4, 9, 10, 11
_PHASES: Mapping[int, Phase] = {1: "BEGIN", 2: "END", 3: "NONE"}
# interned_data.proto; every entry has an id and a name
_CATEGORIES, _EVENT_NAMES, _ANNOTATION_NAMES = 1, 2, 3
_ENTRY_ID, _ENTRY_NAME = 1, 2
# track_event/debug_annotation.proto
_ANNOTATION_NAME, _ANNOTATION_TEXT, _ANNOTATION_JSON = 1, 6, 9


@dataclass(frozen=True, slots=True)
class TrackEvent:
    """One event on one track.

    `time_ns` is the writer's clock (Chromium: CLOCK_MONOTONIC in microseconds). `lineage` holds the ids of
    the track, its parent and its parent's parent, 0 where unknown. An END has no category and no name.
    `annotations` maps a name to a text or to JSON, as it stands.
    """

    time_ns: int
    phase: Phase
    category: str
    name: str
    lineage: tuple[int, int, int]
    annotations: Mapping[str, str]


def track_events(trace: BinaryIO) -> Iterator[TrackEvent]:
    """The slices and instants of a trace in its order, which is that of time within one thread.

    Events whose names were lost with a dropped packet are left out, as is a last packet cut off.

    Raises:
        protobuf.WireError: the bytes are no trace.
    """
    sequences: dict[int, _Sequence] = {}
    parents: dict[int, int] = {}
    for data in protobuf.records(trace, PACKET):
        packet = Message(data)
        sequence = sequences.setdefault(packet.number(_SEQUENCE), _Sequence())
        sequence.advance(packet)
        for track in packet.messages(_TRACK):
            parents[track.number(_TRACK_UUID)] = track.number(_TRACK_PARENT)
        if sequence.readable:
            for event in packet.messages(_TRACK_EVENT):
                phase = _PHASES.get(event.number(_EVENT_TYPE))
                if phase is not None:
                    yield sequence.event(event, phase, parents)


def essence(packet: bytes) -> bytes:
    """A packet with the fields that `track_events` reads, and no other.

    Leaves out what says more about the machine than about its events: process command lines with
    user-data-dirs, thread names, system information, the trace's configuration.

    Raises:
        protobuf.WireError: the bytes are no packet.
    """
    kept = bytearray()
    for number, value in protobuf.fields(packet):
        if number == _TRACK and isinstance(value, bytes):
            kept += protobuf.field(number, _bare_track(value))
        elif number in _READ:
            kept += protobuf.field(number, value)
    return bytes(kept)


def _bare_track(descriptor: bytes) -> bytes:
    kept = {_TRACK_UUID, _TRACK_PARENT, _TRACK_STATIC_NAME}
    return b"".join(protobuf.field(n, value) for n, value in protobuf.fields(descriptor) if n in kept)


@dataclass(slots=True)
class _Sequence:
    """One writing thread: the names it has interned and where its clock stands."""

    names: dict[tuple[int, int], str] = field(default_factory=dict)
    units_ns: dict[int, int] = field(default_factory=dict)
    incremental: set[int] = field(default_factory=set)
    clock: int = 0
    now_ns: int = 0
    readable: bool = False

    def advance(self, packet: Message) -> None:
        """Takes over what a packet says about names and time; every packet moves the clock."""
        if packet.number(_FLAGS) & _STATE_CLEARED:
            self.names.clear()
            self.readable = True
        elif packet.number(_DROPPED):
            self.readable = False
        for defaults in packet.messages(_DEFAULTS):
            self.clock = defaults.number(_DEFAULT_CLOCK_ID)
        for snapshot in packet.messages(_CLOCK_SNAPSHOT):
            self._set_clocks(snapshot)
        clock = packet.number(_CLOCK_ID, self.clock)
        elapsed_ns = packet.number(_TIMESTAMP) * self.units_ns.get(clock, 1)
        self.now_ns = self.now_ns + elapsed_ns if clock in self.incremental else elapsed_ns
        for interned in packet.messages(_INTERNED):
            for kind in (_CATEGORIES, _EVENT_NAMES, _ANNOTATION_NAMES):
                for entry in interned.messages(kind):
                    self.names[kind, entry.number(_ENTRY_ID)] = entry.text(_ENTRY_NAME) or ""

    def event(self, event: Message, phase: Phase, parents: Mapping[int, int]) -> TrackEvent:
        """A track event with its names, at the time where the clock stands."""
        track = event.number(_EVENT_TRACK)
        parent = parents.get(track, 0)
        annotations = {
            self.names.get((_ANNOTATION_NAMES, one.number(_ANNOTATION_NAME)), ""): (
                one.text(_ANNOTATION_JSON) or one.text(_ANNOTATION_TEXT) or ""
            )
            for one in event.messages(_EVENT_ANNOTATION)
        }
        return TrackEvent(
            time_ns=self.now_ns,
            phase=phase,
            category=self.names.get((_CATEGORIES, event.number(_EVENT_CATEGORY)), ""),
            name=self.names.get((_EVENT_NAMES, event.number(_EVENT_NAME)), ""),
            lineage=(track, parent, parents.get(parent, 0)),
            annotations=annotations,
        )

    def _set_clocks(self, snapshot: Message) -> None:
        for clock in snapshot.messages(_SNAPSHOT_CLOCK):
            number, unit_ns = clock.number(_CLOCK), clock.number(_CLOCK_UNIT_NS, 1)
            self.units_ns[number] = unit_ns
            if clock.number(_CLOCK_INCREMENTAL):
                self.incremental.add(number)
                self.now_ns = clock.number(_CLOCK_TIME) * unit_ns
