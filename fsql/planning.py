"""What a statement reads and how its rows had best travel."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias

import pyarrow as pa

from fsql.analysis import (
    Analysis,
    AsOf,
    Earlier,
    Lookup,
    Output,
    Relation,
    Touched,
    analyse,
    touched,
)
from fsql.catalog import Catalog, Entry
from fsql.errors import ConfigError
from fsql.formats import row_count, state_of
from fsql.formats.earlier import earlier_columns, earlier_rows
from fsql.formats.hive.manifests import State
from fsql.types import storage_type

__all__ = ["Plan", "Planner", "TransportName", "prefers_unload"]

TransportName: TypeAlias = Literal["auto", "engine", "scan"]
TRANSPORTS: tuple[TransportName, ...] = ("auto", "engine", "scan")
UNLOAD_ROWS = 50_000  # more than this and Parquet beats text
FILTERED_SHARE = 0.01
REMEMBERED = 512


@dataclass(frozen=True)
class Plan:
    """A statement and what the catalog said of its tables at this moment.

    Attributes:
        sql: the statement as Athena would get it.
        analysis: what can be said of it without running it.
        entries: the tables it was understood with, by database and name.
        database: the database of names that have none.
        states: what Hive-style tables consisted of; the others' entries tell that.
    """

    sql: str
    analysis: Analysis
    entries: Mapping[tuple[str, str], Entry | None] = field(default_factory=dict)
    database: str = ""
    states: Mapping[tuple[str, str], State | None] = field(default_factory=dict)

    @property
    def outputs(self) -> tuple[Output, ...] | None:
        """The columns of the result, where they are known."""
        return self.analysis.outputs


class Planner:
    """Analyses statements, and remembers those whose tables have not changed since."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._plans: OrderedDict[tuple[str, str], Plan] = OrderedDict()
        self._lock = threading.Lock()

    def plan(self, sql: str, database: str) -> Plan:
        """Analyse a statement; one GetTable for each table that it reads."""
        key = sql, database
        with self._lock:
            known = self._plans.get(key)
        if known is not None:
            entries = {name: self._find(*name) for name in known.entries}
            same = all(_same(entries[name], known.entries[name]) for name in entries)
            if same and self._states(entries) == known.states:
                return Plan(sql, known.analysis, entries, database, known.states)
        plan = self._analyse(sql, database)
        self._remember(key, plan)
        return plan

    def _analyse(self, sql: str, database: str) -> Plan:
        entries: dict[tuple[str, str], Entry | None] = {}
        states: dict[tuple[str, str], State | None] = {}
        analysis = analyse(sql, self._lookup(entries, states, database), database)
        return Plan(sql, analysis, entries, database, states)

    def _states(
        self, entries: Mapping[tuple[str, str], Entry | None]
    ) -> dict[tuple[str, str], State | None]:
        known = {name: entry for name, entry in entries.items() if entry is not None}
        return {name: state_of(self.catalog, entry) for name, entry in known.items()}

    def touched(self, plan: Plan) -> Touched | None:
        """What a statement touches at most, by the tables it was planned with."""
        lookup = self._lookup(dict(plan.entries), dict(plan.states), plan.database)
        return touched(plan.sql, lookup, plan.database)

    def _lookup(
        self,
        entries: dict[tuple[str, str], Entry | None],
        states: dict[tuple[str, str], State | None],
        database: str,
    ) -> Lookup:
        """What the catalog knows; each entry that is asked for is noted, and its state."""

        def look_up(schema: str | None, table: str) -> Relation | None:
            name = schema or database, table
            if name not in entries:
                entries[name] = self._find(*name)
            entry = entries[name]
            if entry is None:
                return None
            if name not in states:
                states[name] = state_of(self.catalog, entry)
            return self._relation(entry, states[name])

        return look_up

    def _find(self, database: str, table: str) -> Entry | None:
        return self.catalog.find(table, database)

    def _relation(self, entry: Entry, state: State | None) -> Relation:
        return Relation(
            columns={field.name.lower(): field for field in entry.table_schema},
            exact=entry.is_group,
            query=entry.view_sql if entry.is_view else None,
            database=entry.names_in,
            rows=row_count(self.catalog, entry, state),
            earlier=partial(self._earlier, entry),
            stored=_stored(zip(entry.table_schema, entry.engine_schema.types, strict=True))
            if entry.is_group
            else {},
        )

    def _earlier(self, entry: Entry, as_of: AsOf) -> Earlier | None:
        columns = earlier_columns(self.catalog, entry, as_of.snapshot, as_of.millis)
        if columns is None:
            return None
        count = earlier_rows(self.catalog, entry, as_of.snapshot, as_of.millis)
        return {field.name.lower(): field for field, _ in columns}, _stored(columns), count

    def _remember(self, key: tuple[str, str], plan: Plan) -> None:
        with self._lock:
            self._plans[key] = plan
            while len(self._plans) > REMEMBERED:
                self._plans.popitem(last=False)


def _stored(columns: Iterable[tuple[pa.Field, pa.DataType]]) -> dict[str, pa.DataType]:
    """The types of columns that are not stored as their exact ones would be."""
    return {
        field.name.lower(): stored
        for field, stored in columns
        if stored != storage_type(field.type)
    }


def _same(one: Entry | None, other: Entry | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.glue == other.glue


def check_transport(name: str) -> None:
    """Refuse a transport that does not exist.

    Raises:
        ConfigError: it names the ones that do.
    """
    if name not in TRANSPORTS:
        raise ConfigError(f"transport={name!r}. Expected {', '.join(map(repr, TRANSPORTS))}.")


def prefers_unload(analysis: Analysis) -> bool:
    """Whether a result had better travel as Parquet: it is nested, or may be large."""
    if analysis.outputs is None:
        return False
    if any(_is_nested(output) for output in analysis.outputs):
        return True
    return _expected_rows(analysis) > UNLOAD_ROWS


def _expected_rows(analysis: Analysis) -> float:
    """A guess: a filter is taken to keep one row in a hundred; 0 where nothing is known."""
    rows = analysis.row_bound or 0
    filtered = analysis.scan is not None and analysis.scan.predicate is not None
    return rows * FILTERED_SHARE if filtered else rows


def _is_nested(output: Output) -> bool:
    return (output.trino_type or "").startswith(("array(", "map(", "row("))
