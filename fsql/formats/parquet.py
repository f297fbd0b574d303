"""Parquet files, written by several threads, and taken back if the write fails."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fsql.errors import StorageError
from fsql.formats.partitions import Values
from fsql.storage import Storage

__all__ = ["FileSet", "WrittenFile"]

ROW_GROUP_BYTES = 128 << 20  # of Arrow's memory; on S3 that becomes a few dozen MB
ROW_GROUP_ROWS = 1 << 20
FILE_BYTES = 256 << 20  # AWS advises 128 MB and more: athena/latest/ug/performance-tuning.html
BUFFER_BYTES = 256 << 20  # all partitions together, before rows have to go to their files
OPEN_FILES = 64  # each holds a part of an upload in memory, see S3's multipart uploads

OPTIONS: Mapping[str, Any] = {
    "compression": "zstd",
    "store_decimal_as_integer": True,  # https://iceberg.apache.org/spec/#parquet
    "write_page_index": True,  # lets Athena skip pages
}


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
        """Its name without the folder; names sort in the order of the rows."""
        return self.uri.rpartition("/")[2]


class FileSet:
    """The files of one write. Leaving the `with` block without `keep` deletes them all.

    Args:
        storage: where they go.
        schema: the files' schema, with field ids.
        place: gives the URI of a new file from its partition and its name.
    """

    def __init__(
        self, storage: Storage, schema: pa.Schema, place: Callable[[Values, str], str]
    ) -> None:
        self._storage, self._schema, self._place = storage, schema, place
        self._streams: OrderedDict[tuple[int, Values], _Stream] = OrderedDict()
        self._lock = threading.Lock()
        self._token = uuid.uuid4()
        self._uris: list[str] = []
        self._kept = False

    def write(self, lane: int, partition: Values, table: pa.Table) -> None:
        """Add rows of a partition. The order of a lane's rows is kept within the partition.

        Lanes may write at the same time; a lane and partition of its own are quickest.
        """
        stream = self._stream((lane, partition))
        stream.add(table)
        for full in self._too_much():
            full.flush()
        for idle in self._too_many(stream):
            idle.close()

    def _stream(self, key: tuple[int, Values]) -> _Stream:
        with self._lock:
            stream = self._streams.get(key)
            if stream is None:
                number = len(self._streams)
                stream = _Stream(lambda part: self._create(key, number, part), key[1])
                self._streams[key] = stream
            self._streams.move_to_end(key)
            return stream

    def _create(self, key: tuple[int, Values], stream: int, part: int) -> _Sink:
        name = f"{key[0]:03d}-{stream:05d}-{part:05d}-{self._token}.parquet"
        uri = self._place(key[1], name)
        with self._lock:
            self._uris.append(uri)

        def open_stream() -> pa.NativeFile:
            path = self._storage.for_writing(uri)
            return self._storage.filesystem.open_output_stream(path)

        return _Sink(uri, open_stream, self._schema)

    def _too_much(self) -> list[_Stream]:
        with self._lock:
            streams = list(self._streams.values())
        if sum(stream.waiting for stream in streams) < BUFFER_BYTES:
            return []
        return [max(streams, key=lambda stream: stream.waiting)]

    def _too_many(self, current: _Stream) -> list[_Stream]:
        with self._lock:
            streams = [stream for stream in self._streams.values() if stream.is_open]
        return [stream for stream in streams[:-OPEN_FILES] if stream is not current]

    def finish(self) -> list[WrittenFile]:
        """Write what waits, close every file; the files in the order of their rows."""
        streams = list(self._streams.values())
        with ThreadPoolExecutor(pa.cpu_count(), "fsql-finish") as pool:
            for closed in [pool.submit(stream.close) for stream in streams]:
                closed.result()
        return sorted((f for stream in streams for f in stream.files), key=lambda f: f.name)

    def keep(self, keep: bool = True) -> None:
        """Let the files stay, or not after all."""
        self._kept = keep

    def __enter__(self) -> FileSet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._kept:
            return
        for stream in self._streams.values():
            stream.abandon()
        self._storage.delete(self._uris)


class _Stream:
    """The rows of one lane and partition, on their way into one file after another."""

    def __init__(self, create: Callable[[int], _Sink], partition: Values) -> None:
        self._create, self._partition = create, partition
        self._lock = threading.Lock()
        self._tables: list[pa.Table] = []
        self._rows = self.waiting = 0
        self._sink: _Sink | None = None
        self.files: list[WrittenFile] = []

    @property
    def is_open(self) -> bool:
        """Whether a file is being written."""
        return self._sink is not None

    def add(self, table: pa.Table) -> None:
        """Take rows; enough of them become a row group."""
        with self._lock:
            self._tables.append(table)
            self._rows += table.num_rows
            self.waiting += table.nbytes
            if self.waiting >= ROW_GROUP_BYTES or self._rows >= ROW_GROUP_ROWS:
                self._flush()

    def flush(self) -> None:
        """Write the waiting rows as one row group."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._sink is None:
            self._sink = self._create(len(self.files))
        tables, self._tables, self._rows, self.waiting = self._tables, [], 0, 0
        self._sink.write(pa.concat_tables(tables))
        if self._sink.size >= FILE_BYTES:
            self._close()

    def close(self) -> None:
        """Write the waiting rows and finish the file."""
        with self._lock:
            self._flush()
            self._close()

    def _close(self) -> None:
        if self._sink is not None:
            self.files.append(self._sink.finish(self._partition))
            self._sink = None

    def abandon(self) -> None:
        """Let go of the file, whatever state it is in; it is going to be deleted."""
        if self._sink is not None:
            self._sink.abandon()


class _Sink:
    """One file that is being written.

    Raises:
        StorageError: from every method but `abandon`, when it cannot be written.
    """

    def __init__(
        self, uri: str, open_stream: Callable[[], pa.NativeFile], schema: pa.Schema
    ) -> None:
        self._uri, self._schema = uri, schema
        self._footer: list[pq.FileMetaData] = []
        with self._writable():
            self._stream = open_stream()
            self._writer = pq.ParquetWriter(
                self._stream, schema, metadata_collector=self._footer, **OPTIONS
            )

    @contextlib.contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"{self._uri} cannot be written; nothing was: {error}") from error

    @property
    def size(self) -> int:
        """Bytes so far."""
        return int(self._stream.tell())

    def write(self, table: pa.Table) -> None:
        """Append one row group."""
        named = pa.Table.from_arrays(table.columns, schema=self._schema)
        with self._writable():
            self._writer.write_table(named, row_group_size=len(named))

    def finish(self, partition: Values) -> WrittenFile:
        """Write the footer."""
        with self._writable():
            self._writer.close()
            size = self.size
            self._stream.close()
        return WrittenFile(self._uri, partition, size, self._footer[0])

    def abandon(self) -> None:
        """Close without caring whether that works."""
        # After a failed write pyarrow's writer has no footer to give, a RuntimeError.
        with contextlib.suppress(OSError, pa.ArrowException, RuntimeError):
            self._writer.close()
        with contextlib.suppress(OSError, pa.ArrowException):
            self._stream.close()
