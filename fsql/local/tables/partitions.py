"""Partitions of Hive tables: ALTER TABLE ADD, DROP and RENAME PARTITION, MSCK REPAIR TABLE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import unquote

from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.unload import partition_folder
from fsql.local.store import split_uri
from fsql.local.tables.hive_errors import hive_error, hive_table, quietly, task_error
from fsql.local.tables.hive_files import (
    NULL_PARTITION,
    data_files,
    partitions_of,
    table_location,
)
from fsql.local.tables.resolver import is_iceberg
from fsql.local.transpile import TrinoError
from fsql.local.wire import AwsError

__all__ = [
    "add_partitions",
    "drop_partitions",
    "partition_of",
    "register_partitions",
    "rename_partition",
    "repair_table",
    "update_partition",
]

Json = dict[str, Any]
T = TypeVar("T")

_ADDED_AT_ONCE, _DROPPED_AT_ONCE = 100, 25  # Glue's limits of its batch calls


def add_partitions(context: Context, statement: st.AddPartitions) -> Outcome:
    """ALTER TABLE ADD PARTITION."""
    table = hive_table(context, statement.table)
    keys = _keys(table)
    wanted = []
    for partition in statement.partitions:
        if sorted(partition.values) != sorted(keys):
            raise _mismatch(partition, keys)
        wanted.append(([partition.values[key] for key in keys], partition.location))
    added = register_partitions(context, table, wanted)
    if len(added) < len(wanted) and not statement.if_not_exists:
        raise task_error("AlreadyExistsException(message:Partition already exists.)")
    return Outcome()


def register_partitions(
    context: Context, table: Json, wanted: Iterable[tuple[list[str], str | None]]
) -> list[list[str]]:
    """Tell Glue of partitions: values and location, Hive's if None; the values that were new."""
    base, keys = table_location(table).rstrip("/"), _keys(table)
    storage = table["StorageDescriptor"]
    inputs: list[Json] = []
    for values, location in wanted:
        known = [None if value == NULL_PARTITION else value for value in values]
        place = location or f"{base}/{partition_folder(keys, known)}"
        inputs.append(
            {"Values": values, "StorageDescriptor": {**storage, "Location": place.rstrip("/")}}
        )
    added: list[list[str]] = []
    for batch in _batches(inputs, _ADDED_AT_ONCE):
        request = {**_of_table(table), "PartitionInputList": batch}
        errors = context.glue.call("BatchCreatePartition", request).get("Errors", [])
        failed = [error["PartitionValues"] for error in errors]
        for error in errors:
            if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                raise task_error(str(error["ErrorDetail"].get("ErrorMessage")))
        added += [entry["Values"] for entry in batch if entry["Values"] not in failed]
    return added


def drop_partitions(context: Context, statement: st.DropPartitions) -> Outcome:
    """ALTER TABLE DROP PARTITION; values for some of the columns drop all that match."""
    table = hive_table(context, statement.table)
    keys = _keys(table)
    there = [entry["Values"] for entry in partitions_of(context.glue, table)]
    doomed: list[list[str]] = []
    for partition in statement.partitions:
        found = [values for values in there if _matches(keys, values, partition)]
        if not found and not statement.if_exists:
            raise _no_partition(partition)
        doomed += [values for values in found if values not in doomed]
    for batch in _batches(doomed, _DROPPED_AT_ONCE):
        request = {**_of_table(table), "PartitionsToDelete": [{"Values": v} for v in batch]}
        context.glue.call("BatchDeletePartition", request)
    return Outcome()


def rename_partition(context: Context, statement: st.RenamePartition) -> Outcome:
    """ALTER TABLE PARTITION RENAME: other values, the files stay where they are."""
    table = hive_table(context, statement.table)
    old, keys = partition_of(context, table, statement.old), _keys(table)
    if sorted(statement.new.values) != sorted(keys):
        raise _mismatch(statement.new, keys)
    values = [statement.new.values[key] for key in keys]
    exists = f"AlreadyExistsException(message:Partition already exists:{values})"
    quietly(
        lambda: update_partition(context, table, old, {**old, "Values": values}),
        "AlreadyExistsException",
        task_error(exists),
    )
    return Outcome()


def partition_of(context: Context, table: Json, wanted: st.Partition) -> Json:
    """The one partition that values name; TrinoError if there is none."""
    keys = _keys(table)
    if sorted(wanted.values) != sorted(keys):
        raise _mismatch(wanted, keys)
    values = [wanted.values[key] for key in keys]
    request = {**_of_table(table), "PartitionValues": values}
    try:
        found: Json = context.glue.call("GetPartition", request)["Partition"]
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise
        raise _no_partition(wanted) from error
    return found


def update_partition(context: Context, table: Json, old: Json, new: Json) -> None:
    """Tell Glue of a partition's new values or place."""
    kept = ("Values", "StorageDescriptor", "Parameters")
    request = {
        **_of_table(table),
        "PartitionValueList": old["Values"],
        "PartitionInput": {key: new[key] for key in kept if key in new},
    }
    context.glue.call("UpdatePartition", request)


def repair_table(context: Context, statement: st.RepairTable) -> Outcome:
    """MSCK REPAIR TABLE: tell Glue of the partitions that lie in folders ``key=value``."""
    table = hive_table(context, statement.table)
    keys, location = _keys(table), table_location(table).rstrip("/") + "/"
    known = [entry["Values"] for entry in partitions_of(context.glue, table)]
    found: dict[tuple[str, ...], None] = {}
    for entry in data_files(context.objects, location):
        values = _values_in(entry.key[len(split_uri(location)[1]) :], keys)
        if values is not None and list(values) not in known:
            found[values] = None
    added = register_partitions(context, table, ((list(values), None) for values in found))
    shown = [f"{table['Name']}:{partition_folder(keys, values).rstrip('/')}" for values in added]
    lines = [f"Repair: Added partition to metastore {name}" for name in shown]
    if shown:
        lines.insert(0, "Partitions not in metastore:\t" + "\t".join(shown))
    return Outcome(rows=[(line,) for line in lines])


def _values_in(below: str, keys: list[str]) -> tuple[str, ...] | None:
    """The partition values in a key's folders below the table's location."""
    folders = below.split("/")[:-1][: len(keys)]
    pairs = [folder.partition("=") for folder in folders]
    if [name.lower() for name, _, _ in pairs] != keys:
        return None
    return tuple(unquote(value) for _, _, value in pairs)


def _mismatch(partition: st.Partition, keys: list[str]) -> TrinoError:
    return hive_error(
        f"[Error 10006]: Partition {dict(partition.values)} does not match the partition"
        f" columns {keys}"
    )


def _no_partition(partition: st.Partition) -> TrinoError:
    return hive_error(f"[Error 10006]: Partition not found {dict(partition.values)}")


def _matches(keys: list[str], values: list[str], partition: st.Partition) -> bool:
    have = dict(zip(keys, values, strict=True))
    return all(have.get(key) == value for key, value in partition.values.items())


def _keys(table: Json) -> list[str]:
    keys = [key["Name"].lower() for key in table.get("PartitionKeys", [])]
    if not keys or is_iceberg(table):
        raise hive_error(f"[Error 10241]: Table {table['Name']} is not a partitioned table")
    return keys


def _of_table(table: Json) -> Json:
    return {"DatabaseName": table["DatabaseName"], "TableName": table["Name"]}


def _batches(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
