"""Partitions as folders spell them: ``y=1111/m=11/d=11``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote

from fsql.storage import path_of

__all__ = ["Keys", "Partition", "infer_types", "known_type", "parse", "wrong_value"]

Keys = Mapping[str, str]
"""Partition columns in order, and their Hive types."""

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"  # Hive's name for the partition of NULL
_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "integer": 32, "bigint": 64}
_PARAMETERS = re.compile(r"\(.*\)$")


@dataclass(frozen=True)
class Partition:
    """One partition: its values in the order of the keys, and its s3:// folder."""

    values: tuple[str, ...]
    location: str


def parse(path: str, base: str, names: Sequence[str]) -> Partition:
    """Read a partition's path.

    Args:
        path: relative to `base`, or a whole URI below it; folders without ``=`` may stand
            around the ``key=value`` ones.
        base: the table's location, with a slash at its end.
        names: the partition columns, in lower case.

    Raises:
        ValueError: it is no such path; the message says why.
    """
    folders = _relative(path, base).split("/")
    pairs = [(place, *text.partition("=")) for place, text in enumerate(folders) if "=" in text]
    found = [(place, name.lower(), unquote(value)) for place, name, _, value in pairs]
    if [name for _, name, _ in found] != list(names):
        given = ", ".join(name for _, name, _ in found) or "none"
        raise ValueError(f"has the keys {given}; expected {'/'.join(f'{n}=…' for n in names)}")
    empty = [name for _, name, value in found if not value]
    if empty:
        raise ValueError(f"has no value for {', '.join(empty)}")
    location = base + "/".join(folders[: found[-1][0] + 1])
    return Partition(tuple(value for _, _, value in found), location)


def _relative(path: str, base: str) -> str:
    if "://" not in path:
        return path.strip("/")
    inner, outer = path_of(path), path_of(base)
    if not inner.startswith(outer):
        raise ValueError(f"does not lie below the table's location {base}")
    return inner[len(outer) :].strip("/")


def wrong_value(partition: Partition, keys: Keys) -> str | None:
    """What of a partition is not of its column's type, in words; None if all is."""
    for value, (name, type_) in zip(partition.values, keys.items(), strict=True):
        if value != NULL_PARTITION and not _fits(value, type_):
            return f"has {name}={value}, which is no {type_}"
    return None


def infer_types(names: Sequence[str], partitions: Iterable[Partition]) -> dict[str, str]:
    """Hive types for partition columns: integers and dates if all values are, else text."""
    columns: list[set[str]] = [set() for _ in names]
    for partition in partitions:
        for seen, value in zip(columns, partition.values, strict=True):
            seen.add(value)
    pairs = zip(names, columns, strict=True)
    return {name: _inferred(values - {NULL_PARTITION}) for name, values in pairs}


def _inferred(values: set[str]) -> str:
    for type_ in ("int", "bigint", "date"):
        if values and all(_fits(value, type_) for value in values):
            return type_
    return "string"


def known_type(type_: str) -> bool:
    """Whether a partition column may have a Hive type."""
    return type_ in _BITS or _kind(type_) in _CHECKS


def _fits(value: str, type_: str) -> bool:
    if type_ in _BITS:
        most = 2 ** (_BITS[type_] - 1)
        return bool(re.fullmatch(r"[+-]?[0-9]{1,19}", value)) and -most <= int(value) < most
    try:
        _CHECKS.get(_kind(type_), str)(value)
    except (ValueError, InvalidOperation):
        return False
    return True


def _kind(type_: str) -> str:
    return _PARAMETERS.sub("", type_)


def _boolean(value: str) -> None:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)


def _date(value: str) -> None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(value)
    dt.date.fromisoformat(value)


_CHECKS: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "varchar": str,
    "char": str,
    "boolean": _boolean,
    "date": _date,
    "timestamp": dt.datetime.fromisoformat,
    "float": float,
    "double": float,
    "decimal": Decimal,
}
