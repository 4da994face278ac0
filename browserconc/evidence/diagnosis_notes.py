"""`diagnosis.json`: what a diagnosis found out on the way that no trial's own log says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from browserconc import recording
from browserconc.recording import RecordingError

FILE = "diagnosis.json"


@dataclass(frozen=True, slots=True)
class Notes:
    """Addresses are masked. `critical_url` is the request that one tab alone waits for longest.

    `brought_cookies` tells whether the visitor came with cookies of his own, which every tab has.
    `deaf_addresses` are those of the host that are tried in vain before one that answers.
    `workload` is how the tabs asked for `url`.
    """

    url: str
    critical_url: str = ""
    doubts: tuple[str, ...] = ()
    brought_cookies: bool = False
    deaf_addresses: tuple[str, ...] = ()
    workload: str = "navigate"


def write(folder: Path, notes: Notes) -> None:
    """Writes them into the run's folder.

    Raises:
        OSError: it cannot be written.
    """
    recording.write_json(folder / FILE, notes)


def read(folder: Path) -> Notes:
    """Reads them.

    Raises:
        RecordingError: there are none, or they cannot be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Notes)
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read ({problem.strerror}).") from problem
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise RecordingError(f"{path} holds no notes of a diagnosis ({problem}).") from problem
