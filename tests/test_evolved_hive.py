"""Hive-style groups that got columns at their end: older files have NULL there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import fsql
from fsql.errors import DefinitionError
from fsql.migration.making.migrator import Migrator
from fsql.migration.model.changes import AddColumn
from tests.evolving import both

START = dt.datetime(2026, 1, 1)
PAIR = pa.struct([("a", pa.int32()), ("b", pa.dictionary(pa.int32(), pa.string()))])
BEFORE = pa.schema(
    [("id", pa.int64()), ("t", pa.timestamp("ms")), ("o", pa.string()), ("v", pa.int32())]
)
AFTER = pa.schema([*BEFORE, ("x", pa.uint8()), ("s", PAIR)])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    folder: Path = tmp_path_factory.mktemp("hive")
    return fsql.FeatureStore(f"fsql:///{folder}/store")


def rows(ids: Iterable[int], v: int, schema: pa.Schema = AFTER) -> pa.Table:
    given = [
        {"id": k, "t": START + dt.timedelta(days=k), "o": f"o{k % 2}", "v": v, **_new(v)}
        for k in ids
    ]
    return pa.Table.from_pylist(given, schema)


def _new(v: int) -> dict[str, Any]:
    return {"x": v, "s": {"a": v, "b": "k"}}


def check(store: fsql.FeatureStore, table: str, old: Sequence[int], new: dict[int, int]) -> None:
    found = both(store, f"SELECT id, v, x, s FROM {table}")
    assert found.schema.types == [pa.int64(), pa.int32(), pa.uint8(), PAIR]
    rows = {k: {"id": k, "v": 1, "x": None, "s": None} for k in old}
    rows |= {k: {"id": k, "v": v, **_new(v)} for k, v in new.items()}
    assert found.sort_by("id").to_pylist() == [rows[k] for k in sorted(rows)]
    nulls = both(store, f"SELECT id FROM {table} WHERE x IS NULL AND s.b IS NULL")
    assert sorted(nulls["id"].to_pylist()) == sorted(old)


@pytest.mark.parametrize("by", [[], ["o"], ["day(t)"]], ids=["plain", "origin", "day"])
def test_columns_at_the_end(store: fsql.FeatureStore, by: list[str]) -> None:
    frame = BEFORE.empty_table()
    options: dict[str, Any] = {
        "keys": "id",
        "event_time": "t",
        "partition_by": by,
        "table_format": "hive",
    }
    entity = f"hive{'_'.join(part[0] for part in by)}"
    before = fsql.FeatureGroup.from_frame("a", "b", entity, "v0001", frame=frame, **options)
    store.create(before)
    store.write(before, rows([0, 1, 2, 40], 1, BEFORE))
    migrator, table = Migrator(store.engine), before.name
    for field in list(AFTER)[4:]:
        migrator.run(AddColumn(table, field.name, field))
    check(store, table, [0, 1, 2, 40], {})
    with pytest.raises(DefinitionError, match="column 'x' is stored and not declared"):
        store.write(before, rows([3], 2, BEFORE))
    store.write(table, rows([5, 41], 2))
    check(store, table, [0, 1, 2, 40], {5: 2, 41: 2})
    found = both(store, f"SELECT id FROM {table} WHERE x = 2 OR s.a = 2")
    assert sorted(found["id"].to_pylist()) == [5, 41]
    new = {5: 2, 41: 2}
    if by != ["o"]:
        store.write(table, rows([1, 5], 3), mode="upsert")
        new = {1: 3, 5: 3, 41: 2}
        check(store, table, [0, 2, 40], new)
    store.compact(table, min_files=2)
    store.delete(table, [{"id": 2}], purge=True)
    left = [k for k in (0, 1, 40) if k not in new]
    check(store, table, left, new)
    if by:
        store.write(table, rows([41], 4), mode="overwrite_partitions")
        # Of its day there is nothing else; of its origin all that is odd.
        left, new = ([0, 40], {41: 4}) if by == ["o"] else (left, {**new, 41: 4})
        check(store, table, left, new)
