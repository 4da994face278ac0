"""What `doctor` found out about one property of this machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One property: what was found, whether it will do, and what to do about it.

    `ok` is None where it is neither good nor bad, or could not be found out.
    """

    name: str
    ok: bool | None
    found: str
    advice: str | None = None
