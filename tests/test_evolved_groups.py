"""A group whose key and times are renamed keeps what it knows by them: deletes, units, views."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

import fsql
from fsql.migration.making.migrator import Migrator
from fsql.migration.model.changes import AlterColumn, RenameColumn

TABLE, VIEW = "a_b_life_v0001", "a_b_life"
FRAME = pd.DataFrame(
    {
        "id": pd.Series([1, 2, 3], dtype="int32"),
        "made": [1_784_000_000, 1_784_000_001, 1_784_000_002],
        "known": [1_784_000_010] * 3,
        "size": pd.Categorical(["l", "s", "l"], ["s", "l"], ordered=True),
    }
)
RENAMED = {"id": "user", "made": "since", "known": "seen", "size": "width"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    """Three rows, of which one is deleted; then everything gets another name."""
    folder: Path = tmp_path_factory.mktemp("groups")
    made = fsql.FeatureStore(f"fsql:///{folder}/store")
    group = fsql.FeatureGroup.from_frame(
        "a",
        "b",
        "life",
        "v0001",
        frame=FRAME,
        keys="id",
        event_time="made",
        created_time="known",
        time_unit="s",
        partition_by="day(made)",
    )
    made.create(group)
    made.write(group, FRAME)
    made.delete(group, [{"id": 2}])
    migrator = Migrator(made.engine)
    for old, new in RENAMED.items():
        migrator.run(RenameColumn(TABLE, old, new))
    migrator.run(AlterColumn(TABLE, "user", type=pa.int64()))
    return made


def after() -> pd.DataFrame:
    return FRAME.rename(columns=RENAMED).astype({"user": "int64"})


def test_frames_are_restored_under_the_new_names(store: fsql.FeatureStore) -> None:
    for transport in ("engine", "scan"):
        found = fsql.read_sql(f"SELECT * FROM {TABLE}", store.engine, transport=transport)
        assert_frame_equal(found.sort_values("user", ignore_index=True), after())
    late = store.read(f"SELECT * FROM {TABLE} WHERE since > TIMESTAMP '2026-07-14 03:33:20'")
    assert sorted(late["user"]) == [2, 3]


def test_a_past_state_has_the_old_names_and_units(store: fsql.FeatureStore) -> None:
    history = store.read(f'SELECT snapshot_id FROM "{TABLE}$history" ORDER BY made_current_at')
    first = history["snapshot_id"][0]
    found = store.read(f"SELECT * FROM {TABLE} FOR VERSION AS OF {first}")
    assert_frame_equal(found.sort_values("id", ignore_index=True), FRAME)


def test_deletes_and_the_view_go_by_the_new_names(store: fsql.FeatureStore) -> None:
    assert sorted(store.read(store.latest(TABLE))["user"]) == [1, 3]
    store.delete(TABLE, [{"user": 3}])
    assert store.read(store.latest(TABLE))["user"].tolist() == [1]
    assert store.read(f"SELECT * FROM {VIEW}").columns.tolist() == list(RENAMED.values())
    more = after().assign(user=[2, 5, 2**40], since=[4_000_000_000] * 3)
    store.write(TABLE, more, mode="upsert")
    assert sorted(store.read(store.latest(TABLE))["user"]) == [1, 2, 5, 2**40]
