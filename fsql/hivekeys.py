"""The partition keys of a Hive-style group: what the names of its folders spell.

A column is a key itself, or its year, month, day and hour are: ``day(t)`` means the folders
``y=2013/m=1/d=31``. Athena shows keys as columns behind all others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fsql.definition import Partition
from fsql.types import storage_type

__all__ = ["NULL_FOLDER", "PARTS", "HiveKey", "hive_keys", "hive_problems"]

NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"
"""What Hive calls the folder of NULL."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "year": ("y",),
    "month": ("y", "m"),
    "day": ("y", "m", "d"),
    "hour": ("y", "m", "d", "h"),
}
"""The keys that a transform of a time becomes."""

_KEY_TYPES = (pa.string(), pa.int32(), pa.int64(), pa.date32(), pa.bool_())
_FIELD_NAME = re.compile(r"[\w .$]+")
_ICEBERG = "or use table_format='iceberg'"


@dataclass(frozen=True)
class HiveKey:
    """One partition key.

    Attributes:
        name: the column's own name; of a part of a time "y", "m", "d" or "h".
        type: the storage type of its values.
        partition: the declared partition that it comes from.
    """

    name: str
    type: pa.DataType
    partition: Partition

    @property
    def is_column(self) -> bool:
        """Whether it is a declared column, which then is in no file."""
        return self.partition.transform == "identity"


def hive_keys(partitions: Sequence[Partition], storage: pa.Schema) -> tuple[HiveKey, ...]:
    """The partition keys, in order.

    Args:
        storage: the group's columns in their storage types.
    """
    keys: list[HiveKey] = []
    for partition in partitions:
        if partition.transform == "identity":
            keys.append(HiveKey(partition.column, storage.field(partition.column).type, partition))
        else:
            keys += [HiveKey(name, pa.int32(), partition) for name in PARTS[partition.transform]]
    return tuple(keys)


def hive_problems(partitions: Sequence[Partition], exact: pa.Schema) -> Iterator[str]:
    """What keeps a declaration from being stored in Hive-style folders, with remedies."""
    for field in exact:
        for name in _unreadable(storage_type(field.type)):
            yield (
                f"column {field.name!r} has a field {name!r}. In the types of a Hive-style table"
                f" names hold letters, digits, spaces, '_', '.' and '$'; rename it, {_ICEBERG}."
            )
    known = [partition for partition in partitions if partition.column in exact.names]
    found = [_problem(partition, exact.field(partition.column).type) for partition in known]
    yield from filter(None, found)
    if any(found):
        return
    names = Counter(key.name for key in hive_keys(known, _storage(exact)))
    for name, times in names.items():
        if times > 1:
            yield (
                f"partition_by makes the key {name!r} of a Hive-style table {times} times. Keep one"
                " of them; day(column) has its month and year too."
            )
    yield from _clashes(known, exact)
    if exact.names and {p.column for p in known if p.transform == "identity"} == {*exact.names}:
        yield f"partition_by takes every column, and files need one. Leave one out, {_ICEBERG}."


def _storage(exact: pa.Schema) -> pa.Schema:
    return pa.schema([(field.name, storage_type(field.type)) for field in exact])


def _unreadable(stored: pa.DataType) -> Iterator[str]:
    """The names within a type that Hive's parser of types, and so Athena's, does not take."""
    if pa.types.is_struct(stored):
        names = [field.name for field in stored]
        yield from (n for n in names if not _FIELD_NAME.fullmatch(n) or n != n.strip())
    for place in range(stored.num_fields):
        yield from _unreadable(stored.field(place).type)


def _problem(partition: Partition, exact: pa.DataType) -> str | None:
    said, transform, stored = f"partition_by {partition}", partition.transform, storage_type(exact)
    is_time, is_date = pa.types.is_timestamp(stored), pa.types.is_date(stored)
    if transform in ("bucket", "truncate"):
        return (
            f"{said}: a Hive-style table has no {transform}. Partition by a column that holds the"
            f" value, {_ICEBERG}."
        )
    if transform == "identity" and is_time:
        return f"{said}: a time is too fine for folders. Use day({partition.column}), {_ICEBERG}."
    if transform == "identity" and stored not in _KEY_TYPES:
        return (
            f"{said} has type {exact}. Expected text, an integer, a date or a bool, whose values"
            f" a folder's name spells exactly; partition by such a column, {_ICEBERG}."
        )
    if transform in PARTS and not (is_time or (is_date and transform != "hour")):
        return f"{said}: the column has type {exact}. Expected a time to take the {transform} of."
    return None


def _clashes(partitions: Sequence[Partition], exact: pa.Schema) -> Iterator[str]:
    for partition in partitions:
        if partition.transform == "identity":
            continue
        for name in PARTS[partition.transform]:
            if name in exact.names:
                yield (
                    f"partition_by {partition} makes the key {name!r} of a Hive-style table, and"
                    f" there is a column of that name. Rename the column, {_ICEBERG}."
                )
