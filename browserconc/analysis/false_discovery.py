"""Many comparisons at once: by chance alone one p-value in twenty is below 0.05.

Benjamini and Hochberg's correction holds the false discovery rate: of what is called a change, at most the
share alpha is expected to be none. Where nothing changed at all, that is the probability of calling
anything a change, which is what a gate needs; and where much changed a few repeats still show it, which
Holm's correction would not let five of them do. It holds where the comparisons lean the same way, as the
makespan and the waits of one trial do. Source: Benjamini and Hochberg, "Controlling the False Discovery
Rate", Journal of the Royal Statistical Society B 57 (1995); on dependence Benjamini and Yekutieli, Annals
of Statistics 29 (2001).
"""

from __future__ import annotations

from collections.abc import Sequence


def adjusted(p_values: Sequence[float]) -> list[float]:
    """For each the smallest false discovery rate at which it still counts, in the same order."""
    number = len(p_values)
    corrected = [1.0] * number
    least = 1.0
    for rank, place in sorted(enumerate(sorted(range(number), key=p_values.__getitem__), 1), reverse=True):
        least = min(least, p_values[place] * number / rank)
        corrected[place] = least
    return corrected
