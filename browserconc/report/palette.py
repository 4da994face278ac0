"""How each cause is painted on a page: a hue for who is to blame, and a pattern of its own.

The hues are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which colour-blind people
tell apart; a pattern repeats what the hue says, for those who see none and for print. The values
of the hues stand in `page/style.css`, where they differ between light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from browserconc.model.finding import SERVICE, UNATTRIBUTED

PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "plain": "",
        "rising": "M-2,2 L2,-2 M0,8 L8,0 M6,10 L10,6",
        "falling": "M-2,6 L2,10 M0,0 L8,8 M6,-2 L10,2",
        "upright": "M2,0 V8 M6,0 V8",
        "level": "M0,2 H8 M0,6 H8",
        "grid": "M4,0 V8 M0,4 H8",
        "crossed": "M0,0 L8,8 M0,8 L8,0",
        "dots": "M2,2 h.01 M6,6 h.01",
        "sparse": "M4,4 h.01",
    }
)
"""SVG paths in a tile of 8 by 8 pixels, stroked."""


@dataclass(frozen=True, slots=True)
class Paint:
    """The name of a hue in `page/style.css` and of one of PATTERNS."""

    hue: str
    pattern: str


PAINTS: Mapping[str, Paint] = MappingProxyType(
    {
        SERVICE: Paint("service", "plain"),
        "cache-lock": Paint("browser", "rising"),
        "host-limit": Paint("browser-2", "falling"),
        "pool-limit": Paint("browser", "upright"),
        "proxy-limit": Paint("browser-2", "level"),
        "websocket-handshake": Paint("browser", "grid"),
        "websocket-limit": Paint("browser-2", "crossed"),
        "load-throttle": Paint("browser", "dots"),
        "hidden-tab": Paint("browser-2", "sparse"),
        "browser-overhead": Paint("overhead", "plain"),
        "server-width": Paint("server", "rising"),
        "server-cpu": Paint("server-2", "upright"),
        "event-loop-blocked": Paint("server", "level"),
        "session-lock": Paint("server-2", "falling"),
        "idle-connection": Paint("server", "dots"),
        "accept-backlog": Paint("server-2", "grid"),
        "rate-limit": Paint("server", "crossed"),
        "proxy-coalesce": Paint("server-2", "sparse"),
        "h2-streams": Paint("server", "upright"),
        "connection-setup": Paint("network", "level"),
        "localhost-ipv6": Paint("network", "upright"),
        "client-serial": Paint("client", "rising"),
        "staggered-start": Paint("client", "dots"),
        "machine-saturated": Paint("client", "crossed"),
        "interception": Paint("client", "level"),
        "shared-renderer": Paint("page", "rising"),
        "web-lock": Paint("page", "falling"),
        UNATTRIBUTED: Paint("unattributed", "crossed"),
    }
)
_UNKNOWN = Paint("overhead", "crossed")


def paint(cause: str) -> Paint:
    """How `cause` is painted; one of a newer catalogue is crossed out in grey."""
    return PAINTS.get(cause, _UNKNOWN)
