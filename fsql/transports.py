"""The ways in which a query's rows reach the client, all ending in Arrow.

``rows``    GetQueryResults and, beyond its first page, the CSV file it pages through.
``unload``  the Parquet files of an UNLOAD, read in parallel: large and nested results.
``scan``    the table's own Parquet files, with no engine between.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from fsql.analysis import Output, UnloadSelect
from fsql.analysis.pruning import to_iceberg
from fsql.catalog import Catalog
from fsql.conversion import decode
from fsql.formats import CannotScan, FileScan, scan
from fsql.notes import gathered
from fsql.numbered import in_order
from fsql.planning import Plan
from fsql.storage import Storage, path_of
from fsql.textual import column_type, read_text
from fsql.types import plain_field

__all__ = ["Columns", "Rows", "Scan", "Transport", "Unload", "open_scan"]

ROWS_AT_ONCE = 32_768
READ_BYTES = 1 << 20  # of each column
PAGE = 1000  # the most that GetQueryResults gives at once
GetPage = Callable[[str | None], dict[str, Any]]


class Transport(Protocol):
    """The rows of one result."""

    @property
    def name(self) -> str:
        """ "rows", "unload" or "scan"."""

    @property
    def bytes_scanned(self) -> int | None:
        """Bytes read of the tables; None where the engine counts them."""

    @property
    def schema(self) -> pa.Schema:
        """Names and restored types; names may repeat."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, in order, in bounded memory."""

    def table(self) -> pa.Table:
        """All rows at once, as fast as can be."""

    def close(self) -> None:
        """Give up what the result holds; staged objects are deleted."""


@dataclass(frozen=True)
class Columns:
    """How each column is turned from the engine's type into its exact one.

    Attributes:
        engine: the schema the engine gave, names as the user sees them.
        exact: the field to restore each column to; None keeps the engine's type.
    """

    engine: pa.Schema
    exact: tuple[pa.Field | None, ...]

    @classmethod
    def of(cls, engine: pa.Schema, outputs: Sequence[Output] | None) -> Columns:
        """Restored as an analysis says; not at all where there is none."""
        if outputs is None or len(outputs) != len(engine):
            return cls(engine, (None,) * len(engine))
        return cls(engine, tuple(output.field for output in outputs))

    @cached_property
    def schema(self) -> pa.Schema:
        """What comes out."""
        return gathered(pa.schema(list(map(plain_field, self._fields))))

    @cached_property
    def _fields(self) -> list[pa.Field]:
        pairs = zip(self.engine, self.exact, strict=True)
        return [_renamed(exact or field, field.name) for field, exact in pairs]

    def restore(self, columns: Sequence[pa.ChunkedArray]) -> pa.Table:
        """The table of columns in the engine's types."""
        pairs = zip(columns, self._fields, strict=True)
        decoded = [decode(column, field) for column, field in pairs]
        return pa.Table.from_arrays(decoded, schema=self.schema)


def _renamed(field: pa.Field, name: str) -> pa.Field:
    return field.with_name(name).with_nullable(True)


class Rows:
    """Text rows: the first page as it came, the rest from the CSV file.

    Args:
        first: the response to the first GetQueryResults.
        get_page: the next pages, by token, where there is no file.
        csv: the URI of the CSV file; None where there is none.
        header: whether the first row holds the labels.
    """

    name = "rows"
    bytes_scanned: int | None = None

    def __init__(
        self,
        first: Mapping[str, Any],
        outputs: Sequence[Output] | None,
        storage: Storage,
        get_page: GetPage,
        csv: str | None,
        header: bool,
    ) -> None:
        info = first["ResultSet"].get("ResultSetMetadata", {}).get("ColumnInfo", [])
        names = [column.get("Label") or column["Name"] for column in info]
        self._engine = pa.schema(list(zip(names, map(column_type, info), strict=True)))
        self._columns = Columns.of(self._engine, outputs)
        self._first, self._get_page = first, get_page
        self._storage, self._csv, self._header = storage, csv, header

    @property
    def schema(self) -> pa.Schema:
        """Names and restored types."""
        return self._columns.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, a page or a block of the file at a time."""
        if not self._first.get("NextToken"):
            yield from self._page(self._first, self._header).to_batches()
        elif self._csv is not None:
            yield from self._file(self._csv)
        else:
            yield from self._pages()

    def table(self) -> pa.Table:
        """All rows."""
        return pa.Table.from_batches(self.batches(), self.schema)

    def close(self) -> None:
        """Nothing is staged: the file is the query's own result."""

    def _pages(self) -> Iterator[pa.RecordBatch]:
        yield from self._page(self._first, self._header).to_batches()
        token = self._first.get("NextToken")
        while token:
            response = self._get_page(token)
            yield from self._page(response, False).to_batches()
            token = response.get("NextToken")

    def _page(self, response: Mapping[str, Any], header: bool) -> pa.Table:
        rows = response["ResultSet"]["Rows"][1 if header else 0 :]
        texts = [_values(row, len(self._engine)) for row in rows]
        columns = list(zip(*texts, strict=True)) if texts else [()] * len(self._engine)
        return self._restored([pa.chunked_array([pa.array(c, pa.string())]) for c in columns])

    def _file(self, uri: str) -> Iterator[pa.RecordBatch]:
        names = [f"c{i}" for i in range(len(self._engine))]
        options = pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,  # "" is an empty string, nothing is NULL
            null_values=[""],
        )
        with self._storage.filesystem.open_input_stream(path_of(uri)) as stream:
            blocks = pacsv.open_csv(
                stream,
                read_options=pacsv.ReadOptions(
                    column_names=names, skip_rows_after_names=1, block_size=16 << 20
                ),
                # A row of one NULL is an empty line.
                parse_options=pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                convert_options=options,
            )
            for block in blocks:
                columns = [pa.chunked_array([column]) for column in block.columns]
                yield from self._restored(columns).to_batches()

    def _restored(self, texts: Sequence[pa.ChunkedArray]) -> pa.Table:
        pairs = zip(texts, self._engine, strict=True)
        return self._columns.restore([read_text(text, field.type) for text, field in pairs])


def _values(row: Mapping[str, Any], width: int) -> list[str | None]:
    """The texts of a row; DESCRIBE puts all its columns into the first, with tabs between."""
    values = [datum.get("VarCharValue") for datum in row["Data"]]
    if len(values) == 1 < width and values[0] is not None:
        values = [part.strip() for part in values[0].split("\t")]
    return (values + [None] * width)[:width]


class Unload:
    """The Parquet files that an UNLOAD wrote.

    Args:
        prefix: where they lie; deleted when the result is closed.
        select: what was unloaded, and how to read it.
    """

    name = "unload"
    bytes_scanned: int | None = None

    def __init__(self, prefix: str, select: UnloadSelect, storage: Storage) -> None:
        self._prefix, self._select, self._storage = prefix, select, storage
        # Whoever forgets a result, or leaves the program with it, leaves no files either.
        self._delete = weakref.finalize(self, _delete, storage, prefix, os.getpid())

    @property
    def schema(self) -> pa.Schema:
        """Names and restored types."""
        return self._select.schema

    def table(self) -> pa.Table:
        """All rows, read in parallel, in the order of the query."""
        files = self._files()
        if not files:
            return self.schema.empty_table()
        dataset = ds.dataset(files, filesystem=self._storage.filesystem, format="parquet")
        return self._select.restore(dataset.to_table())

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows; those of an ordered result are sorted on disk, as far as they have to be."""
        if self._select.ordinal is not None:
            place = len(self._select.types)  # it is the last one
            parts = in_order(self._stored(), place, first=1)
        else:
            parts = (pa.Table.from_batches([batch]) for batch in self._stored())
        for part in parts:
            yield from self._select.restore(part).to_batches()

    def _stored(self) -> Iterator[pa.RecordBatch]:
        for path in self._files():
            # A dataset's scanner would read ahead by many batches, however wide they are.
            file = pq.ParquetFile(
                path,
                filesystem=self._storage.filesystem,
                pre_buffer=False,
                buffer_size=READ_BYTES,
            )
            with file:
                yield from file.iter_batches(batch_size=ROWS_AT_ONCE)

    def close(self) -> None:
        """Delete the files."""
        self._delete()

    def _files(self) -> list[str]:
        return [path_of(found.uri) for found in self._storage.list(self._prefix) if found.size]


def _delete(storage: Storage, prefix: str, process: int) -> None:
    if os.getpid() == process:  # a fork's copy of a result is not its own
        storage.delete_prefix(prefix)


class Scan:
    """The table's own files, read at the snapshot that the catalog named."""

    name = "scan"

    def __init__(self, files: FileScan, outputs: Sequence[Output]) -> None:
        self._files = files
        self._columns = Columns.of(files.schema, outputs)

    @property
    def schema(self) -> pa.Schema:
        """Names and restored types."""
        return self._columns.schema

    @property
    def bytes_scanned(self) -> int | None:
        """Compressed bytes of the columns in the row groups that may match."""
        return self._files.bytes_scanned

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as they come, in the order in which they were written."""
        for batch in self._files.to_batches():
            yield from self._restored(pa.Table.from_batches([batch])).to_batches()

    def table(self) -> pa.Table:
        """All rows, read in parallel."""
        return self._restored(self._files.to_table())

    def close(self) -> None:
        """Nothing is staged."""

    def _restored(self, table: pa.Table) -> pa.Table:
        return self._columns.restore(table.columns)


def open_scan(catalog: Catalog, plan: Plan) -> Scan | None:
    """The scan that gives a statement's rows, or None if only the engine can."""
    wanted = plan.analysis.scan
    entry = plan.entries.get((wanted.database, wanted.table)) if wanted else None
    if wanted is None or entry is None or plan.outputs is None:
        return None
    try:
        files = scan(
            catalog,
            entry,
            wanted.columns,
            filter=wanted.filter,
            prune=to_iceberg(wanted.predicate) if wanted.predicate else None,
            limit=wanted.limit,
            state=plan.states.get((wanted.database, wanted.table)),
        )
    except CannotScan:
        return None
    return Scan(files, plan.outputs)
