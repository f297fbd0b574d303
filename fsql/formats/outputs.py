"""One Parquet file that several threads give row groups to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from fsql.errors import StorageError
from fsql.formats.partitions import Values
from fsql.formats.rowgroups import Encoded, Stitcher, footer_of

__all__ = ["Output", "Place", "WrittenFile"]

Place: TypeAlias = int
"""Which row group of a file one is, from 0 on."""


@dataclass(frozen=True)
class WrittenFile:
    """A finished file.

    Attributes:
        partition: what all of its rows have in common; empty in a table without partitions.
        size: bytes.
        footer: its Parquet metadata.
    """

    uri: str
    partition: Values
    size: int
    footer: pq.FileMetaData

    @property
    def name(self) -> str:
        """Its name without the folder; names sort in the order in which files were begun."""
        return self.uri.rpartition("/")[2]


class Output:
    """A file on its way. Its row groups may come in any order; they are written in theirs.

    Args:
        uri: where it goes.
        open_stream: opens it for writing; called when the first row group is there.
        done: takes the finished file.

    Raises:
        StorageError: from `put` and `seal`, when it cannot be written.
    """

    def __init__(
        self,
        uri: str,
        partition: Values,
        open_stream: Callable[[], pa.NativeFile],
        done: Callable[[WrittenFile], None],
    ) -> None:
        self._uri, self._partition = uri, partition
        self._open, self._done = open_stream, done
        self._lock = threading.Lock()
        self._stream: pa.NativeFile | None = None
        self._stitcher = Stitcher()
        self._ready: dict[Place, Encoded] = {}
        self._reserved = self._written = 0
        self._sealed = False

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._stitcher.size

    def reserve(self) -> Place:
        """The place of one more row group, behind all others."""
        with self._lock:
            self._reserved += 1
            return self._reserved - 1

    def put(self, place: Place, encoded: Encoded) -> None:
        """Give a reserved row group. It is written when all before it are."""
        with self._lock:
            if self._sealed and self._reserved == 1:
                self._finish_alone(encoded)
                return
            self._ready[place] = encoded
            while self._written in self._ready:
                self._write(self._stitcher.add(self._ready.pop(self._written)))
                self._written += 1
            self._finish_if_whole()

    def _finish_alone(self, encoded: Encoded) -> None:
        """The only row group is a file already."""
        self._written = 1
        self._write([encoded.file])
        self._close(len(encoded.file), footer_of(encoded.file))

    def seal(self) -> None:
        """No more places will be reserved; the file is finished when the last of them is there."""
        with self._lock:
            self._sealed = True
            self._finish_if_whole()

    def _finish_if_whole(self) -> None:
        if self._sealed and self._written == self._reserved and self._stream is not None:
            self._write(self._stitcher.finish())
            self._close(self.size, footer_of(self._stitcher.footer()))

    def _close(self, size: int, footer: pq.FileMetaData) -> None:
        assert self._stream is not None
        with self._writable():
            self._stream.close()
        self._done(WrittenFile(self._uri, self._partition, size, footer))

    def _write(self, parts: Iterable[bytes | pa.Buffer]) -> None:
        with self._writable():
            if self._stream is None:
                self._stream = self._open()
            for part in parts:
                self._stream.write(part)

    @contextlib.contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"{self._uri} cannot be written; nothing was: {error}") from error

    def abandon(self) -> None:
        """Let go of the file, whatever state it is in; it is going to be deleted."""
        if self._stream is not None:
            with contextlib.suppress(OSError, pa.ArrowException):
                self._stream.close()
