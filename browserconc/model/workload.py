"""What several of one workload are called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "navigate": "requests",
        "fetch": "fetch() calls",
        "xhr": "XMLHttpRequests",
        "image": "images",
        "iframe": "iframes",
        "sse": "event streams",
        "websocket": "WebSockets",
    }
)
"""By the workload's name, in the order of the contract."""
