"""A project whose revisions do everything that revisions can, and what its stores hold then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

import fsql
from tests.migrating import downgrade, upgrade

__all__ = ["HIVE", "ICE", "KEYS", "PROJECT", "down", "fill", "first", "journal", "seen", "up"]

PROJECT = Path(__file__).parent / "migration" / "project"
ICE, HIVE, OLD = (f"life_kill_{name}_v0001" for name in ("ice", "hive", "old"))
KEYS = 6


def first(url: str) -> None:
    """Make the groups."""
    upgrade(url, "r1", PROJECT)


def up(url: str) -> None:
    """Go to the last revision."""
    upgrade(url, "head", PROJECT)


def down(url: str) -> None:
    """Go to the first revision."""
    downgrade(url, "r1", PROJECT)


def fill(store: fsql.FeatureStore) -> None:
    """Rows for the groups of the first revision."""
    keys = list(range(KEYS))
    times = pa.array([key * 43_200_000 for key in keys], pa.timestamp("ms"))
    store.write(
        ICE,
        pa.table(
            {
                "k": keys,
                "t": times,
                "n": pa.array(keys, pa.int32()),
                "ratio": pa.array([key / 4 for key in keys], pa.float32()),
                "note": [f"note {key}" for key in keys],
                "wind": [{"dir": key * 10.5, "speed": key} for key in keys],
                "seen": [[{"a": key}, {"a": None}] for key in keys],
            }
        ),
    )
    store.write(HIVE, pa.table({"k": keys, "t": times, "v": pa.array(keys, pa.int32())}))
    store.write(OLD, pa.table({"k": keys, "s": [f"old {key}" for key in keys]}))


def seen(store: fsql.FeatureStore) -> dict[str, Any]:
    """All that a store says of itself, but for ids and times that each run has of its own."""
    found: dict[str, Any] = {}
    for entry in store.catalog.entries(pattern="life_*"):
        if entry.is_view:
            found[entry.name] = entry.view_sql
            continue
        found[entry.name] = {
            "properties": {k: v for k, v in entry.parameters.items() if k in DECLARED},
            "columns": entry.columns,
            "rows": rows(store, entry.name),
            "steps": steps(entry.parameters),
            "iceberg": iceberg(store, entry) if entry.is_iceberg else None,
        }
    version = store.catalog.get("alembic_version").parameters
    found["heads"] = version["fsql.heads"]
    found["kept"] = sorted(str(k.get("table")) for k in json.loads(version.get("fsql.kept", "[]")))
    return found


DECLARED = ("fsql.group", "fsql.schema", "fsql.comments", "fsql.released")


def rows(store: fsql.FeatureStore, table: str) -> list[str]:
    """A table's rows as text, which must be those of the engine and of the files alike."""
    read = [
        sorted(map(str, fsql.read_arrow(sql, store.engine, transport=transport).to_pylist()))
        for sql in [f"SELECT * FROM {table}"]
        for transport in ("engine", "scan")
    ]
    assert read[0] == read[1], table
    return read[0]


def steps(parameters: Any) -> list[tuple[str, str, int]]:
    """Which steps were made on a table, in their order; each run of each step but once."""
    made = json.loads(parameters.get("fsql.history", "[]"))
    ids = [(step["run"], step["number"]) for step in made if step["run"]]
    assert len(ids) == len(set(ids)), made
    return [(step["revision"], step["direction"], step["number"]) for step in made]


def iceberg(store: fsql.FeatureStore, entry: Any) -> tuple[Any, ...]:
    """What a step that was made twice would have left."""
    metadata = store.catalog.iceberg.load_table((entry.database, entry.name)).metadata
    fields = sorted((schema.schema_id, str(schema)) for schema in metadata.schemas)
    operations = [
        str(snapshot.summary and snapshot.summary.operation) for snapshot in metadata.snapshots
    ]
    specs = [str(spec) for spec in metadata.partition_specs]
    return metadata.last_column_id, metadata.current_schema_id, fields, operations, specs


def journal(store: fsql.FeatureStore) -> dict[str, Any] | None:
    """Of a revision that is under way."""
    entry = store.catalog.find("alembic_version")
    found = None if entry is None else json.loads(entry.parameters.get("fsql.journal", "null"))
    return found if found is None else dict(found)
