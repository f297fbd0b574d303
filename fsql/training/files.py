"""Rows of training sets as Parquet files on S3, in their exact types."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from fsql.catalog import Catalog
from fsql.conversion import decode
from fsql.errors import TrainingSetError
from fsql.notes import categories_of
from fsql.outages import told
from fsql.rebuilding import takeable
from fsql.storage import path_of
from fsql.types import plain_type

__all__ = ["Files", "read", "read_all", "shown"]


@dataclass
class Files:
    """What a training set needs beside its manifest, on its way to S3.

    Attributes:
        uris: of what was written so far.
    """

    catalog: Catalog
    folder: str
    uris: list[str] = field(default_factory=list)

    def put(self, kind: str, rows: pa.Table) -> str:
        """Write rows as Parquet; the URI."""
        rows = _storable(rows)
        with self.open(kind, rows.schema) as (uri, writer):
            writer.write_table(rows)
        return uri

    @contextmanager
    def open(self, kind: str, schema: pa.Schema) -> Iterator[tuple[str, pq.ParquetWriter]]:
        """A Parquet file to write rows to, and its URI.

        Raises:
            TrainingSetError: Parquet has no place for a column's type.
        """
        _check_types(schema)
        uri = f"{self.folder}{kind}-{uuid.uuid4().hex[:12]}.parquet"
        self.uris.append(uri)
        storage = self.catalog.storage
        path = storage.for_writing(uri)
        with (
            told(),
            pq.ParquetWriter(
                path, schema, filesystem=storage.filesystem, compression="zstd"
            ) as writer,
        ):
            yield uri, writer


def read(catalog: Catalog, uri: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """A stored file's rows in their exact types, some at a time.

    Raises:
        TrainingSetError: it is gone, or is no such file.
    """
    try:
        with pq.ParquetFile(path_of(uri), filesystem=catalog.storage.filesystem) as file:
            for batch in file.iter_batches():
                yield _exact(pa.Table.from_batches([batch]), schema)
    except FileNotFoundError as error:
        raise TrainingSetError(
            f"{uri}, which the manifest names, is gone: the training set was dropped or saved anew"
            " since. There is no other copy of these rows."
        ) from error
    except (pa.ArrowInvalid, OSError) as error:
        raise TrainingSetError(f"{uri} cannot be read as Parquet: {error}") from error


def read_all(catalog: Catalog, uri: str, schema: pa.Schema) -> pa.Table:
    """All rows of a stored file; raises as `read`."""
    return pa.concat_tables([_exact(schema.empty_table(), schema), *read(catalog, uri, schema)])


def _exact(table: pa.Table, schema: pa.Schema) -> pa.Table:
    pairs = zip(table.columns, schema, strict=True)
    return pa.Table.from_arrays([_decoded(*pair) for pair in pairs], schema=shown(schema))


def shown(schema: pa.Schema) -> pa.Schema:
    """A schema in the types in which columns are shown, with what is noted of them."""
    plain = [field.with_type(plain_type(field.type)) for field in schema]
    return pa.schema(plain, schema.metadata)


def _decoded(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type) and categories_of(field) is not None:
        column = column.cast(column.type.value_type)  # a file keeps another order of categories
    return decode(column, field)


def _storable(rows: pa.Table) -> pa.Table:
    """Rows without dictionaries of views, for which Arrow has no way to Parquet."""
    for place, column in enumerate(rows.schema):
        type_ = column.type
        if pa.types.is_dictionary(type_) and takeable(type_.value_type) != type_.value_type:
            target = pa.dictionary(type_.index_type, takeable(type_.value_type), type_.ordered)
            chunks = [_of_text(chunk, target) for chunk in rows.column(place).chunks]
            rows = rows.set_column(
                place, column.with_type(target), pa.chunked_array(chunks, target)
            )
    return rows


def _of_text(array: pa.DictionaryArray, target: pa.DictionaryType) -> pa.DictionaryArray:
    values = array.dictionary.cast(target.value_type)
    return pa.DictionaryArray.from_arrays(array.indices, values, ordered=target.ordered)


def _check_types(schema: pa.Schema) -> None:
    for each in schema:
        try:
            pq.write_table(pa.schema([each]).empty_table(), pa.BufferOutputStream())
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
            raise TrainingSetError(
                f"Column {each.name!r} has the type {each.type}, which Parquet cannot hold, so that"
                " the set cannot be stored. Cast it, or leave it out of the spine."
            ) from error
