"""Rows that come as a stream, put where they can be read more than once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import pyarrow as pa

from fsql.errors import StorageError

__all__ = ["spooled"]

BLOCK_ROWS = 1 << 17
BLOCK_BYTES = 16 << 20


def spooled(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """A table that lies in a file and is mapped from there, so that it takes no memory of its own.

    The file is in $TMPDIR, or else /tmp, uncompressed; it has no name any more when this returns,
    and its room is free again when nobody has the table.

    Raises:
        StorageError: there is no room for it.
    """
    with ExitStack() as stack:
        with _writable():
            file = stack.enter_context(tempfile.NamedTemporaryFile(prefix="fsql-spine-"))
            writer = stack.enter_context(pa.ipc.new_stream(file, schema))
        for block in _blocks(batches):
            with _writable():
                writer.write_table(block)
        with _writable():
            writer.close()
            file.flush()
        with pa.memory_map(file.name) as source:
            return pa.ipc.open_stream(source).read_all()


@contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The spine cannot be copied from its stream to a temporary file: {error}. Set TMPDIR"
            " to a folder with room for all of its rows."
        ) from error


def _blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches put together: thousands of small ones would be slow to find a row in."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows, size = rows + len(batch), size + batch.nbytes
        if rows >= BLOCK_ROWS or size >= BLOCK_BYTES:
            yield pa.Table.from_batches(waiting).combine_chunks()
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting).combine_chunks()
