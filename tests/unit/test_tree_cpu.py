"""CPU time of a tree of processes that come and go while it is read."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from browserconc.lab.process_tree import tree_cpu_ns


def test_a_process_that_ended_meanwhile_hides_no_other(monkeypatch: pytest.MonkeyPatch):
    child = subprocess.Popen([sys.executable, "-c", ""])
    gone, me = psutil.Process(child.pid), psutil.Process()
    child.wait()
    monkeypatch.setattr(psutil.Process, "children", lambda self, recursive: [gone])
    alone = tree_cpu_ns(me.pid)
    monkeypatch.setattr(psutil.Process, "children", lambda self, recursive: [gone, me])
    assert tree_cpu_ns(me.pid) >= 2 * alone > 0


def test_a_tree_that_is_gone_has_none():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert tree_cpu_ns(child.pid) == 0
