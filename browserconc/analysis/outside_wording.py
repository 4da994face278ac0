"""The one-line reasons of a judgement on a server seen from outside."""

from __future__ import annotations

from browserconc.analysis.outside_rounds import Steps

MOST_STEPS = 4


def seconds(ns: float) -> str:
    """A duration for people: "0.31 s", "12 ms"."""
    return f"{ns / 1e9:.2f} s" if ns >= 100_000_000 else f"{ns / 1e6:.0f} ms"


def alone(service_ns: int) -> str:
    """What one request takes."""
    return f"One request alone took {seconds(service_ns)}."


def staircase(one: Steps) -> str:
    """How the answers of one round came."""
    waves = one.waves()
    if not waves:
        return f"Of {one.clients} at once none was answered."
    if len(waves) > 1:
        shown = ", ".join(f"{count} after {seconds(at)}" for count, at in waves[:MOST_STEPS])
        more = ", …" if len(waves) > MOST_STEPS else ""
        return f"Of {one.clients} at once {shown}{more} were answered."
    return f"{one.clients} at once were answered within {seconds(one.last_ns)}."


def at_least(level: int) -> str:
    """Why a width is a least one only."""
    return (
        f"At least {level} run at once, and how many more is undecided: its workers accept unevenly, so some "
        "had requests left while others, which may not have shown, had none."
    )
