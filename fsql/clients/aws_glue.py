"""Glue tables over data that lies on S3 already.

register_table("logs", "clicks", "s3://acme/clicks/", partition=["y", "m", "d"])
add_partitions("logs", "clicks", ["y=2026/m=11/d=22", "s3://acme/clicks/y=2026/m=11/d=23/"])
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa
from botocore.exceptions import ClientError
from tqdm import tqdm

from fsql.catalog import Catalog, Entry
from fsql.clients.files import data_files, discover
from fsql.clients.partitions import (
    Keys,
    Partition,
    infer_types,
    known_type,
    parse,
    wrong_value,
)
from fsql.clients.serdes import storage_descriptor, table_parameters
from fsql.dialect import catalog_of, create_engine
from fsql.errors import (
    CatalogError,
    ConfigError,
    InvalidData,
    InvalidName,
    Problem,
    StorageError,
    TableExists,
    nearest,
)
from fsql.storage import path_of

__all__ = ["AddedPartitions", "RegisteredTable", "add_partitions", "register_table"]

Store: TypeAlias = str | sa.URL | sa.Engine | None
AT_ONCE = 99  # Glue takes 100: https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
SHOWN = 20
_NAME = re.compile(r"[a-z0-9_]{1,255}")


@dataclass(frozen=True)
class RegisteredTable:
    """A table that was registered.

    Attributes:
        database, name, location: where it is.
        format: "parquet", "csv" or "json".
        columns: their Hive types, by name.
        partition_keys: the same of the partition columns.
        files: how many there are now.
        partitions: how many were registered with it.
        ignored: names of ``name=value`` folders that are no columns.
    """

    database: str
    name: str
    location: str
    format: str
    columns: Mapping[str, str]
    partition_keys: Keys
    files: int
    partitions: int
    ignored: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = [
            _counted(len(self.columns) + len(self.partition_keys), "column"),
            _counted(self.files, "file"),
            *([_counted(self.partitions, "partition")] if self.partition_keys else []),
        ]
        words = (
            f"Registered {self.database}.{self.name}: {self.format}, {', '.join(counts)},"
            f" at {self.location}."
        )
        if self.ignored:
            words += f" Its folders name {', '.join(self.ignored)}: pass partition= for columns."
        return words


@dataclass(frozen=True)
class AddedPartitions:
    """What became of partitions.

    Attributes:
        added, existing: paths as they were given; what existed is as it was.
        failed: the same, with the reason.
    """

    added: tuple[str, ...] = ()
    existing: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        counts = f"Added {len(self.added):,}, {len(self.existing):,} existed"
        if not self.failed:
            return f"{counts}."
        shown = [f"  - {path}: {why}" for path, why in list(self.failed.items())[:SHOWN]]
        rest = [f"  - … and {len(self.failed) - SHOWN:,} more"] * (len(self.failed) > SHOWN)
        return "\n".join([f"{counts}, {len(self.failed):,} failed:", *shown, *rest])


def register_table(
    db: str,
    table: str,
    s3_path: str,
    partition: Sequence[str] | Mapping[str, str] | None = None,
    *,
    engine: Store = None,
) -> RegisteredTable:
    """Register a Glue table over Parquet, CSV or JSON lines files.

    The format and the columns are found out from the files. Of Parquet every footer is read, of
    text the first 16 MB of every file; CSV has a header. Integers, floats and decimals of
    several files are widened; in CSV, what has no other type in common is text. Columns that
    only some files have are taken too (CSV is read by position, so its headers must agree).

    Args:
        db: a Glue database that exists.
        table: a name that does not exist there.
        s3_path: the folder of the files, ``s3://bucket/prefix``.
        partition: the columns that ``y=2026/m=11/d=22`` folders below it spell, in order, or
            those with their Hive types. Without types, integers and dates are told from the
            values, also ``m=01``; anything else is text. The partitions are registered too.
        engine: an engine or URL; None is what FSQL_URL says, and else ``fsql:///.fsql``.

    Raises:
        CatalogError: there is no such database, or (TableExists) such a table.
        InvalidData: the files do not make one table; every problem is told.
        ConfigError: several formats, one that Athena cannot read, or wrong `partition`.
        StorageError: there are no files, or they cannot be read.
    """
    catalog = _catalog(engine)
    _check_free(catalog, db, table)
    location = f"s3://{path_of(s3_path).strip('/')}/"
    files = data_files(catalog.storage, location)
    names = _names(partition)
    folders = _folders(table, files, location, names)
    keys = _keys(partition, names, folders)
    found = discover(catalog.storage, table, files)
    columns = {name: type_ for name, type_ in found.columns.items() if name not in keys}
    if not columns:
        raise InvalidData(table, [Problem(None, "the files have no columns of their own.")])
    _check_values(table, folders, keys)
    descriptor = storage_descriptor(found, columns, location)
    request = {
        "Name": table,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": table_parameters(found),
        "StorageDescriptor": descriptor,
        "PartitionKeys": [{"Name": name, "Type": type_} for name, type_ in keys.items()],
    }
    _create(catalog, db, request, folders)
    return RegisteredTable(
        database=db,
        name=table,
        location=location,
        format=found.format,
        columns={column["Name"]: column["Type"] for column in descriptor["Columns"]},
        partition_keys=keys,
        files=len(files),
        partitions=len(folders),
        ignored=() if keys else _ignored(files, location),
    )


def add_partitions(
    db: str, table: str, partitions: Iterable[str], *, engine: Store = None
) -> AddedPartitions:
    """Register partitions of a table, 99 at a time; what exists is kept as it is.

    A bad path does not keep the others from being added: it is in the result, with the reason.
    Calling again with the same paths adds only what is missing.

    Args:
        db, table: a Glue table with partition columns, no Iceberg table.
        partitions: ``y=1111/m=11/d=11`` relative to the table's location, or whole URIs below
            it. Whether there is data is not looked at.
        engine: as in `register_table`.

    Raises:
        CatalogError: there is no such database or (TableNotFound) table, it has no such
            partitions, or Glue refused a call; what was added before stays.
    """
    catalog = _catalog(engine)
    _check_database(catalog, db)
    entry = catalog.get(table, db)
    keys = {key["Name"].lower(): key["Type"] for key in entry.glue.get("PartitionKeys") or ()}
    if not keys or entry.location is None or entry.is_iceberg or entry.is_view:
        raise CatalogError(_no_partitions(entry))
    given = [partitions] if isinstance(partitions, str) else list(partitions)
    base = entry.location.rstrip("/") + "/"
    good, failed = _sorted_out(given, base, keys)
    added, existing = list[str](), list[str]()
    with tqdm(total=len(good), desc=table, unit=" partitions", disable=None, delay=0.5) as bar:
        for paths, refused in _sent(catalog, entry, good):
            for path in paths:
                why = refused.get(good[path].values)
                if why is None:
                    added.append(path)
                elif why == _EXISTS:
                    existing.append(path)
                else:
                    failed[path] = why
            bar.update(len(paths))
    return AddedPartitions(tuple(added), tuple(existing), failed)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_EXISTS = "AlreadyExistsException"


def _catalog(engine: Store) -> Catalog:
    return catalog_of(engine if isinstance(engine, sa.Engine) else create_engine(engine))


def _check_free(catalog: Catalog, db: str, table: str) -> None:
    if not _NAME.fullmatch(table):
        raise InvalidName(
            f"table {table!r} is not allowed. Expected lower-case letters, digits and underscores."
        )
    _check_database(catalog, db)
    if catalog.find(table, db) is not None:
        raise _exists(table, db)


def _exists(table: str, db: str) -> TableExists:
    return TableExists(table, db, "Choose another name, or drop the table first.")


def _check_database(catalog: Catalog, db: str) -> None:
    try:
        catalog.glue.get_database(Name=db)
    except catalog.glue.exceptions.EntityNotFoundException as error:
        pages = catalog.glue.get_paginator("get_databases").paginate()
        known = [each["Name"] for page in pages for each in page["DatabaseList"]]
        close = " or ".join(map(repr, nearest(db, known)))
        hint = f"Did you mean {close}?" if close else "Make it with: CREATE DATABASE"
        raise CatalogError(f"Database {db!r} does not exist. {hint}") from error


def _names(given: Sequence[str] | Mapping[str, str] | None) -> list[str]:
    names = [name.lower() for name in given or ()]
    if isinstance(given, str) or len(set(names)) < len(names):
        raise ConfigError(f"partition={given!r}. Expected names such as ['y', 'm'], each once.")
    return names


def _folders(
    table: str, files: Sequence[str], location: str, names: Sequence[str]
) -> list[Partition]:
    """The partitions that the files lie in."""
    if not names:
        return []
    found: dict[tuple[str, ...], Partition] = {}
    for folder in dict.fromkeys(uri.rpartition("/")[0] + "/" for uri in files):
        try:
            partition = parse(folder, location, names)
        except ValueError as error:
            raise InvalidData(table, [Problem(None, f"{folder} {error}.")]) from error
        other = found.setdefault(partition.values, partition)
        if other.location != partition.location:
            what = f"{other.location} and {partition.location} spell the same partition."
            raise InvalidData(table, [Problem(None, what)])
    return list(found.values())


def _keys(
    given: Sequence[str] | Mapping[str, str] | None,
    names: Sequence[str],
    folders: Iterable[Partition],
) -> Keys:
    if isinstance(given, str) or len(set(names)) < len(names):
        raise ConfigError(
            f"partition={given!r}. Expected names such as ['y', 'm', 'd'], each once."
        )
    if not isinstance(given, Mapping):
        return infer_types(names, folders)
    types = {name.lower(): type_.lower().replace(" ", "") for name, type_ in given.items()}
    wrong = [f"{name}: {type_}" for name, type_ in types.items() if not known_type(type_)]
    if wrong:
        raise ConfigError(
            f"partition has types that partitions cannot: {', '.join(wrong)}."
            " Expected Hive's, such as int, string or date."
        )
    return types


def _check_values(table: str, folders: Iterable[Partition], keys: Keys) -> None:
    wrong = [f"{p.location} {why}." for p in folders if (why := wrong_value(p, keys)) is not None]
    if wrong:
        raise InvalidData(table, [Problem(None, what) for what in wrong[:SHOWN]])


def _ignored(files: Iterable[str], location: str) -> tuple[str, ...]:
    folders = (folder for uri in files for folder in uri[len(location) :].split("/")[:-1])
    return tuple(dict.fromkeys(f.partition("=")[0] for f in folders if "=" in f))


def _create(
    catalog: Catalog, db: str, request: Mapping[str, Any], folders: Sequence[Partition]
) -> None:
    """Make the table and its partitions, or nothing."""
    glue, table = catalog.glue, request["Name"]
    try:
        glue.create_table(DatabaseName=db, TableInput=request)
    except glue.exceptions.AlreadyExistsException as error:
        raise _exists(table, db) from error
    except ClientError as error:
        raise CatalogError(f"Glue refused table {table!r}: {_reason(error)}") from error
    try:
        good = {partition.location: partition for partition in folders}
        for _, refused in _sent(catalog, catalog.get(table, db), good):
            for why in refused.values():
                raise CatalogError(f"Glue refused a partition of {table!r}: {why}")
    except BaseException:
        glue.delete_table(DatabaseName=db, Name=table)
        raise


def _sorted_out(
    given: Iterable[str], base: str, keys: Keys
) -> tuple[dict[str, Partition], dict[str, str]]:
    """The paths that are partitions, and why the others are not."""
    good, failed = dict[str, Partition](), dict[str, str]()
    places: dict[tuple[str, ...], str] = {}
    for path in dict.fromkeys(given):
        try:
            partition = parse(path, base, list(keys))
        except (ValueError, StorageError) as error:
            failed[path] = str(error)
            continue
        place = places.get(partition.values, partition.location)
        why = wrong_value(partition, keys)
        if why is None and place != partition.location:
            why = f"is the same partition as {place}, which came first"
        if why is not None:
            failed[path] = why
        elif partition.values not in places:  # else it is the same, in other words
            places[partition.values] = place
            good[path] = partition
    return good, failed


def _sent(
    catalog: Catalog, entry: Entry, good: Mapping[str, Partition]
) -> Iterator[tuple[list[str], dict[tuple[str, ...], str]]]:
    """Send partitions to Glue; the paths of each call, and what Glue said of its values."""
    descriptor = entry.glue["StorageDescriptor"]
    paths = list(good)
    for start in range(0, len(paths), AT_ONCE):
        some = paths[start : start + AT_ONCE]
        inputs = [
            {
                "Values": list(good[path].values),
                "StorageDescriptor": {**descriptor, "Location": good[path].location + "/"},
            }
            for path in some
        ]
        try:
            said = catalog.glue.batch_create_partition(
                DatabaseName=entry.database, TableName=entry.name, PartitionInputList=inputs
            )
        except ClientError as error:
            raise CatalogError(
                f"Glue refused partitions of {entry.name!r} after {start:,} were sent:"
                f" {_reason(error)} Call again to add the rest."
            ) from error
        yield some, {tuple(e["PartitionValues"]): _why(e) for e in said.get("Errors") or ()}


def _why(error: Mapping[str, Any]) -> str:
    detail = error.get("ErrorDetail") or {}
    code = str(detail.get("ErrorCode", "refused"))
    return code if code == _EXISTS else f"{code}: {detail.get('ErrorMessage', '')}"


def _reason(error: ClientError) -> str:
    details = error.response.get("Error", {})
    return f"{details.get('Code')}: {details.get('Message')}"


def _no_partitions(entry: Entry) -> str:
    what = "is an Iceberg table, which knows its own partitions" if entry.is_iceberg else ""
    what = what or ("is a view" if entry.is_view else "has no partition columns")
    return f"Table {entry.name!r} in database {entry.database!r} {what}."
