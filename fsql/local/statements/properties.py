"""ALTER TABLE SET and UNSET TBLPROPERTIES."""

from __future__ import annotations

from typing import Any

from pyiceberg.exceptions import CommitFailedException

from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.ddl import iceberg_properties
from fsql.local.tables.hive_errors import hive_error, hive_table
from fsql.local.tables.iceberg_io import EmbeddedCatalog
from fsql.local.tables.resolver import is_iceberg
from fsql.local.tables.views import is_view
from fsql.local.transpile import TrinoError

__all__ = ["set_properties", "unset_properties"]

Json = dict[str, Any]

# "Table properties" in Athena user guide, "Create Iceberg tables" and "CREATE TABLE AS".
_NUMBERS = frozenset(
    {
        "compression_level",
        "optimize_rewrite_data_file_threshold",
        "optimize_rewrite_delete_file_threshold",
        "optimize_rewrite_max_data_file_size_bytes",
        "optimize_rewrite_min_data_file_size_bytes",
        "vacuum_max_metadata_files_to_keep",
        "vacuum_max_snapshot_age_seconds",
        "vacuum_min_snapshots_to_keep",
        "write_target_data_file_size_bytes",
    }
)
_KNOWN = _NUMBERS | {"format", "write_compression", "write_data_path_enabled"}
_KEPT_BY_GLUE = ("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys")


def set_properties(context: Context, statement: st.SetProperties) -> Outcome:
    """Set properties of a table.

    Raises:
        TrinoError: a property that Athena does not have for Iceberg tables, or a bad value.
    """
    table = _table(context, statement.table)
    if is_iceberg(table):
        for key, value in statement.properties.items():
            _check(key, value)
        _change(context, table, iceberg_properties(statement.properties), ())
    else:
        _update(context, table, {**table.get("Parameters", {}), **statement.properties})
    return Outcome()


def unset_properties(context: Context, statement: st.UnsetProperties) -> Outcome:
    """Remove properties of an Iceberg table; those it does not have are none to remove."""
    table = _table(context, statement.table)
    if not is_iceberg(table):
        raise hive_error("ALTER TABLE UNSET TBLPROPERTIES is supported for Iceberg tables only")
    for key in statement.keys:
        if key.lower() not in _KNOWN:
            raise TrinoError("NOT_SUPPORTED", f"Unsupported table property key: {key}")
    _change(context, table, {}, tuple(iceberg_properties(dict.fromkeys(statement.keys, ""))))
    return Outcome()


def _table(context: Context, name: st.Name) -> Json:
    table = hive_table(context, name)
    if is_view(table):
        raise hive_error(f"{table['Name']} is a view and has no table properties")
    return table


def _check(key: str, value: str) -> None:
    if key.lower() not in _KNOWN:
        raise TrinoError("NOT_SUPPORTED", f"Unsupported table property key: {key}")
    if key.lower() in _NUMBERS and not value.isdecimal():
        raise TrinoError("INVALID_TABLE_PROPERTY", f"Invalid value of {key}: {value!r}")


def _change(context: Context, table: Json, new: dict[str, str], gone: tuple[str, ...]) -> None:
    found = EmbeddedCatalog(context.objects, context.glue).load_table(
        (table["DatabaseName"], table["Name"])
    )
    gone = tuple(key for key in gone if key in found.properties)
    try:
        with found.transaction() as transaction:
            if new:
                transaction.set_properties(new)
            if gone:
                transaction.remove_properties(*gone)
    except CommitFailedException as error:
        raise TrinoError("ICEBERG_COMMIT_ERROR", str(error), retryable=True) from error


def _update(context: Context, table: Json, parameters: dict[str, str]) -> None:
    kept = {key: table[key] for key in _KEPT_BY_GLUE if key in table}
    changed = {**kept, "TableType": table.get("TableType", ""), "Parameters": parameters}
    request = {"DatabaseName": table["DatabaseName"], "TableInput": changed}
    context.glue.call("UpdateTable", request)
