"""Python environments for servers of another time, made by `uv` and kept for the next run.

The interpreter is the system's where it has a fitting one, else uv provides it. This is the one
place where a measurement may need the network: the packages come from the user's package index.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from platformdirs import user_cache_path

from browserconc.lab import process
from browserconc.lab.process import ProcessError

VERSIONS = ("3.8", "3.9", "3.7")
"""Old enough for these packages (`collections.Mapping` ended with 3.9) and new enough for `old_flask.py`."""
MAKE_S = 30.0
INSTALL_S = 40.0
TRY_S = 5.0


class EnvironmentMissingError(Exception):
    """The environment cannot be had here: one sentence."""


def provide(name: str, requirements: Sequence[str]) -> str:
    """The interpreter of an environment with these packages; takes seconds the first time.

    Raises:
        EnvironmentMissingError: no uv, no fitting Python or no packages.
    """
    folder = user_cache_path("browserconc") / "environments" / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists():
        return str(python)
    uv = _uv()
    if uv is None:
        raise EnvironmentMissingError(f"{name} needs uv: pip install 'browserconc[servers]'.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder.parent))
        try:
            _run([uv, "venv", "--quiet", "--python", _interpreter(), str(making)], MAKE_S)
            inside = making / python.relative_to(folder)
            _run([uv, "pip", "install", "--quiet", "--python", str(inside), *requirements], INSTALL_S)
            if not folder.exists():  # another run may have been faster
                making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except (OSError, ProcessError, EnvironmentMissingError) as problem:
        raise EnvironmentMissingError(f"{name} cannot be had here: {problem}") from problem
    return str(python)


def _run(argv: Sequence[str], timeout_s: float) -> None:
    done = process.run(argv, timeout_s)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise EnvironmentMissingError(f"uv {argv[1]} failed; its last words: {' '.join(lines[-3:])}")


def _uv() -> str | None:
    """The program: on the path, or the one that lies in the package of the same name."""
    if found := shutil.which("uv"):
        return found
    if importlib.util.find_spec("uv") is None:
        return None
    from uv import find_uv_bin  # noqa: PLC0415 - optional

    try:
        return str(find_uv_bin())
    except FileNotFoundError:
        return None


def _interpreter() -> str:
    """A fitting Python of this system that starts (a version manager's shim may not), or its version."""
    for candidate in _candidates():
        try:
            if process.run([candidate, "-c", "import venv"], TRY_S).returncode == 0:
                return candidate
        except ProcessError:
            continue
    return VERSIONS[0]


def _candidates() -> Iterator[str]:
    for version in VERSIONS:
        if found := shutil.which(f"python{version}"):
            yield found
        kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        yield from (str(path) for path in sorted(kept.glob(f"{version}.*/bin/python{version}")))
