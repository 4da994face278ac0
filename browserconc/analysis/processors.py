"""Did this machine's processors run out during a trial, and how long may a hand-over then take?"""

from __future__ import annotations

from browserconc.model.cause import HANDOVER_NS, Case

BUSY_SHARE = 0.9
PRESSURE_SHARE = 0.25
"""For this part of the time at least one process waited for a core (Documentation/accounting/psi.rst)."""
SATURATED_HANDOVER_NS = 1_000_000_000
"""No scheduler keeps a process waiting much longer; what lasts longer has another reason."""


def saturated(case: Case) -> bool:
    """Did the machine's processors run out during this trial?"""
    busy = case.evidence.facts.get("cpu_busy_share")
    pressure = case.evidence.facts.get("cpu_pressure_share")
    return (isinstance(busy, float) and busy >= BUSY_SHARE) or (
        isinstance(pressure, float) and pressure >= PRESSURE_SHARE
    )


def longest_handover_ns(case: Case) -> int:
    """The longest gap between two steps that is no open question in this trial."""
    return SATURATED_HANDOVER_NS if saturated(case) else HANDOVER_NS
