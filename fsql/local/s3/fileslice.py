"""Stretches of files: as a response body, and appended to another file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


class FileSlice:
    """Bytes ``first`` up to ``last`` of a file, read at the client's pace, never all in memory.

    The file is open from the start, so that a replaced or deleted object is still read to its
    end. It closes at the end, or when nobody refers to it any more.
    """

    def __init__(self, path: Path, first: int, last: int) -> None:
        self._descriptor: int | None = os.open(path, os.O_RDONLY)
        self._at, self._last = first, last

    def read(self, amt: int | None = None) -> bytes:
        """Up to ``amt`` bytes, the rest for None; empty at the end."""
        wanted = self._last - self._at
        wanted = wanted if amt is None or amt < 0 else min(amt, wanted)
        if self._descriptor is None or not wanted:
            return b""
        parts = []
        while wanted and (part := os.pread(self._descriptor, wanted, self._at)):
            parts.append(part)
            self._at += len(part)
            wanted -= len(part)
        if self._at == self._last:
            self.close()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: memoryview | bytearray) -> int:
        """Fill a buffer, as :meth:`read`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def stream(self, amt: int = 1 << 20, decode_content: bool | None = None) -> Iterator[bytes]:
        """The rest in blocks, as urllib3's response gives it."""
        while block := self.read(amt):
            yield block

    def readable(self) -> bool:
        """Whether :meth:`read` may be called."""
        return True

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._descriptor is None

    def close(self) -> None:
        """Close the file; reading further gives nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


def append(source: BinaryIO, target: BinaryIO) -> int:
    """Copy a whole file to the end of another, in the kernel if it can; the bytes copied."""
    target.flush()
    start, size = target.tell(), os.fstat(source.fileno()).st_size
    try:
        _copy_in_kernel(source.fileno(), target.fileno(), size, start)
    except (AttributeError, OSError):  # another kernel, or a file system that can't
        source.seek(0)
        shutil.copyfileobj(source, target, 1 << 20)
    return target.seek(0, os.SEEK_END) - start


def _copy_in_kernel(source: int, target: int, size: int, start: int) -> None:
    copied = 0
    while more := os.copy_file_range(source, target, size - copied, copied, start + copied):
        copied += more
