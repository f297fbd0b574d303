"""Row groups that are encoded apart, on any core, and put together to one Parquet file.

pyarrow encodes a file on one core. Here each row group becomes a small file in memory, whose data
is copied as it is; only the offsets in footer and page index are moved to where the data comes
to lie. The structs: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fsql.formats.thrift import Struct, read_struct, write_struct

__all__ = ["Encoded", "Stitcher", "encode", "footer_of"]

OPTIONS: Mapping[str, Any] = {
    "compression": "zstd",
    "store_decimal_as_integer": True,  # https://iceberg.apache.org/spec/#parquet
    "write_page_index": True,  # lets Athena skip pages
}
MAGIC = b"PAR1"
_ROOM = 1 << 20  # for the footer; what is not used of it is no memory
_PAGE_ROWS, _PAGE_BYTES = 1024, 1 << 20

# Ids of fields, by struct.
_NUM_ROWS, _ROW_GROUPS = 3, 4  # FileMetaData
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7  # RowGroup
_CHUNK_OFFSET, _META_DATA = 2, 3  # ColumnChunk
_OFFSET_INDEX, _OFFSET_INDEX_LENGTH, _COLUMN_INDEX, _COLUMN_INDEX_LENGTH = 4, 5, 6, 7
_PAGES = (9, 10, 11)  # ColumnMetaData: where data pages, index pages, the dictionary begin
_COMPRESSED_SIZE = 7
_LOCATIONS = 1  # OffsetIndex
_PAGE_OFFSET = 1  # PageLocation


@dataclass(frozen=True)
class Encoded:
    """One row group, as a Parquet file of its own.

    Attributes:
        file: its bytes.
        rows: how many it has.
        table_bytes: what they took in memory.
    """

    file: pa.Buffer
    rows: int
    table_bytes: int


def encode(table: pa.Table, schema: pa.Schema, order: Sequence[int] = ()) -> Encoded:
    """Encode rows as one row group.

    Args:
        schema: the file's, with field ids; the table's columns are taken by their place.
        order: the places of top-level primitive columns by which the rows are sorted.
    """
    named = pa.Table.from_arrays(table.columns, schema=schema)
    room = pa.allocate_buffer(table.nbytes + _ROOM)
    try:
        with pa.FixedSizeBufferWriter(room) as sink:
            _write(named, sink, order)
            file = room.slice(0, sink.tell())
    except OSError:  # a few rows of very many columns; a buffer that grows is copied now and then
        with pa.BufferOutputStream() as sink:
            _write(named, sink, order)
            file = sink.getvalue()
    return Encoded(file, len(table), table.nbytes)


def _write(table: pa.Table, sink: pa.NativeFile, order: Sequence[int]) -> None:
    # A page is as long as it takes to look whether it is long enough: after so many rows.
    rows = max(1, min(_PAGE_ROWS, _PAGE_BYTES * len(table) // max(1, table.nbytes)))
    with pq.ParquetWriter(
        sink,
        table.schema,
        sorting_columns=_sorting(table.schema, order),
        write_batch_size=rows,
        **OPTIONS,
    ) as writer:
        writer.write_table(table, row_group_size=max(1, len(table)))


def _sorting(schema: pa.Schema, order: Sequence[int]) -> Sequence[pq.SortingColumn] | None:
    if not order:
        return None
    names = [(schema.names[place], "ascending") for place in order]
    columns: Sequence[pq.SortingColumn] = pq.SortingColumn.from_ordering(
        schema, names, null_placement="at_end"
    )
    return columns


def footer_of(tail: bytes | pa.Buffer) -> pq.FileMetaData:
    """The metadata of a file, from bytes that it ends with."""
    return pq.read_metadata(pa.BufferReader(tail))


class Stitcher:
    """A file made of row groups that were encoded apart.

    What `add` and `finish` return is to be written in that order.
    """

    def __init__(self) -> None:
        self.size = 0
        self._footer: Struct | None = None
        self._groups: list[Struct] = []
        self._column_indexes: list[tuple[Struct, bytes]] = []
        self._offset_indexes: list[tuple[Struct, bytes]] = []

    def add(self, encoded: Encoded) -> list[bytes | pa.Buffer]:
        """The bytes of one more row group."""
        file = encoded.file
        footer = read_struct(_footer_bytes(file))
        (group,) = footer[_ROW_GROUPS]
        head = [] if self._footer else [MAGIC]
        start, end = len(MAGIC), len(MAGIC) + _data_size(group)
        shift = self.size + sum(map(len, head)) - start
        self._take_indexes(group, file, shift)
        _move_group(group, shift, len(self._groups))
        self._groups.append(group)
        self._footer = self._footer or footer
        return self._counted([*head, file.slice(start, end - start)])

    def _take_indexes(self, group: Struct, file: pa.Buffer, shift: int) -> None:
        for chunk in group[_COLUMNS]:
            if _COLUMN_INDEX in chunk:
                index = _sliced(file, chunk[_COLUMN_INDEX], chunk[_COLUMN_INDEX_LENGTH])
                self._column_indexes.append((chunk, index))
            if _OFFSET_INDEX in chunk:
                pages = _sliced(file, chunk[_OFFSET_INDEX], chunk[_OFFSET_INDEX_LENGTH])
                self._offset_indexes.append((chunk, _move_pages(pages, shift)))

    def finish(self) -> list[bytes]:
        """The bytes at the end of the file: page indexes and footer."""
        if self._footer is None:
            raise ValueError("A file needs a row group.")
        parts: list[bytes] = []
        offset = self.size
        for chunk, index in self._column_indexes:
            chunk[_COLUMN_INDEX], chunk[_COLUMN_INDEX_LENGTH] = offset, len(index)
            offset += len(index)
            parts.append(index)
        for chunk, index in self._offset_indexes:
            chunk[_OFFSET_INDEX], chunk[_OFFSET_INDEX_LENGTH] = offset, len(index)
            offset += len(index)
            parts.append(index)
        parts.append(self.footer())
        self._counted(parts)
        return parts

    def footer(self) -> bytes:
        """The footer with what frames it."""
        assert self._footer is not None
        self._footer[_ROW_GROUPS] = self._groups
        self._footer[_NUM_ROWS] = sum(group[_NUM_ROWS] for group in self._groups)
        footer = write_struct(self._footer)
        return footer + len(footer).to_bytes(4, "little") + MAGIC

    def _counted(self, parts: list[Any]) -> list[Any]:
        self.size += sum(map(len, parts))
        return parts


def _footer_bytes(file: pa.Buffer) -> bytes:
    length = int.from_bytes(_sliced(file, file.size - 8, 4), "little")
    return _sliced(file, file.size - 8 - length, length)


def _sliced(file: pa.Buffer, offset: int, length: int) -> bytes:
    taken: bytes = file.slice(offset, length).to_pybytes()
    return taken


def _data_size(group: Struct) -> int:
    return sum(int(chunk[_META_DATA][_COMPRESSED_SIZE]) for chunk in group[_COLUMNS])


def _move_group(group: Struct, shift: int, ordinal: int) -> None:
    if _GROUP_OFFSET in group:
        group[_GROUP_OFFSET] += shift
    if _ORDINAL in group:
        group[_ORDINAL] = ordinal
    for chunk in group[_COLUMNS]:
        if chunk[_CHUNK_OFFSET]:  # deprecated, and 0 where it is not used
            chunk[_CHUNK_OFFSET] += shift
        for place in _PAGES:
            if place in chunk[_META_DATA]:
                chunk[_META_DATA][place] += shift


def _move_pages(index: bytes, shift: int) -> bytes:
    pages = read_struct(index)
    for location in pages[_LOCATIONS]:
        location[_PAGE_OFFSET] += shift
    return write_struct(pages)
