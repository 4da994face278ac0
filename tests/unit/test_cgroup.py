"""Control group limits, read from real small trees of files as the kernel lays them out."""

from pathlib import Path

import pytest

from browserconc.lab import cgroup


def tree(root: Path, own: str, files: dict[str, str]) -> tuple[Path, Path]:
    proc, mount = root / "cgroup", root / "fs"
    proc.write_text(own)
    for name, text in files.items():
        path = mount / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return proc, mount


def test_version_2_takes_the_tightest_of_own_and_parents(tmp_path: Path):
    files = {
        "slice/memory.max": "1000000",
        "slice/job/memory.max": "max",
        "slice/cpu.max": "max 100000",
        "slice/job/cpu.max": "150000 100000",
        "slice/job/pids.max": "512",
    }
    proc, mount = tree(tmp_path, "0::/slice/job\n", files)
    assert cgroup.memory_limit(proc, mount) == 1_000_000
    assert cgroup.cpu_limit(proc, mount) == 1.5
    assert cgroup.process_limit(proc, mount) == 512


def test_version_1_has_a_folder_per_controller(tmp_path: Path):
    files = {
        "memory/box/memory.limit_in_bytes": "2000000",
        "memory/memory.limit_in_bytes": "9223372036854771712",
        "cpu,cpuacct/box/cpu.cfs_quota_us": "50000",
        "cpu,cpuacct/box/cpu.cfs_period_us": "100000",
        "cpu,cpuacct/cpu.cfs_quota_us": "-1",
        "cpu,cpuacct/cpu.cfs_period_us": "100000",
        "pids/box/pids.max": "max",
    }
    proc, mount = tree(tmp_path, "5:pids:/box\n4:memory:/box\n3:cpu,cpuacct:/box\n0::/\n", files)
    assert cgroup.memory_limit(proc, mount) == 2_000_000
    assert cgroup.cpu_limit(proc, mount) == 0.5
    assert cgroup.process_limit(proc, mount) is None


def test_inside_a_container_the_hosts_path_is_not_mounted(tmp_path: Path):
    proc, mount = tree(tmp_path, "0::/../../docker/abc\n", {"memory.max": "3000000"})
    assert cgroup.memory_limit(proc, mount) == 3_000_000


@pytest.mark.parametrize("own", ["", "0::/\n", "4:memory:/\n0::/\n"])
def test_nothing_readable_is_no_limit(tmp_path: Path, own: str):
    proc, mount = tree(tmp_path, own, {})
    assert cgroup.memory_limit(proc, mount) is None
    assert cgroup.cpu_limit(proc, mount) is None
    assert cgroup.process_limit(proc / "missing", mount) is None


def test_memory_left_is_the_least_of_all_groups_without_what_can_be_dropped(tmp_path: Path):
    files = {
        "slice/memory.max": "1000",
        "slice/memory.current": "700",
        "slice/memory.stat": "anon 300\ninactive_file 400",
        "slice/job/memory.max": "800",
        "slice/job/memory.current": "300",
        "slice/job/memory.stat": "inactive_file 0",
    }
    proc, mount = tree(tmp_path, "0::/slice/job\n", files)
    assert cgroup.memory_left(proc, mount) == 500
    files["slice/memory.current"] = "1300"
    assert cgroup.memory_left(*tree(tmp_path, "0::/slice/job\n", files)) == 100


def test_without_a_limit_nothing_is_said_of_what_is_left(tmp_path: Path):
    proc, mount = tree(tmp_path, "0::/job\n", {"job/memory.max": "max", "job/memory.current": "5"})
    assert cgroup.memory_left(proc, mount) is None
