"""What a browser allows: one Limit per way to ask, and how it was read."""

from __future__ import annotations

from dataclasses import dataclass

from browserconc.model.finding import Environment


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement of one limit.

    `value` is None where none was seen although `tried` was asked for; `note` says what else was seen.
    """

    value: float | None
    tried: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of one browser, from as many readings as were made.

    `value` is their median, `low` and `high` their range; a `value` of None without an `error` means
    that none was seen up to `low`. `published` is what others say, `consequence` what it means for a
    test or a crawler, `took_s` what all its readings took.
    """

    id: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    published: str
    consequence: str
    readings: tuple[float | None, ...] = ()
    note: str | None = None
    error: str | None = None
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that were measured of one browser; `measured_at` is the date and time (ISO 8601, UTC)."""

    environment: Environment
    limits: tuple[Limit, ...]
    measured_at: str
    took_s: float
