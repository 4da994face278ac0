"""How each cause looks and is called in a report: one glyph, one name, one colour.

Letters carry the meaning and colours repeat it, so a picture reads the same without colour. The
colours are the terminal's own sixteen, grouped by who is to blame: the browser warm, the server
blue, the network cyan, the client and the page violet, nobody yet red.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from browserconc.model.finding import SERVICE, UNATTRIBUTED


@dataclass(frozen=True, slots=True)
class Look:
    """How one cause is drawn: a glyph one cell wide, a short name, a colour that rich knows."""

    glyph: str
    name: str
    colour: str


LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        SERVICE: Look("█", "server works", "green"),
        "cache-lock": Look("l", "cache lock", "yellow"),
        "host-limit": Look("h", "host limit", "bright_yellow"),
        "pool-limit": Look("p", "pool limit", "yellow"),
        "proxy-limit": Look("x", "proxy limit", "yellow"),
        "websocket-handshake": Look("w", "WebSocket handshake", "yellow"),
        "websocket-limit": Look("W", "WebSocket limit", "yellow"),
        "load-throttle": Look("t", "load throttle", "bright_yellow"),
        "hidden-tab": Look("v", "hidden tab", "bright_yellow"),
        "browser-overhead": Look("·", "browser", "bright_black"),
        "server-width": Look("q", "server queue", "bright_blue"),
        "server-cpu": Look("u", "server CPU", "blue"),
        "event-loop-blocked": Look("e", "blocked event loop", "blue"),
        "session-lock": Look("k", "session lock", "bright_blue"),
        "idle-connection": Look("i", "idle connection", "blue"),
        "accept-backlog": Look("a", "accept backlog", "blue"),
        "rate-limit": Look("r", "rate limit", "blue"),
        "proxy-coalesce": Look("o", "merged by a proxy", "blue"),
        "h2-streams": Look("2", "HTTP/2 streams", "bright_blue"),
        "connection-setup": Look("c", "connecting", "cyan"),
        "localhost-ipv6": Look("6", "localhost over IPv6", "cyan"),
        "client-serial": Look("n", "one after another", "magenta"),
        "staggered-start": Look("s", "staggered start", "magenta"),
        "machine-saturated": Look("m", "busy machine", "magenta"),
        "interception": Look("d", "interception", "magenta"),
        "shared-renderer": Look("R", "shared renderer", "bright_magenta"),
        "web-lock": Look("L", "web lock", "bright_magenta"),
        UNATTRIBUTED: Look("?", "unattributed", "red"),
    }
)
"""Every cause of the catalogue, in the order of the legend."""


def look(cause: str) -> Look:
    """How `cause` is drawn; one of a newer catalogue is a star with its id for a name."""
    return LOOKS.get(cause) or Look("*", cause, "white")


def in_order(causes: set[str]) -> list[str]:
    """`causes` as the legend lists them: the server's work first, the unexplained last."""
    order = {cause: place for place, cause in enumerate(LOOKS)}
    return sorted(causes, key=lambda cause: (order.get(cause, len(order)), cause))
