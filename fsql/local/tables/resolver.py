"""What a table name in a query means: an Iceberg table, a Hive table, a view, a listing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import sqlglot.expressions as exp

from fsql.local.objects import Objects
from fsql.local.statements.nodes import Name, Query
from fsql.local.tables.filters import Filter, filter_of
from fsql.local.tables.hidden import Hidden, wanted_of
from fsql.local.tables.hive import Hive
from fsql.local.tables.hive_listing import partition_listing
from fsql.local.tables.iceberg import Iceberg, Source
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.tables.iceberg_listings import listing, split_listing
from fsql.local.tables.information_schema import INFORMATION_SCHEMA, information_schema
from fsql.local.tables.time_travel import is_temporal, snapshot_at
from fsql.local.tables.views import View, is_view
from fsql.local.transpile import Scan, Translated, TrinoError, at, translate
from fsql.local.transpile import types as tt
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import can_coerce
from fsql.local.wire import AwsError

__all__ = [
    "CATALOG",
    "Binding",
    "Engine",
    "Tables",
    "is_iceberg",
    "metadata_location",
    "scan_of",
    "types_of",
]

CATALOG = "awsdatacatalog"

Json = dict[str, Any]
_Key = tuple[str, str]


class Engine(Protocol):
    """What names may need of DuckDB: a session."""

    def types_of(self, sql: str) -> list[str]:
        """DuckDB's types of a query's columns."""
        ...

    def rows_of(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...


class Tables:
    """The tables of a store by name, through Glue's operations."""

    def __init__(self, objects: Objects, glue: GlueCalls) -> None:
        self.glue = glue
        self.iceberg = Iceberg(objects)
        self._hive = Hive(objects, glue)

    def get(self, name: Name, database: str | None) -> Json:
        """The Glue table of a name; TrinoError TABLE_NOT_FOUND, SCHEMA_NOT_FOUND and the like."""
        schema = self.schema(name, database)
        try:
            found: Json = self.glue.call("GetTable", {"DatabaseName": schema, "Name": name.table})
        except AwsError as error:
            if error.code != "EntityNotFoundException":
                raise
            raise self._missing(schema, name) from error
        table: Json = found["Table"]
        return table

    def schema(self, name: Name, database: str | None) -> str:
        """The database that a name lies in."""
        if name.catalog is not None and name.catalog.lower() != CATALOG:
            message = f"{name.where}: Catalog '{name.catalog}' does not exist"
            raise TrinoError("CATALOG_NOT_FOUND", message)
        if name.database is None and database is None:
            message = f"{name.where}: Schema must be specified when session schema is not set"
            raise TrinoError("MISSING_SCHEMA_NAME", message)
        return (name.database or database or "").lower()

    def source(self, table: Json, rows: Filter | None = None, hidden: Hidden = ()) -> Source:
        """A Glue table, no view, as DuckDB reads it now.

        Args:
            rows: which rows are wanted; others may be left out.
            hidden: which hidden columns are.
        """
        if is_iceberg(table):
            return self.iceberg.source(metadata_location(table), None, rows, hidden)
        return self._hive.source(table, hidden)

    def version(self, database: str, name: str) -> str | None:
        """What `Source.version` or `View.version` is now; None if there is no such table."""
        listing = information_schema(self.glue, name) if database == INFORMATION_SCHEMA else None
        if listing is not None:
            return listing.version
        try:
            table = self.get(Name(name, database), None)
            return View.of(table).version if is_view(table) else self.source(table).version
        except TrinoError:
            return None

    def _missing(self, schema: str, name: Name) -> TrinoError:
        try:
            self.glue.call("GetDatabase", {"Name": schema})
        except AwsError as error:
            if error.code != "EntityNotFoundException":
                raise
            return TrinoError("SCHEMA_NOT_FOUND", f"{name.where}: Schema '{schema}' does not exist")
        return TrinoError(
            "TABLE_NOT_FOUND",
            f"{name.where}: Table '{CATALOG}.{schema}.{name.table}' does not exist",
        )


class Binding:
    """Looks up the tables of one query and remembers which versions it found.

    Args:
        tables: where to look.
        database: what a name without a database means.
        engine: tells the types of a view's columns where the translation does not know them,
            and what a version's expression comes to.

    Attributes:
        versions: of each table found, by database and name.
        size: bytes of all files found.
    """

    def __init__(self, tables: Tables, database: str | None, engine: Engine) -> None:
        self._tables = tables
        self._database = database
        self._engine = engine
        self._inside: tuple[_Key, ...] = ()
        self._timeless = True
        self.versions: dict[_Key, str] = {}
        self.size = 0

    def __call__(self, node: exp.Table) -> Scan:
        """The scan of a table reference, for `translate`."""
        name = Name(node.name.lower(), node.db or None, node.catalog or None, at(node))
        version = node.args.get("version")
        rows = filter_of(node)
        if version is not None:
            return scan_of(self._find_at(name, version, rows, wanted_of(node, iceberg=True)))
        return scan_of(self._find(name, rows, node))

    def current(self) -> bool:
        """Whether all that was found is still as it was."""
        return self._timeless and all(
            self._tables.version(*key) == seen for key, seen in self.versions.items()
        )

    def _find(self, name: Name, rows: Filter | None, node: exp.Table) -> Source:
        schema = self._tables.schema(name, self._database)
        key = (schema, name.table)
        if schema == INFORMATION_SCHEMA:
            listing = information_schema(self._tables.glue, name.table)
            if listing is not None:
                self.versions[key] = listing.version
                return listing
        listed = self._listing(name, schema)
        if listed is not None:
            return listed
        table = self._tables.get(name, self._database)
        if is_view(table):
            return self._expand(View.of(table), key, name)
        source = self._tables.source(table, rows, wanted_of(node, is_iceberg(table)))
        self.versions[key] = source.version
        self.size += source.size
        return source

    def _listing(self, name: Name, schema: str) -> Source | None:
        """The metadata of a table, where the name asks for it."""
        parts = split_listing(name.table)
        if parts is None:
            return None
        try:
            table = self._tables.get(Name(parts[0], schema, where=name.where), schema)
        except TrinoError:
            return None
        if is_view(table):
            return None
        if not is_iceberg(table):
            if parts[1] != "partitions":
                return None
            # The catalog knows no table of this name, so the listing is made anew each time.
            self._timeless = False
            return partition_listing(self._tables.glue, table)
        location = metadata_location(table)
        self.versions[schema, parts[0]] = location
        iceberg = self._tables.iceberg
        return listing(iceberg.metadata(location), parts[1], location, iceberg.io)

    def _find_at(
        self, name: Name, version: exp.Version, rows: Filter | None, hidden: Hidden
    ) -> Source:
        """An Iceberg table as it was at a snapshot."""
        table = self._tables.get(name, self._database)
        if is_view(table) or not is_iceberg(table):
            message = "This connector does not support versioned tables"
            raise TrinoError("NOT_SUPPORTED", message)
        key = (table["DatabaseName"], table["Name"])
        location, iceberg = metadata_location(table), self._tables.iceberg
        self._timeless &= not is_temporal(version)
        metadata = iceberg.metadata(location)
        snapshot = snapshot_at(version, metadata, key, self._engine.rows_of)
        source = iceberg.source(location, snapshot, rows, hidden)
        self.versions[key] = source.version
        self.size += source.size
        return source

    def _expand(self, view: View, key: _Key, name: Name) -> Source:
        """A view as a subquery with just the columns it was created with."""
        if key in self._inside:
            raise TrinoError(
                "VIEW_IS_RECURSIVE", f"{name.where}: View '{'.'.join(key)}' is recursive"
            )
        inner = Binding(self._tables, view.database, self._engine)
        inner._inside = (*self._inside, key)
        translated = translate(Query(view.sql).parse(), inner)
        self.versions |= inner.versions
        self._timeless &= inner._timeless
        self.size += inner.size
        self.versions[key] = view.version
        types = types_of(translated, self._engine.types_of)
        selected = _as_created(view, types, key, name)
        names = ", ".join(f"c{i}" for i in range(len(types)))
        sql = f"(SELECT {selected} FROM ({translated.sql}) AS inner_({names}))"
        return Source(sql, dict(view.columns), self.versions[key])


def scan_of(source: Source) -> Scan:
    """A source for `translate`."""
    sql = exp.Table(this=exp.Var(this=source.sql))
    hidden = dict(source.hidden)
    types = {column: str(type_) for column, type_ in {**source.columns, **hidden}.items()}
    return Scan(sql, types, frozenset(hidden))


def types_of(translated: Translated, describe: Callable[[str], list[str]]) -> list[tt.Type]:
    """The types of a translated query's columns; DuckDB's where the translation knows none."""
    known = [column.type for column in translated.columns]
    if all(type_ is not None for type_ in known):
        return [type_ for type_ in known if type_ is not None]
    described = [tt.parse_type(str(tt.trino_type(text))) for text in describe(translated.sql)]
    return [a or b for a, b in zip(known, described, strict=True)]


def is_iceberg(table: Json) -> bool:
    """Whether a Glue table is an Iceberg table."""
    return str(table.get("Parameters", {}).get("table_type", "")).upper() == "ICEBERG"


def metadata_location(table: Json) -> str:
    """Where an Iceberg table's metadata file lies; TrinoError if the catalog does not say."""
    location = table["Parameters"].get("metadata_location")
    if not location:
        raise TrinoError(
            "ICEBERG_INVALID_METADATA",
            "Table is missing [metadata_location] property:"
            f" {table['DatabaseName']}.{table['Name']}",
        )
    return str(location)


def _as_created(view: View, types: Sequence[tt.Type], key: _Key, name: Name) -> str:
    """The view's columns, cast back where a table below has changed since; TrinoError if stale."""
    if len(types) != len(view.columns):
        raise _stale(
            key,
            name,
            f"stored view column count ({len(view.columns)}) does not match column count derived"
            f" from the view query analysis ({len(types)})",
        )
    selected = []
    for position, ((column, created), now) in enumerate(zip(view.columns, types, strict=True)):
        if not can_coerce(now, created):
            raise _stale(
                key,
                name,
                f"column [{column}] of type {now} projected from query view at position"
                f" {position} cannot be coerced to column [{column}] of type {created} stored in"
                " view definition",
            )
        value = cast_sql(f"c{position}", now, created)
        selected.append(f"{value} AS {tt.quoted(column)}")
    return ", ".join(selected)


def _stale(key: _Key, name: Name, why: str) -> TrinoError:
    view = f"{CATALOG}.{'.'.join(key)}"
    return TrinoError(
        "VIEW_IS_STALE", f"{name.where}: View '{view}' is stale or in invalid state: {why}"
    )
