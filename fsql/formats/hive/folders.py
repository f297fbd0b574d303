"""Partition values as the names of folders, in Hive's way: ``y=2013/m=1/origin=a%2Fb``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import unquote

import numpy as np
import pyarrow as pa

from fsql.definition import Partition
from fsql.errors import StorageError
from fsql.hivekeys import NULL_FOLDER, PARTS, HiveKey

__all__ = ["Texts", "compared", "folder_of", "read_folder", "spelled", "typed", "value_of"]

Texts: TypeAlias = tuple[str | None, ...]
"""A partition's values as text, one for each key; None is NULL."""

# What Hive's own writers escape; all that stands for something in paths, URIs or patterns.
_ESCAPED = frozenset({*map(chr, range(0x20)), "\x7f", *"\"#%'*/:=?\\{[]^"})
_UNITS: Mapping[str, str] = {"year": "Y", "month": "M", "day": "D", "hour": "h"}


def folder_of(keys: Sequence[HiveKey], texts: Texts) -> str:
    """The folder of a partition, with a slash at its end unless there are no keys."""
    pairs = zip(keys, texts, strict=True)
    return "".join(f"{key.name}={_escaped(text)}/" for key, text in pairs)


def _escaped(text: str | None) -> str:
    if text is None:
        return NULL_FOLDER
    return "".join(f"%{ord(c):02X}" if c in _ESCAPED else c for c in text)


def read_folder(keys: Sequence[HiveKey], folder: str) -> Texts:
    """The inverse of `folder_of`.

    Raises:
        StorageError: it is no folder of these keys.
    """
    pairs = [part.partition("=") for part in folder.split("/")[:-1]]
    if [name for name, _, _ in pairs] != [key.name for key in keys]:
        expected = "/".join(f"{key.name}=…" for key in keys)
        raise StorageError(f"{folder!r} is no partition's folder. Expected {expected or 'none'}.")
    return tuple(None if value == NULL_FOLDER else unquote(value) for _, _, value in pairs)


def typed(key: HiveKey, text: str | None) -> pa.Scalar:
    """A value as the key's storage type has it."""
    if text is None:
        return pa.scalar(None, key.type)
    if pa.types.is_boolean(key.type):
        return pa.scalar(text == "true", key.type)
    if pa.types.is_date(key.type):
        return pa.scalar(dt.date.fromisoformat(text), key.type)
    return pa.scalar(int(text) if pa.types.is_integer(key.type) else text, key.type)


def compared(key: HiveKey, text: str | None) -> str:
    """What follows the key's column in an SQL condition that holds for a value."""
    if text is None:
        return "IS NULL"
    if pa.types.is_string(key.type):
        return "= '" + text.replace("'", "''") + "'"
    return f"= DATE '{text}'" if pa.types.is_date(key.type) else f"= {text}"


def spelled(partition: Partition, type_: pa.DataType, value: Any) -> Iterable[str | None]:
    """The texts of one partition field.

    Args:
        type_: the storage type of its column.
        value: in Iceberg's representation, as `fsql.formats.partitions` gives it.
    """
    if partition.transform != "identity":
        names = PARTS[partition.transform]
        return [None] * len(names) if value is None else _parts(partition.transform, value)
    if value is None:
        return [None]
    if pa.types.is_boolean(type_):
        return ["true" if value else "false"]
    if pa.types.is_date(type_):
        return [str(np.datetime64(value, "D"))]
    return [str(value)]


def _parts(transform: str, value: int) -> list[str]:
    time = np.datetime64(value, _UNITS[transform])  # type: ignore[call-overload]  # any unit
    month, day = time.astype("datetime64[M]"), time.astype("datetime64[D]")
    parts = (
        time.astype("datetime64[Y]").astype(int) + 1970,
        month.astype(int) % 12 + 1,
        (day - month.astype("datetime64[D]")).astype(int) + 1,
        time.astype("datetime64[h]").astype(int) % 24,
    )
    return [str(part) for part, _ in zip(parts, PARTS[transform], strict=False)]


def value_of(partition: Partition, type_: pa.DataType, texts: Sequence[str | None]) -> Any:
    """The inverse of `spelled`."""
    known = [text for text in texts if text is not None]
    if len(known) < len(texts):
        return None
    if partition.transform != "identity":
        return _counted(list(map(int, known)))
    if pa.types.is_boolean(type_):
        return known[0] == "true"
    if pa.types.is_date(type_):
        return int(np.datetime64(known[0], "D").astype(int))
    return int(known[0]) if pa.types.is_integer(type_) else known[0]


def _counted(parts: Sequence[int]) -> int:
    """Years, months, days or hours since 1970."""
    time = np.datetime64(parts[0] - 1970, "Y")
    for unit, part, first in zip("MDh", parts[1:], (1, 1, 0), strict=False):
        time = time.astype(f"datetime64[{unit}]") + (part - first)
    return int(time.astype(int))
