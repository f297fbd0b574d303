"""What features are looked up for: rows with keys, a time, and labels."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import sqlalchemy as sa

from fsql import formats, reader
from fsql.catalog import Catalog, Entry
from fsql.conversion import encode
from fsql.errors import StorageError, TrainingSetError
from fsql.fitting import Fitting, Problems
from fsql.frames import to_arrow, to_batches
from fsql.model import FeatureGroup
from fsql.naming import GroupName
from fsql.storage import path_of
from fsql.training.spooling import spooled
from fsql.types import sqlalchemy_type, storage_type

__all__ = ["ROW", "FrameSpine", "TableSpine", "as_table", "opened"]

ROW = "fsql_row"
"""The number of a spine's row, from 0, in a temporary table."""

_NAME = GroupName("fsql", "training", "spine", "v0001")
_NUMBER = pa.field(ROW, pa.int64())
_STREAM = "__arrow_c_stream__"
_BLOCK = 1 << 18  # rows that are uploaded at once
_BATCH = 1 << 15  # rows that are read at once
# Else Arrow has whole row groups in memory.
_PARQUET = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(
        use_buffered_stream=True, buffer_size=1 << 20, pre_buffer=False
    )
)


@dataclass(frozen=True)
class TableSpine:
    """A table of the store's, or a SELECT.

    Attributes:
        rows: what to select from.
        count: the SELECT of how many rows there are.
    """

    rows: sa.FromClause
    schema: pa.Schema

    @property
    def count(self) -> sa.Select[Any]:
        """How many rows there are."""
        return sa.select(sa.func.count()).select_from(self.rows)


@dataclass(frozen=True)
class FrameSpine:
    """Rows that are here, and go into a temporary table as far as they are needed there.

    Attributes:
        data: as it was given.
        table: the same in Arrow; mapped from a file where it came as a stream.
    """

    catalog: Catalog
    data: Any
    table: pa.Table

    @property
    def schema(self) -> pa.Schema:
        """The columns with their exact types."""
        return self.table.schema

    @contextmanager
    def uploaded(
        self, beside: Entry, names: Sequence[str], fitted: Mapping[str, pa.DataType]
    ) -> Iterator[sa.Table]:
        """A temporary Iceberg table of some columns and the rows' numbers.

        It is gone when the block is left; only a process that is killed leaves it behind.

        Args:
            beside: the table in whose database it is made.
            names: the columns, `ROW` among them or not.
            fitted: types that columns are fitted to, as those of data that is written.

        Raises:
            InvalidData: a value does not fit.
        """
        types = {name: fitted.get(name, self.schema.field(name).type) for name in names}
        stored = {name: storage_type(type_) for name, type_ in types.items()}
        blocks = self.stored(types, fitted.keys())
        first = next(blocks, None)  # what is wrong with few rows is known before a table is made
        with formats.stage(self.catalog, beside, pa.schema({**stored, ROW: pa.int64()})) as write:
            for block in blocks if first is None else chain([first], blocks):
                write.write(0, block)
            if first is not None:
                write.commit()
            yield as_table(write.entry.name, types, write.entry.database)

    def stored(
        self, types: Mapping[str, pa.DataType], fitted: Collection[str]
    ) -> Iterator[pa.Table]:
        """Columns in the storage types of some types, and the rows' numbers, some rows at a time.

        Args:
            fitted: the columns that have to be fitted to their types; others have them.

        Raises:
            InvalidData: a value does not fit; every problem is named, at the end.
        """
        fields = [*(pa.field(n, t) for n, t in types.items() if n in fitted), _NUMBER]
        group = FeatureGroup.from_schema(_NAME, pa.schema(fields), keys=[ROW])
        given = self.table.select([field.name for field in fields[:-1]]).replace_schema_metadata()
        problems = Problems("the spine", group.columns.keys())
        fitting = Fitting(group, given.schema.append(_NUMBER), problems)
        for at in range(0, len(given), _BLOCK):
            part = given.slice(at, _BLOCK)
            part = part.append_column(_NUMBER, pa.arange(at, at + len(part)))
            exact = fitting.fit(part, at)
            if not problems:
                columns = {f.name: encode(exact.column(f.name), f) for f in fields}
                for name in types.keys() - columns.keys():
                    own = self.table.column(name).slice(at, _BLOCK)
                    columns[name] = encode(own, self.schema.field(name))
                yield pa.table({name: columns[name] for name in [*types, ROW]})
        problems.check()


def as_table(name: str, types: Mapping[str, pa.DataType], database: str) -> sa.Table:
    """A spine's temporary table, for a SELECT."""
    declared = [sa.Column(each, sqlalchemy_type(type_)) for each, type_ in types.items()]
    number = sa.Column(ROW, sa.BigInteger)
    return sa.Table(name, sa.MetaData(), *declared, number, schema=database)


def opened(engine: sa.Engine, catalog: Catalog, spine: Any) -> FrameSpine | TableSpine:
    """A spine of anything that may be one.

    Args:
        spine: a pandas or polars frame, an Arrow table, reader or dataset, an iterator of record
            batches, a path or s3:// URI of Parquet files, a SQLAlchemy table, or a SELECT. Files
            and what may be a stream are read once, into a temporary file.

    Raises:
        TrainingSetError: it has no columns, or columns of one name.
        StorageError: the files cannot be read, or there is no room for the temporary one.
        TypeError: it is none of these.
    """
    if isinstance(spine, FeatureGroup):
        return TableSpine(spine, _checked(spine.arrow_schema))
    if isinstance(spine, sa.FromClause | sa.SelectBase):
        rows = spine.subquery("spine") if isinstance(spine, sa.SelectBase) else spine
        probe = sa.select(*rows.columns).limit(0)
        return TableSpine(rows, _checked(reader.read_arrow(probe, engine).schema))
    if isinstance(spine, str | os.PathLike):
        table = _read(catalog, os.fspath(spine))
    elif isinstance(spine, ds.Dataset):
        table = _scanned(spine)
    elif _is_stream(spine):
        stream = to_batches(spine) if hasattr(spine, _STREAM) else _of_batches(spine)
        table = spooled(_checked(stream.schema), stream)
    else:
        table = to_arrow(spine, "the spine")
    _checked(table.schema)
    return FrameSpine(catalog, spine, table)


def _is_stream(spine: Any) -> bool:
    """Whether rows come as they are asked for; polars' frames, which have a height, are here."""
    if isinstance(spine, pa.RecordBatchReader | Iterator):
        return True
    here = isinstance(spine, pa.Table | pa.RecordBatch | pd.DataFrame) or hasattr(spine, "height")
    return not here and hasattr(spine, _STREAM)


def _of_batches(batches: Iterator[Any]) -> pa.RecordBatchReader:
    first = next(batches, None)
    if not isinstance(first, pa.RecordBatch):
        what = "gives nothing" if first is None else f"gives a {type(first).__name__} first"
        raise TrainingSetError(
            f"The spine is an iterator that {what}. Expected one of pyarrow.RecordBatch."
        )
    return pa.RecordBatchReader.from_batches(first.schema, _alike(first, batches))


def _alike(first: pa.RecordBatch, rest: Iterator[Any]) -> Iterator[pa.RecordBatch]:
    for number, batch in enumerate(chain([first], rest)):
        if not isinstance(batch, pa.RecordBatch) or batch.schema != first.schema:
            given = ", ".join(f"{f.name} {f.type}" for f in getattr(batch, "schema", ()))
            raise TrainingSetError(
                f"Item {number} of the spine is a {type(batch).__name__} with other columns"
                f" than the first: {given or 'none'}. Expected a pyarrow.RecordBatch of the same."
            )
        yield batch


def _read(catalog: Catalog, path: str) -> pa.Table:
    remote = "://" in path
    filesystem = catalog.storage.filesystem if remote else pafs.LocalFileSystem()
    inner = path_of(path) if remote else str(Path(path).expanduser().absolute())
    try:
        return _scanned(ds.dataset(inner, format=_PARQUET, filesystem=filesystem))
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"The spine {path!r} cannot be read as Parquet: {error}") from error


def _scanned(dataset: ds.Dataset) -> pa.Table:
    batches = dataset.to_batches(batch_size=_BATCH, batch_readahead=1, fragment_readahead=1)
    return spooled(_checked(dataset.schema), batches)


def _checked(schema: pa.Schema) -> pa.Schema:
    names = [name.lower() for name in schema.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or ROW in names or not names:
        what = f"has {', '.join(map(repr, twice))} twice" if twice else f"is empty or has {ROW!r}"
        raise TrainingSetError(f"The spine {what}. Expected columns of different names.")
    return schema
