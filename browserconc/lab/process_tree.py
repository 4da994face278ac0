"""What the browsers of this run use: memory and CPU of their process trees.

Memory is PSS (proportional set size): a page shared by ten processes counts a tenth in each, so
the sum over a tree is what the tree really takes. RSS would count it ten times. Where the
system has no PSS, USS (pages of one process alone) is the next best, and too small.
"""

from __future__ import annotations

from collections.abc import Iterable

import psutil

_FIREFOX_PROFILE = ("--profile", "-profile")


def descendants_cpu_ns() -> int:
    """CPU time that everything started by this process has used: browsers, their driver, servers."""
    try:
        return _cpu_ns(psutil.Process().children(recursive=True))
    except psutil.Error:
        return 0


def browser_processes() -> list[psutil.Process]:
    """Every process of every browser that this process started, however deep."""
    found: dict[int, psutil.Process] = {}
    try:
        descendants = psutil.Process().children(recursive=True)
    except psutil.Error:
        return []
    for process in descendants:
        if process.pid in found or not _is_browser_root(process):
            continue
        found[process.pid] = process
        try:
            found.update((child.pid, child) for child in process.children(recursive=True))
        except psutil.Error:
            continue
    return list(found.values())


def browser_command_line() -> list[str]:
    """The words with which the first browser of this process was started; empty where none runs."""
    for process in browser_processes():
        if _is_browser_root(process):
            return command_line(process)
    return []


def browser_pids() -> frozenset[int]:
    """The processes of all browsers that run now."""
    return frozenset(process.pid for process in browser_processes())


def browser_memory_bytes(*, but: frozenset[int]) -> int:
    """PSS of all browser processes but those; costs about a millisecond per process.

    What tabs cost is the memory of the processes that came with them. The difference of two
    readings of the whole tree is no measure of it: a browser that has just started still frees
    more than a tab takes.
    """
    return sum(_memory_bytes(process) for process in browser_processes() if process.pid not in but)


def browser_cpu_ns() -> int:
    """CPU time that the running browsers have used, user and system."""
    return _cpu_ns(browser_processes())


def tree_cpu_ns(pid: int) -> int:
    """CPU time of a process and all below it, those that it has reaped included; 0 if it is gone."""
    try:
        root = psutil.Process(pid)
        tree = (root, *root.children(recursive=True))
    except psutil.Error:
        return 0
    total = 0.0
    for process in tree:
        try:
            times = process.cpu_times()
        except psutil.Error:  # it ended meanwhile
            continue
        total += times.user + times.system
        total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return round(total * 1e9)


def _cpu_ns(processes: Iterable[psutil.Process]) -> int:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return round(total * 1e9)


def _is_browser_root(process: psutil.Process) -> bool:
    """Each browser names its profile folder; Chromium's and Firefox's children say that they are children."""
    words = command_line(process)
    folder = any(word.startswith("--user-data-dir") or word in _FIREFOX_PROFILE for word in words)
    return folder and not any(word.startswith("--type=") or word == "-contentproc" for word in words)


def command_line(process: psutil.Process) -> list[str]:
    """The words with which a process was started; none of one that is gone."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _memory_bytes(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(info, "pss", 0) or info.uss)
