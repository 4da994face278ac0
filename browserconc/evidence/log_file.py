"""A log as users have it: plain, .gz or .zip; complete, cut off or still being written.

Knows files and lines, and nothing of what stands in them. Memory stays small whatever the file
holds: it is read a block at a time, and a line that never ends is left out.
"""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

BLOCK_BYTES = 1 << 15
LONGEST_LINE_BYTES = 1 << 26
"""The longest line of a NetLog is the state that the browser polled at its end: megabytes for many tabs."""
LONGEST_HEAD_BYTES = 1 << 23
"""The first line, a NetLog's constants, has about 100 kB, and more with the state of extensions."""
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


class LogError(Exception):
    """A file that cannot be read as a log: one sentence, what failed and what to do."""


class _Decompressed(io.RawIOBase):
    """What a compressed file yields until it ends, was cut off or is damaged."""

    def __init__(self, inner: gzip.GzipFile | zipfile.ZipExtFile) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read1(len(buffer))
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile):
            return 0
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """The file's content, decompressed; closed afterwards.

    Raises:
        LogError: no such file, no file at all, empty, or a compressed one that cannot be opened.
    """
    with ExitStack() as stack:
        try:
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                raise LogError(f"{path} is not a file; give a log that the browser wrote.")
            plain = stack.enter_context(path.open("rb"))
            magic = plain.peek(len(_ZIP))[: len(_ZIP)]
        except (OSError, ValueError) as problem:  # a NUL in the name is a ValueError
            why = problem.strerror if isinstance(problem, OSError) else problem
            raise LogError(f"{path} cannot be read ({why}).") from problem
        if not magic:
            raise LogError(f"{path} is empty; record the log again.")
        if magic.startswith(_GZIP):
            content = stack.enter_context(gzip.GzipFile(fileobj=plain))
            yield io.BufferedReader(_Decompressed(content), BLOCK_BYTES)
        elif magic == _ZIP:
            yield io.BufferedReader(_Decompressed(stack.enter_context(_member(plain, path))), BLOCK_BYTES)
        else:
            yield plain


@contextmanager
def _member(plain: BinaryIO, path: Path) -> Iterator[zipfile.ZipExtFile]:
    """The largest file of an archive."""
    try:
        with zipfile.ZipFile(plain) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if not members:
                raise LogError(f"{path} is an archive without a file; give the log itself.")
            largest = max(members, key=lambda info: info.file_size)
            with archive.open(largest) as content:
                yield cast("zipfile.ZipExtFile", content)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as problem:  # damaged, exotic, encrypted
        raise LogError(f"{path} is an archive that cannot be read ({problem}); unpack it first.") from problem


def line(file: BinaryIO) -> bytes:
    """The next line, at most LONGEST_HEAD_BYTES of it."""
    return file.readline(LONGEST_HEAD_BYTES)


def blocks(file: io.BufferedIOBase | BinaryIO) -> Iterator[bytes]:
    """Whole lines, about BLOCK_BYTES at a time; the very last line may be cut off.

    Of a line longer than LONGEST_LINE_BYTES nothing but its end is seen.
    """
    waiting: list[bytes] = []
    size = 0
    while chunk := file.read(BLOCK_BYTES):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join([*waiting, chunk[:end]])
            waiting, size = [], 0
        elif size > LONGEST_LINE_BYTES:
            waiting, size = [], 0
        waiting.append(chunk[end:])
        size += len(chunk) - end
    if size:
        yield b"".join(waiting)
