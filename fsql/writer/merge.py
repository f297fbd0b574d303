"""The statements that put staged rows into a group's table, each in its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fsql.catalog import Entry
from fsql.model import FeatureGroup

__all__ = ["MAX_PARTITIONS", "merged_rows", "merges", "order_column", "part_column"]

MAX_PARTITIONS = 100
"""One statement may write to: https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html"""


def order_column(group: FeatureGroup) -> str:
    """The staged column that numbers the rows: a name that the group has no column of."""
    return _free(group, "row_")


def part_column(group: FeatureGroup) -> str:
    """The staged column that numbers the partitions of the target, from 0."""
    return _free(group, "part_")


def _free(group: FeatureGroup, name: str) -> str:
    while name in group.columns:
        name += "_"
    return name


def merges(group: FeatureGroup, target: Entry, staged: Entry, partitions: int) -> list[str]:
    """MERGE statements: a staged row takes the place of the row of its key and event time.

    Unless that one was created later. Each key and event time is in one statement only, so that
    all of them together do what one would, if Athena took it.

    Args:
        partitions: how many of the target's the staged rows belong to.
    """
    if partitions <= MAX_PARTITIONS:
        return [_merge(group, target, _newest(group, staged, ()))]
    part = _quoted(part_column(group))
    ranges = range(0, partitions, MAX_PARTITIONS)
    return [
        _merge(
            group,
            target,
            _newest(group, staged, (f"{part} BETWEEN {first} AND {first + MAX_PARTITIONS - 1}",)),
        )
        for first in ranges
    ]


def merged_rows(
    group: FeatureGroup, target: Entry, staged: Entry, parts: Sequence[int], where: str
) -> str:
    """A SELECT of the rows that some partitions have after a merge.

    Its last column says of each row whether it is a staged one.

    Args:
        parts: the partitions, as the staged rows number them.
        where: which rows of the target, called t, are in these partitions.
    """
    columns, identity = [c.name for c in group.columns], _identity(group)
    source = _newest(group, staged, (f"{_quoted(part_column(group))} IN ({_numbers(parts)})",))
    kept, wins, older = f"s.{_quoted(identity[0])} IS NULL", "", ""
    if group.created_time is not None:
        created, last = _quoted(group.created_time), _quoted(_free(group, "last_"))
        kept += (
            f" OR s.{created} < t.{created} OR (s.{created} IS NULL AND t.{created} IS NOT NULL)"
        )
        older = (
            f" LEFT JOIN (SELECT {_listed(identity)}, max({created}) AS {last} FROM"
            f" {_table(target)} AS t WHERE {where} GROUP BY {_listed(identity)}) AS t"
            f" ON ({_same(group)})"
        )
        wins = f" WHERE t.{last} IS NULL OR s.{created} >= t.{last}"
    return (
        f"WITH s AS ({source})"
        f" SELECT {_listed(columns, 't.')}, false FROM {_table(target)} AS t LEFT JOIN s"
        f" ON ({_same(group)}) WHERE ({where}) AND ({kept})"
        f" UNION ALL SELECT {_listed(columns, 's.')}, true FROM s{older}{wins}"
    )


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _merge(group: FeatureGroup, target: Entry, source: str) -> str:
    columns, identity = [c.name for c in group.columns], _identity(group)
    others = [name for name in columns if name not in identity]
    return (
        f"MERGE INTO {_table(target)} AS t USING ({source}) AS s ON ({_same(group)})"
        f"{_update(group, others)}"
        f" WHEN NOT MATCHED THEN INSERT ({_listed(columns)}) VALUES ({_listed(columns, 's.')})"
    )


def _identity(group: FeatureGroup) -> list[str]:
    times = [] if group.event_time is None else [group.event_time]
    return list(dict.fromkeys([*group.keys, *times]))


def _same(group: FeatureGroup) -> str:
    """Keys and event times are never NULL or NaN, so that `=` will do, by which Trino can join.

    By IS NOT DISTINCT FROM it compares each row with each.
    """
    return " AND ".join(f"t.{_quoted(name)} = s.{_quoted(name)}" for name in _identity(group))


def _newest(group: FeatureGroup, staged: Entry, conditions: Sequence[str]) -> str:
    """The staged rows, of several for the same key and time the one created last."""
    created = group.created_time
    first = "" if created is None else f"{_quoted(created)} DESC NULLS LAST, "
    columns = _listed(c.name for c in group.columns)
    chosen = " AND ".join([f"{_quoted(_rank(group))} = 1", *conditions])
    return (
        f"SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY"
        f" {_listed(_identity(group))} ORDER BY {first}{_quoted(order_column(group))} DESC) AS"
        f" {_quoted(_rank(group))} FROM {_table(staged)}) WHERE {chosen}"
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
