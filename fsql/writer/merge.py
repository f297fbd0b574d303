"""The statement that puts staged rows into a group's table, each in its place."""

from __future__ import annotations

from collections.abc import Iterable

from fsql.catalog import Entry
from fsql.model import FeatureGroup

__all__ = ["merge_sql", "order_column"]


def order_column(group: FeatureGroup) -> str:
    """The staged column that numbers the rows: a name that the group has no column of."""
    name = "row_"
    while name in group.columns:
        name += "_"
    return name


def merge_sql(group: FeatureGroup, target: Entry, staged: Entry) -> str:
    """One MERGE: a staged row takes the place of the row of its key and event time.

    Unless that one was created later. Keys and event times are never NULL, so that `=` will do,
    by which Trino can join; by IS NOT DISTINCT FROM it compares each row with each.
    """
    columns, identity = [c.name for c in group.columns], _identity(group)
    others = [name for name in columns if name not in identity]
    same = " AND ".join(f"t.{_quoted(name)} = s.{_quoted(name)}" for name in identity)
    return (
        f"MERGE INTO {_table(target)} AS t USING ({_newest(group, staged)}) AS s ON ({same})"
        f"{_update(group, others)}"
        f" WHEN NOT MATCHED THEN INSERT ({_listed(columns)}) VALUES ({_listed(columns, 's.')})"
    )


def _identity(group: FeatureGroup) -> list[str]:
    times = [] if group.event_time is None else [group.event_time]
    return list(dict.fromkeys([*group.keys, *times]))


def _newest(group: FeatureGroup, staged: Entry) -> str:
    """The staged rows, of several for the same key and time the one created last."""
    created = group.created_time
    first = "" if created is None else f"{_quoted(created)} DESC NULLS LAST, "
    columns = _listed(c.name for c in group.columns)
    return (
        f"SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY"
        f" {_listed(_identity(group))} ORDER BY {first}{_quoted(order_column(group))} DESC) AS"
        f" {_quoted(_rank(group))} FROM {_table(staged)}) WHERE {_quoted(_rank(group))} = 1"
    )


def _rank(group: FeatureGroup) -> str:
    return f"{order_column(group)}rank_"


def _update(group: FeatureGroup, columns: list[str]) -> str:
    if not columns:
        return ""
    created, when = group.created_time, ""
    if created is not None:
        mine, theirs = f"s.{_quoted(created)}", f"t.{_quoted(created)}"
        when = f" AND ({theirs} IS NULL OR {mine} >= {theirs})"
    values = ", ".join(f"{_quoted(name)} = s.{_quoted(name)}" for name in columns)
    return f" WHEN MATCHED{when} THEN UPDATE SET {values}"


def _table(entry: Entry) -> str:
    return f"{_quoted(entry.database)}.{_quoted(entry.name)}"


def _listed(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(prefix + _quoted(name) for name in names)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
