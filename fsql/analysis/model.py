"""What goes into an analysis and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from fsql.analysis.engine_types import EngineType
from fsql.analysis.predicates import Predicate, to_arrow

__all__ = ["Analysis", "AsOf", "Earlier", "Lookup", "Origin", "Output", "Relation", "Scan"]


@dataclass(frozen=True)
class AsOf:
    """An earlier state of a table; any state, if neither is known.

    Args:
        snapshot: the id of an Iceberg snapshot.
        millis: the time when it was current, in milliseconds since 1970.
    """

    snapshot: int | None = None
    millis: int | None = None


@dataclass(frozen=True)
class Relation:
    """What the catalog knows of one table or view.

    Args:
        columns: lower-case column name to Arrow field, in the table's order. For a
            feature group the field is the exact one; for other tables its type is the
            Arrow type of the Trino type.
        exact: a feature group: its columns are restored when they are read.
        query: a view's SQL in Athena's dialect.
        database: the database that names without one mean inside of `query`.
        rows: the row count of the current snapshot, if it is known.
        earlier: the columns and rows of an earlier state, in the same form; None: not known.
        stored: the engine's types of an exact relation's columns, where they are not those in
            which its exact types are stored.
    """

    columns: Mapping[str, pa.Field]
    exact: bool
    query: str | None = None
    database: str | None = None
    rows: int | None = None
    earlier: Callable[[AsOf], Earlier | None] | None = None
    stored: Mapping[str, pa.DataType] = field(default_factory=dict)


Earlier: TypeAlias = tuple[Mapping[str, pa.Field], Mapping[str, pa.DataType], int | None]
"""`Relation.columns`, `Relation.stored` and `Relation.rows` of an earlier state."""

Lookup = Callable[[str | None, str], Relation | None]
"""Database and table, lower case, to what the catalog knows of it; None: unknown to it."""


@dataclass(frozen=True)
class Origin:
    """The stored column, or the part of one, that a value comes from.

    `path` is the column's name, then lower-case names of nested fields, with ``element``,
    ``key`` and ``value`` for the inside of arrays and maps: ``("wind", "speed")``.
    """

    database: str
    table: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Output:
    """One column of a result.

    Args:
        name: as Trino names it, in the query's own case; unnamed expressions by position.
        origin: the one column that every value comes from, if there is one.
        field: the exact Arrow field to cast the column back to, named `name`. None: no
            feature group's column passes through unchanged, the engine's type stands.
            Known without an origin where several columns of one type meet, as in a UNION.
        engine_type: the engine's own type; None: not known. A varchar has no length but
            for literals and casts.
    """

    name: str
    origin: Origin | None
    field: pa.Field | None
    engine_type: EngineType | None

    @property
    def trino_type(self) -> str | None:
        """The engine's type in Trino's words, such as ``row(dir bigint, speed double)``."""
        return None if self.engine_type is None else str(self.engine_type)


@dataclass(frozen=True)
class Scan:
    """A SELECT that needs no engine: some columns and rows of one feature group.

    Args:
        database, table: the feature group's table, behind all views and subqueries.
        columns: pairs of output name and path in the stored schema.
        predicate: which rows; None for all of them. `filter` has it as Arrow's expression,
            `fsql.analysis.pruning.to_iceberg` for choosing files.
        limit: how many rows at most, any of them.
    """

    database: str
    table: str
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    predicate: Predicate | None = None
    limit: int | None = None

    @cached_property
    def filter(self) -> pc.Expression | None:
        """The predicate over stored columns, in their storage types, NULL counting as no."""
        return None if self.predicate is None else to_arrow(self.predicate)


@dataclass(frozen=True)
class Analysis:
    """What can be said of a statement without running it.

    Args:
        is_query: SELECT, WITH, VALUES or TABLE, which give rows; not DDL, UNLOAD or SHOW.
        outputs: the columns of the result. None: it was not understood, the engine's own
            metadata has to do. A known count is the true count.
        ordered: the result has an ORDER BY of its own.
        tables: database and name of each table and view read, those behind views too.
            None if the SQL was not understood well enough to say.
        deterministic: the same snapshots give the same rows, but for LIMIT without order
            and ties. False if the SQL was not understood.
        row_bound: there are never more rows than this, if that is evident.
        scan: the same result as a scan of one table's files, if it is one.
    """

    is_query: bool
    outputs: tuple[Output, ...] | None = None
    ordered: bool = False
    tables: frozenset[tuple[str, str]] | None = None
    deterministic: bool = False
    row_bound: int | None = None
    scan: Scan | None = None
