"""The limits that a container's control groups put on us, versions 1 and 2.

A process in a container sees the whole machine's cores and memory; what it may use is written
here. Everything is None where there is no limit, no Linux, or nothing readable.
Source: the kernel's Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc/self/cgroup")
ROOT = Path("/sys/fs/cgroup")
_UNLIMITED_V1 = 1 << 62
"""Version 1 writes "no limit" as the largest multiple of a page."""


def memory_limit(proc: Path = PROC, root: Path = ROOT) -> int | None:
    """Bytes this process and its children may use together."""
    limits = [
        *_numbers(proc, root, "", "memory.max"),
        *_numbers(proc, root, "memory", "memory.limit_in_bytes"),
    ]
    return min((limit for limit in limits if limit < _UNLIMITED_V1), default=None)


def memory_left(proc: Path = PROC, root: Path = ROOT) -> int | None:
    """Bytes that this process and its children may still take: the least that any of its groups has left.

    Cached files that the kernel may drop at once do not count as taken.
    """
    left = []
    for controller, limit_file, used_file, dropped in (
        ("", "memory.max", "memory.current", "inactive_file"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        for folder in _folders(proc, root, controller):
            limit, used = _read(folder / limit_file), _read(folder / used_file)
            if limit.isdecimal() and used.isdecimal() and int(limit) < _UNLIMITED_V1:
                words = dict(line.split(" ", 1) for line in _read(folder / "memory.stat").splitlines())
                left.append(max(0, int(limit) - int(used) + int(words.get(dropped, 0))))
    return min(left, default=None)


def process_limit(proc: Path = PROC, root: Path = ROOT) -> int | None:
    """Processes and threads this process and its children may have together."""
    limits = [*_numbers(proc, root, "", "pids.max"), *_numbers(proc, root, "pids", "pids.max")]
    return min(limits, default=None)


def cpu_limit(proc: Path = PROC, root: Path = ROOT) -> float | None:
    """Cores' worth of time per second: 1.5 is one and a half cores."""
    limits = []
    for folder in _folders(proc, root, ""):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        limits += _ratio(quota, period)
    for folder in _folders(proc, root, "cpu"):
        limits += _ratio(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"))
    return min(limits, default=None)


def _numbers(proc: Path, root: Path, controller: str, file: str) -> list[int]:
    texts = (_read(folder / file) for folder in _folders(proc, root, controller))
    return [int(text) for text in texts if text.isdecimal()]


def _ratio(quota: str, period: str) -> list[float]:
    return [int(quota) / int(period)] if quota.isdecimal() and period.isdecimal() and int(period) else []


def _folders(proc: Path, root: Path, controller: str) -> Iterator[Path]:
    """Our group's folder and its parents', for every one may limit; controller "" is version 2.

    Inside a container the path of /proc/self/cgroup may be the host's, which is not mounted: then
    only the parents that exist are read, in the end the mount itself.
    """
    for line in _read(proc).splitlines():
        _, controllers, group = line.split(":", 2)
        if controller not in controllers.split(","):
            continue
        mounts = [root / controllers, root / controller] if controller else [root, root / "unified"]
        for mount in dict.fromkeys(mounts):
            folder = mount / group.lstrip("/")
            yield from (parent for parent in (folder, *folder.parents) if parent.is_relative_to(mount))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
