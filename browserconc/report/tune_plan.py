"""What `tune --dry-run` prints: the windows that would be measured, how long they take, what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from browserconc.model.tuning import Ask
from browserconc.report.wording import count, megabytes

WIDTH = 80


def render(
    target: str,
    planned: Sequence[tuple[Ask, int, int]],
    hosts: Sequence[str] = (),
    remotes: Sequence[str] = (),
) -> str:
    """The plan; each row is what is asked for, nanoseconds, and bytes of the open browsers.

    Of several `hosts` each would do all of it, at the same time. `remotes` are the addresses of browsers
    that others started, if they do it.
    """
    total_s = sum(took_ns for _, took_ns, _ in planned) / 1e9
    most = max((memory for _, _, memory in planned), default=0)
    where = "on a machine like this one"
    if hosts:
        where = f"at once on each of {count(len(hosts), 'host')}"
    elif remotes:
        where = "in browsers that others started"
    names = hosts or remotes
    lines = [
        fill(f"Nothing was run. For {target} this would measure, {where}:", WIDTH),
        *([fill(", ".join(names), WIDTH, initial_indent="  ", subsequent_indent="  ")] if names else []),
        "",
        "  browsers x contexts x tabs  what for              seconds    memory",
    ]
    for ask, took_ns, memory in planned:
        setting = ask.setting
        boxes = f"{setting.browsers:>4} x {setting.contexts:>3} x {setting.tabs:>3}"
        lines.append(f"  {boxes:<28}{ask.purpose:<20}{took_ns / 1e9:>9.1f}{megabytes(memory):>10}")
    each = " on each host" if hosts else ""
    lines += [
        "",
        fill(
            f"About {total_s:.0f} s and at most {megabytes(most)}{each}. The real search follows what it "
            "measures.",
            WIDTH,
            initial_indent="  ",
            subsequent_indent="  ",
        ),
    ]
    return "\n".join(lines) + "\n"
