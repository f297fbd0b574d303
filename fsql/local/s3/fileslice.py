"""A stretch of a file as a response body."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


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
