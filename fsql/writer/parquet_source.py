"""Parquet files as a source of rows: their footers are read first, their rows in small batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from fsql.errors import StorageError
from fsql.fitting import Fitting, Problems
from fsql.model import FeatureGroup
from fsql.writer.sources import Piece, Source, of_pieces

__all__ = ["open_parquet", "readable"]

BATCH_BYTES = 4 << 20
PROBE_ROWS = 256
AT_ONCE_BYTES = 64 << 20  # a row group that is smaller on disk is fetched as a whole
STREAM_BYTES = 1 << 20  # of each column of a larger one
FOOTERS_AT_ONCE = 16  # most of the time of each is S3's answer


@contextmanager
def readable(path: str) -> Iterator[None]:
    """What goes wrong within is said of the file."""
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"{path!r} cannot be read; nothing was written: {error}") from error


@dataclass(frozen=True)
class _File:
    """What is remembered of a footer; thousands of whole ones take too much memory."""

    path: str
    rows: int
    bytes: int
    schema: pa.Schema


def open_parquet(
    paths: Sequence[str], filesystem: pafs.FileSystem, group: FeatureGroup, problems: Problems
) -> Source:
    """The rows of Parquet files, which may differ in the order and types of their columns.

    Args:
        problems: where it is reported which files' columns do not fit, if not all are alike;
            the rows of those are left out.

    Raises:
        StorageError: a footer cannot be read.
    """
    with ThreadPoolExecutor(FOOTERS_AT_ONCE, "fsql-footers") as pool:
        files = list(pool.map(partial(_look, filesystem), paths))
    wrong = _misfits(files, group, problems)
    pieces: list[Piece] = []
    row = 0
    for file in files:
        if file.schema not in wrong:
            read = _reader(file.path, filesystem)
            pieces.append(Piece(row, file.rows, file.bytes, read))
        row += file.rows
    return of_pieces(pieces)


def _look(filesystem: pafs.FileSystem, path: str) -> _File:
    with readable(path), filesystem.open_input_file(path) as stream:
        footer = pq.read_metadata(stream)
        groups = (footer.row_group(place) for place in range(footer.num_row_groups))
        size = sum(group.total_byte_size for group in groups)
        return _File(path, footer.num_rows, size, footer.schema.to_arrow_schema())


def _misfits(files: Sequence[_File], group: FeatureGroup, problems: Problems) -> set[pa.Schema]:
    """The schemas that do not fit, where there are several; each problem names a file."""
    paths: dict[pa.Schema, list[str]] = {}
    for file in files:
        paths.setdefault(file.schema, []).append(file.path)
    if len(paths) < 2:
        return set()
    wrong = set()
    for schema, alike in paths.items():
        found = Problems(group.name, group.columns.keys())
        Fitting(group, schema, found)
        more = f" and {len(alike) - 1:,} more" if len(alike) > 1 else ""
        for problem in found.sorted():
            problems.add(problem.column, f"{problem.what} In {alike[0]!r}{more}.")
            wrong.add(schema)
    return wrong


def _reader(path: str, filesystem: pafs.FileSystem) -> Callable[[], Iterator[pa.RecordBatch]]:
    def read() -> Iterator[pa.RecordBatch]:
        with readable(path), filesystem.open_input_file(path) as stream:
            footer = pq.read_metadata(stream)
            growth = _growth(stream, footer)
            for place in range(footer.num_row_groups):
                yield from _row_group(stream, footer, place, growth)

    return read


def _row_group(
    stream: pa.NativeFile, footer: pq.FileMetaData, place: int, growth: float
) -> Iterator[pa.RecordBatch]:
    group = footer.row_group(place)
    columns = range(group.num_columns)
    size = sum(group.column(column).total_compressed_size for column in columns)
    at_once = size <= AT_ONCE_BYTES
    file = pq.ParquetFile(
        stream,
        metadata=footer,
        pre_buffer=at_once,
        buffer_size=0 if at_once else STREAM_BYTES,
    )
    width = growth * group.total_byte_size / max(1, group.num_rows)
    rows = int(max(1, min(group.num_rows, BATCH_BYTES // max(1, width))))
    # Its columns are decoded on all cores.
    yield from file.iter_batches(rows, row_groups=[place], use_threads=True)


def _growth(stream: pa.NativeFile, footer: pq.FileMetaData) -> float:
    """How much more memory rows take than in the file: text that repeats can take very much."""
    if footer.num_rows <= PROBE_ROWS:
        return 1.0
    place = next(p for p in range(footer.num_row_groups) if footer.row_group(p).num_rows)
    group = footer.row_group(place)
    file = pq.ParquetFile(stream, metadata=footer, pre_buffer=False, buffer_size=STREAM_BYTES)
    probe = next(file.iter_batches(PROBE_ROWS, row_groups=[place], use_threads=False))
    width = probe.nbytes / len(probe)
    return float(max(1.0, width * group.num_rows / max(1, group.total_byte_size)))
