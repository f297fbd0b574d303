"""``"t$partitions"`` of a partitioned Hive table: the values of its partitions as a table.

Source: Athena user guide, "Query metadata", "List partitions for a specific table".
"""

from __future__ import annotations

from typing import Any

from fsql.local.engine import literal
from fsql.local.tables.hive import types_of
from fsql.local.tables.hive_files import NULL_PARTITION, partitions_of
from fsql.local.tables.iceberg import Source, empty_source
from fsql.local.tables.iceberg_io import GlueCalls
from fsql.local.transpile import types as tt

__all__ = ["partition_listing"]


def partition_listing(glue: GlueCalls, table: dict[str, Any]) -> Source | None:
    """The partitions that the catalog has now; None if the table is not partitioned."""
    keys = types_of(table.get("PartitionKeys", []))
    if not keys:
        return None
    rows = [
        ", ".join("NULL" if v == NULL_PARTITION else literal(v) for v in partition["Values"])
        for partition in partitions_of(glue, table)
    ]
    if not rows:
        return Source(empty_source(keys), keys, "")
    names = [f"c{position}" for position in range(len(keys))]
    typed = ", ".join(
        f"CAST({name} AS {tt.duckdb_type(type_)}) AS {tt.quoted(key)}"
        for name, (key, type_) in zip(names, keys.items(), strict=True)
    )
    values = ", ".join(f"({row})" for row in rows)
    sql = f"(SELECT {typed} FROM (VALUES {values}) AS listed_({', '.join(names)}))"
    return Source(sql, keys, sql)
