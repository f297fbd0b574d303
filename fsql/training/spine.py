"""What features are looked up for: rows with keys, a time, and labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import sqlalchemy as sa

from fsql import formats, reader
from fsql.catalog import Catalog, Entry
from fsql.conversion import encode
from fsql.errors import InvalidData, StorageError, TrainingSetError
from fsql.fitting import fit
from fsql.frames import to_arrow
from fsql.model import FeatureGroup
from fsql.naming import GroupName
from fsql.storage import path_of
from fsql.types import sqlalchemy_type

__all__ = ["ROW", "FrameSpine", "TableSpine", "opened"]

ROW = "fsql_row"
"""The number of a spine's row, from 0, in a temporary table."""

_NAME = GroupName("fsql", "training", "spine", "v0001")


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
        table: the same in Arrow.
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
        columns = self._fitted({n: t for n, t in types.items() if n in fitted})
        for name in types.keys() - columns.keys():
            columns[name] = encode(self.table.column(name), self.schema.field(name))
        columns[ROW] = pa.chunked_array([pa.arange(0, len(self.table))])
        rows = pa.table({name: columns[name] for name in [*types, ROW]})
        with formats.stage(self.catalog, beside, rows.schema) as write:
            if len(rows):
                write.write(0, rows)
                write.commit()
            declared = [sa.Column(name, sqlalchemy_type(type_)) for name, type_ in types.items()]
            number, entry = sa.Column(ROW, sa.BigInteger), write.entry
            yield sa.Table(entry.name, sa.MetaData(), *declared, number, schema=entry.database)

    def _fitted(self, types: Mapping[str, pa.DataType]) -> dict[str, pa.ChunkedArray]:
        """Columns in the storage types of those that they are fitted to."""
        fields = [*(pa.field(n, t) for n, t in types.items()), pa.field(ROW, pa.int64())]
        group = FeatureGroup.from_schema(_NAME, pa.schema(fields), keys=[ROW])
        given = self.table.select(list(types)).replace_schema_metadata()
        try:
            exact = fit(group, given.append_column(ROW, pa.arange(0, len(given))))
        except InvalidData as error:
            raise InvalidData("the spine", error.problems) from error
        return {field.name: encode(exact.column(field.name), field) for field in fields[:-1]}


def opened(engine: sa.Engine, catalog: Catalog, spine: Any) -> FrameSpine | TableSpine:
    """A spine of anything that may be one.

    Args:
        spine: a pandas or polars frame, an Arrow table, reader or dataset, a path or s3:// URI of
            Parquet files, a SQLAlchemy table, or a SELECT.

    Raises:
        TrainingSetError: it has no columns, or columns of one name.
        StorageError: the files cannot be read.
        TypeError: it is none of these.
    """
    if isinstance(spine, FeatureGroup):
        return TableSpine(spine, _checked(spine.arrow_schema))
    if isinstance(spine, sa.FromClause | sa.SelectBase):
        rows = spine.subquery("spine") if isinstance(spine, sa.SelectBase) else spine
        probe = sa.select(*rows.columns).limit(0)
        return TableSpine(rows, _checked(reader.read_arrow(probe, engine).schema))
    if isinstance(spine, str | os.PathLike):
        spine = _read(catalog, os.fspath(spine))
    table = to_arrow(spine, "the spine")
    _checked(table.schema)
    return FrameSpine(catalog, spine, table)


def _read(catalog: Catalog, path: str) -> pa.Table:
    remote = "://" in path
    filesystem = catalog.storage.filesystem if remote else pafs.LocalFileSystem()
    inner = path_of(path) if remote else str(Path(path).expanduser().absolute())
    try:
        return ds.dataset(inner, format="parquet", filesystem=filesystem).to_table()
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"The spine {path!r} cannot be read as Parquet: {error}") from error


def _checked(schema: pa.Schema) -> pa.Schema:
    names = [name.lower() for name in schema.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or ROW in names or not names:
        what = f"has {', '.join(map(repr, twice))} twice" if twice else f"is empty or has {ROW!r}"
        raise TrainingSetError(f"The spine {what}. Expected columns of different names.")
    return schema
