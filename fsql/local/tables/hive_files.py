"""Which files a Hive table has: those under its location, or those that its symlinks name.

A table without partitions has the files under its location, a partitioned one those under the
locations of the partitions that Glue knows. Names that start with ``_`` or ``.`` are no data
(Athena user guide, "Create tables in Athena", "Considerations"). With Hive's
SymlinkTextInputFormat the files found so are texts that name the data, one URI a line, as
S3 Inventory and Delta Lake write them; the partition's values belong to the files named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fsql.local.objects import Object, Objects
from fsql.local.store import split_uri
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.transpile import TrinoError
from fsql.local.wire import AwsError

__all__ = [
    "NULL_PARTITION",
    "HiveFile",
    "Part",
    "data_files",
    "files_of",
    "is_symlinked",
    "partitions_of",
    "parts_of",
    "table_location",
    "version_of",
]

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name for the partition of NULL."""
_SYMLINKS = "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"

Json = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A partition, or the whole of a table that has none: where it lies and its values."""

    location: str
    values: tuple[str, ...]
    storage: Json


@dataclass(frozen=True)
class HiveFile:
    """A data file: its object, the partition that it belongs to, and its URI."""

    found: Object
    part: Part
    uri: str

    @property
    def path(self) -> str:
        return self.found.place


def parts_of(glue: GlueCalls, table: Json) -> Iterator[Part]:
    """A table's partitions; the table itself as one part if it has no partition columns."""
    if not table.get("PartitionKeys"):
        yield Part(table_location(table), (), table["StorageDescriptor"])
        return
    for partition in partitions_of(glue, table):
        storage = {**table["StorageDescriptor"], **partition["StorageDescriptor"]}
        yield Part(storage["Location"], tuple(partition["Values"]), storage)


def files_of(objects: Objects, part: Part) -> list[HiveFile]:
    """The data files of a part as they are now.

    Raises:
        TrinoError: HIVE_BAD_DATA for a symlink that can't be understood, HIVE_FILESYSTEM_ERROR
            for one to a file that does not exist.
    """
    found = data_files(objects, part.location)
    if is_symlinked(part.storage):
        return [HiveFile(target, part, uri) for uri, target in _targets(objects, found)]
    bucket = split_uri(part.location)[0]
    return [HiveFile(each, part, f"s3://{bucket}/{each.key}") for each in found]


def is_symlinked(storage: Json) -> bool:
    """Whether files name the data instead of holding it."""
    return str(storage.get("InputFormat") or "") == _SYMLINKS


def data_files(objects: Objects, location: str) -> Iterator[Object]:
    """The files under a location that are not hidden, in the order of their keys."""
    bucket, prefix = split_uri(location)
    prefix = prefix and prefix.rstrip("/") + "/"
    for found in objects.list(f"s3://{bucket}/{prefix}"):
        below = found.key[len(prefix) :]
        hidden = any(part[:1] in ("_", ".") for part in below.split("/"))
        if found.size and not hidden:
            yield found


def _targets(objects: Objects, symlinks: Iterable[Object]) -> Iterator[tuple[str, Object]]:
    for symlink in symlinks:
        lines: tuple[str, ...] = ()
        with suppress(FileNotFoundError):  # deleted since it was listed
            lines = _lines(symlink)
        for uri in lines:
            try:
                target = objects.find(uri)
            except (AwsError, ValueError) as error:
                here = objects.uri(symlink.place)
                message = f"Error parsing symlinks from: {here} ({error})"
                raise TrinoError("HIVE_BAD_DATA", message) from error
            if target is None:
                raise TrinoError("HIVE_FILESYSTEM_ERROR", f"Input path does not exist: {uri}")
            if target.size:
                yield f"s3://{uri.partition('://')[2]}", target


@lru_cache(100_000)
def _lines(symlink: Object) -> tuple[str, ...]:
    """A symlink's lines; another version is another object."""
    with symlink.open() as file:
        lines = file.read().decode(errors="replace").split("\n")
    return tuple(line.strip() for line in lines if line.strip())


def partitions_of(glue: GlueCalls, table: Json) -> Iterator[Json]:
    """The partitions that Glue knows of a table."""
    request = {"DatabaseName": table["DatabaseName"], "TableName": table["Name"]}
    token: str | None = None
    while True:
        page = glue.call("GetPartitions", {**request, **({"NextToken": token} if token else {})})
        yield from page["Partitions"]
        token = page.get("NextToken")
        if not token:
            return


def table_location(table: Json) -> str:
    """Where a Glue table's data lies; TrinoError if it says nowhere."""
    location = table["StorageDescriptor"].get("Location")
    if not location:
        raise TrinoError(
            "HIVE_INVALID_METADATA", f"Table {table['Name']!r} has no location in the catalog"
        )
    return str(location)


def version_of(files: Sequence[HiveFile], table: Json) -> str:
    """A digest that changes whenever the table, its partitions or a data file change."""
    said = {key: value for key, value in table.items() if not key.endswith("Time")}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode())
    for file in files:
        found, part = file.found, file.part
        seen = (part.values, part.storage.get("SerdeInfo"), found.place)
        digest.update(repr((*seen, found.size, found.version)).encode())
    return digest.hexdigest()
