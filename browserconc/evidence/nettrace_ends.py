"""Which BEGIN an END of a netlog trace closes: Chromium writes the END's parameters, not its type.

Perfetto's rule is that an END closes the latest BEGIN still open on its track. NetLog does not keep
to it: a request that is cancelled closes its outer BEGIN and leaves the inner ones open, and
CORS_REQUEST, begun before REQUEST_ALIVE, ends before it too. The exceptions below were found by
comparing traces with the NetLog files of the same runs (`tests/live/test_nettrace_live.py` repeats the
comparison). Most show only in the event that comes next on the same source.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_CLOSE_THEMSELVES_WHEN_CANCELLED = {"HTTP_STREAM_REQUEST", "SOCKET_POOL"}


@dataclass(slots=True)
class OpenEvents:
    """The BEGINs of one source that still wait for their END."""

    _types: list[str] = field(default_factory=list)
    _previous: str = ""
    _failed: bool = False
    _abandoned: bool = False

    def begin(self, event_type: str) -> None:
        """A BEGIN came."""
        self._types.append(event_type)
        self._previous = event_type

    def none(self, event_type: str) -> None:
        """An event without duration came."""
        self._previous = event_type
        if event_type == "CANCELLED" and "CORS_REQUEST" not in self._types:
            self._abandoned = True

    def end(self, failed: bool, following: str | None) -> str | None:
        """The type of the END that came, None if its BEGIN was before the trace.

        `failed` says that it has a net_error; `following` is the type of the next event on the same
        source, None for another END or where the trace stops.
        """
        outermost = self._types[0] if self._types else None
        event_type = self._close(following)
        self._previous = ""
        self._abandoned = self._abandoned or (following == "CANCELLED" and event_type == outermost)
        self._failed = self._failed or (failed and event_type == "URL_REQUEST_START_JOB")
        return event_type

    def _close(self, following: str | None) -> str | None:
        types = self._types
        if not types:
            return None
        if following == "SOCKET_POOL_CLOSING_SOCKET" and types == ["SOCKET_ALIVE"]:
            return "SOCKET_IN_USE"  # a failed handshake: used without a BEGIN
        if self._closes_the_outermost(following):
            return types.pop(0)
        if self._abandoned and types[-1] not in _CLOSE_THEMSELVES_WHEN_CANCELLED:
            return types.pop(0)
        return types.pop()

    def _closes_the_outermost(self, following: str | None) -> bool:
        if following == "CANCELLED":
            return not self._types[-1].startswith("URL_REQUEST_DELEGATE_")  # a call, over before it cancels
        if self._previous == "HTTP_STREAM_JOB_BOUND_TO_REQUEST":
            return True
        if following == "HTTP_STREAM_REQUEST_BOUND_TO_JOB":
            return self._types[-1] == "HTTP_STREAM_REQUEST"  # which ends after it was bound, not before
        if self._types[0] != "CORS_REQUEST":
            return False
        return self._types[-1] == "REQUEST_ALIVE" or (
            self._failed and self._types[-1] == "URL_REQUEST_DELEGATE_RESPONSE_STARTED"
        )
