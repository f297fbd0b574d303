"""The columns of a SELECT brought into those of a group's table, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fsql.analysis.engine_types import from_arrow
from fsql.errors import nearest
from fsql.fitting import Problems
from fsql.fitting.base import Mismatch
from fsql.inserts.casts import stored_as
from fsql.inserts.queries import Given, Query, quoted
from fsql.model import FeatureGroup
from fsql.types import storage_type

__all__ = ["Matched", "matched", "required"]


@dataclass(frozen=True)
class Matched:
    """A SELECT that gives a table's columns in the types that are stored.

    Attributes:
        sql: the SELECT.
        names: the columns it gives, in the table's order.
        missing: the table's other columns; they become NULL.
        counted: columns of floats that come from integers, which may be beyond what floats count.
    """

    sql: str
    names: tuple[str, ...]
    missing: tuple[str, ...]
    counted: frozenset[str]


def required(group: FeatureGroup) -> frozenset[str]:
    """The columns that must not be NULL."""
    times = () if group.event_time is None else (group.event_time,)
    strict = (c.name for c in group.columns if not c.nullable)
    return frozenset((*group.keys, *times, *strict))


def matched(group: FeatureGroup, query: Query) -> Matched:
    """Match a SELECT's columns, cast where nothing can be lost.

    Raises:
        InvalidData: columns are missing, unknown, ambiguous or of another type; all are named.
    """
    names = group.arrow_schema.names
    problems = Problems(group.name, names)
    places = _places(group, query.columns, problems)
    items, counted = {}, set()
    for name, place in places.items():
        given, exact = query.columns[place], group.arrow_schema.field(name)
        try:
            items[name] = _cut(group, exact, _stored(f"c{place}", given, exact))
        except Mismatch as mismatch:
            problems.add(name, str(mismatch))
        if pa.types.is_floating(exact.type) and given.type.name in _COUNTS:
            counted.add(name)
    problems.check()
    selected = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in items.items())
    inner = ", ".join(f"c{place}" for place in range(len(query.columns)))
    return Matched(
        sql=f"SELECT {selected} FROM (\n{query.sql}\n) AS rows_ ({inner})",
        names=tuple(items),
        missing=tuple(name for name in names if name not in items),
        counted=frozenset(counted),
    )


_COUNTS = ("integer", "bigint")


def _places(group: FeatureGroup, columns: Sequence[Given], problems: Problems) -> Mapping[str, int]:
    """For each of the table's columns its place in the SELECT; letters' case means nothing."""
    given = [column.name.lower() for column in columns]
    for name in dict.fromkeys(given):
        if name not in group.columns:
            problems.add(name, _stranger(name, group.columns.keys()))
        elif given.count(name) > 1:
            problems.add(name, "stands in the SELECT twice. Name one of them otherwise, with AS.")
    for name in group.arrow_schema.names:
        if name in required(group) and name not in given:
            close = nearest(name, given, most=1)
            like = f" {close[0]!r} looks like it." if close else ""
            problems.add(name, f"is missing in the SELECT, and must not be NULL.{like}")
    return {name: given.index(name) for name in group.arrow_schema.names if name in given}


def _stranger(name: str, known: Sequence[str]) -> str:
    if name.startswith("_col") and name[4:].isdigit():
        return "has no name in the SELECT. Give it that of a column, with AS."
    close = nearest(name, known, most=1)
    return "is no column of the group" + (f"; {close[0]!r} looks like it." if close else ".")


def _stored(sql: str, given: Given, exact: pa.Field) -> str:
    wanted = from_arrow(storage_type(exact.type))
    if wanted is None:
        raise Mismatch(f"has the type {exact.type}, which Athena does not write.")
    if given.field is not None and _counts_differ(given.field.type, exact.type):
        raise Mismatch(
            f"holds {given.field.type}, expected {exact.type}. Both are stored as counts of their"
            " unit; convert the count, and write CAST(… AS bigint) around it."
        )
    return stored_as(sql, given.type, wanted)


def _cut(group: FeatureGroup, exact: pa.Field, sql: str) -> str:
    """Times of a Hive-style group that cuts finer ones to the milliseconds that it holds."""
    definition = group.definition
    cuts = definition.truncate and definition.table_format == "hive"
    if not cuts or not pa.types.is_timestamp(storage_type(exact.type)):
        return sql
    return f"date_trunc('millisecond', {sql})"


def _counts_differ(given: pa.DataType, exact: pa.DataType) -> bool:
    """Whether one is a time of day or a duration, and the other is not the same."""
    counts = (pa.types.is_time, pa.types.is_duration)
    return given != exact and any(test(type_) for test in counts for type_ in (given, exact))
