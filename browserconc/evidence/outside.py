"""`outside.json`: what the examination of one target saw; its writer and its reader. It holds no secret."""

from __future__ import annotations

from pathlib import Path

import msgspec

from browserconc.model.outside import OutsideView
from browserconc.recording import RecordingError

FILE = "outside.json"


def write(folder: Path, view: OutsideView) -> None:
    """Writes the view, replacing a previous one.

    Raises:
        OSError: the file cannot be written.
    """
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(view), indent=1) + b"\n")


def read(folder: Path) -> OutsideView:
    """The view that lies in `folder`.

    Raises:
        RecordingError: there is none that can be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=OutsideView)
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read ({problem.strerror}).") from problem
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise RecordingError(f"{path} is no view of a server ({problem}).") from problem
