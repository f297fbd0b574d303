"""Training sets are read again after their tables have changed: the same rows, or an error."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pandas.testing import assert_frame_equal

import fsql
from fsql.errors import TrainingSetError
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    Change,
    DropColumn,
    DropGroup,
    RenameColumn,
)
from fsql.storage import path_of
from fsql.types import Array, Map, Struct, Timestamp
from tests.changing import Lab

HOUR = pd.Timedelta(hours=1)
NOON = pd.Timestamp("2026-10-25 12:00")
TABLE = "lab_air_weather_v0001"


def declared(**options: Any) -> fsql.FeatureGroup:
    gust = Struct(speed=sa.Integer)
    return fsql.FeatureGroup(
        "lab", "air", "weather", "v0001", sa.MetaData(),
        sa.Column("origin", sa.String), sa.Column("seen", Timestamp("us")),
        sa.Column("temp", sa.Integer), sa.Column("wind", Struct(speed=sa.Integer, dir=sa.String)),
        sa.Column("gusts", Array(gust)), sa.Column("named", Map(sa.String, gust)),
        **{"keys": "origin", "event_time": "seen", **options},
    )  # fmt: skip


def rows(*temps: int) -> pa.Table:
    """Two airports, an hour for each temperature."""
    made = [
        {
            "origin": origin, "seen": NOON + n * HOUR, "temp": temp,
            "wind": {"speed": temp, "dir": "N"}, "gusts": [{"speed": temp}, None],
            "named": [("a", {"speed": temp})],
        }
        for n, temp in enumerate(temps) for origin in ("EWR", "JFK")
    ]  # fmt: skip
    return pa.Table.from_pylist(made, declared().arrow_schema)


SPINE = pd.DataFrame(
    {
        "origin": ["EWR", "JFK", "LGA", "EWR"],
        "at": [NOON + 1.5 * HOUR, NOON, NOON, NOON + 9 * HOUR],
        "label": pd.Categorical(["late", "on time", "late", None], ["on time", "late", "never"]),
    },
    index=pd.Index([3, 1, 4, 1], name="row"),
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A store with the weather of two hours, and a training set "then" over it."""
    made = Lab(tmp_path)
    made.create(declared())
    made.store.write(TABLE, rows(10, 20))
    made.store.training_set(SPINE, [TABLE], time="at").save("then")
    yield made
    made.engine.dispose()


@pytest.fixture
def then(lab: Lab) -> pd.DataFrame:
    return loaded(lab)


def loaded(lab: Lab) -> pd.DataFrame:
    return lab.store.load_training_set("then").to_frame()


def test_what_was_saved_is_right(then: pd.DataFrame) -> None:
    assert_frame_equal(then[SPINE.columns], SPINE)
    assert then["temp"].tolist() == [20, 10, pd.NA, 20]
    assert then["gusts"].tolist()[0].tolist() == [{"speed": 20}, None]


def test_writes_and_deletes(lab: Lab, then: pd.DataFrame) -> None:
    store = lab.store
    made = store.training_set(SPINE, [TABLE], time="at")
    store.write(TABLE, rows(11), mode="upsert")
    store.delete(TABLE, {"origin": "JFK"}, event_time=NOON)
    assert_frame_equal(made.to_frame(), then)  # one that was made before reads the same
    assert_frame_equal(loaded(lab), then)
    deleted = store.training_set(SPINE, [TABLE], time="at")
    deleted.save("deleted")
    store.delete(TABLE, {"origin": "EWR"}, event_time=NOON)
    store.write(TABLE, rows(0), mode="overwrite")
    assert store.load_training_set("deleted").to_frame()["temp"].tolist() == [20, pd.NA, pd.NA, 20]
    assert_frame_equal(loaded(lab), then)
    assert made.select().get_final_froms()


def test_a_snapshot_of_before_knows_no_later_deletes(lab: Lab, then: pd.DataFrame) -> None:
    first = lab.store.write(TABLE, rows(10, 20), mode="upsert").snapshot_id
    lab.store.delete(TABLE, {"origin": "JFK"}, event_time=NOON)
    made = lab.store.training_set(SPINE, [TABLE], time="at", as_of=first)
    assert_frame_equal(made.to_frame(), then)
    assert made.manifest["options"]["as_of"] == {TABLE: first}
    with pytest.raises(TrainingSetError, match=rf"as_of=7, and '{TABLE}' has no such snapshot"):
        lab.store.training_set(SPINE, [TABLE], time="at", as_of=7)


CHANGES: dict[str, list[Change]] = {
    "widened": [
        AlterColumn(TABLE, "temp", pa.int64()),
        AlterColumn(TABLE, "gusts.element.speed", pa.int64()),
    ],
    "added": [
        AddColumn(TABLE, "rain", pa.field("rain", pa.float64())),
        AddColumn(TABLE, "wind.gust", pa.field("gust", pa.int32())),
        AddColumn(TABLE, "gusts.element.of", pa.field("of", pa.string())),
        AddColumn(TABLE, "named.value.of", pa.field("of", pa.string())),
    ],
    "renamed": [RenameColumn(TABLE, "temp", "degrees"), RenameColumn(TABLE, "wind.dir", "whence")],
    "key and time renamed": [
        RenameColumn(TABLE, "origin", "airport"),
        RenameColumn(TABLE, "seen", "time"),
    ],
    "dropped": [DropColumn(TABLE, "degrees"), DropColumn(TABLE, "wind.speed")],
    "another in its place": [AddColumn(TABLE, "temp", pa.field("temp", pa.string()))],
}


def test_migrations(lab: Lab, then: pd.DataFrame) -> None:
    """A migration makes no snapshot, so that the newest one is of the first schema all the time."""
    lab.store.delete(TABLE, {"origin": "LGA"}, event_time=NOON)
    saved = {}
    for revision, (name, changes) in enumerate(CHANGES.items(), 7):
        lab.run(*changes, revision=f"r{revision}")
        assert_frame_equal(loaded(lab), then)
        name = name.replace(" ", "-")
        made = lab.store.training_set(SPINE, [TABLE], time="at", keys=keys(lab))
        made.save(name)
        saved[name] = made.to_frame()
        assert saved[name].columns.tolist()[3:] == features(lab)
    rows = fsql.read_arrow(f"SELECT * FROM {TABLE}", lab.engine)
    lab.store.write(TABLE, rows, mode="overwrite")
    for name, expected in saved.items():
        assert_frame_equal(lab.store.load_training_set(name).to_frame(), expected)
    again = lab.store.training_set(SPINE, [TABLE], time="at", keys=keys(lab))
    assert_frame_equal(again.to_frame(), expected)
    assert_frame_equal(loaded(lab), then)
    told = lab.store.training_sets.shown("then")
    assert "the store is at revision" not in told  # these revisions are no project's
    assert f"feature_store.{TABLE} was written to since, last at 20" in told
    assert f"{TABLE} was migrated by revision r9 (up, it was at r0): " in told
    said = str(lab.store.training_sets.diff("then", "renamed"))
    assert "feature degrees: of" in said
    assert f"{TABLE}, revision: r0, then r9" in said


def keys(lab: Lab) -> dict[fsql.FeatureGroup | str, dict[str, str]]:
    return {TABLE: {lab.store.describe(TABLE).group.keys[0]: "origin"}}


def features(lab: Lab) -> list[str]:
    group = lab.store.describe(TABLE).group
    roles = {*group.keys, group.event_time}
    return [column.name for column in group.columns if column.name not in roles]


def test_names_and_values_of_now(lab: Lab) -> None:
    """After migrations without a write since, values are found under what they are called now."""
    lab.run(*CHANGES["added"], *CHANGES["renamed"], revision="r7")
    group = lab.store.describe(TABLE).group
    given = [group.c[name] for name in ("degrees", "wind", "gusts", "named", "rain")]
    made = lab.store.training_set(SPINE[:1], given, time="at").to_frame()
    assert made["degrees"].tolist() == [20]
    assert made["wind"][3] == {"speed": 20, "whence": "N", "gust": None}
    assert made["gusts"][3].tolist() == [{"speed": 20, "of": None}, None]
    assert made["named"][3] == {"a": {"speed": 20, "of": None}}
    assert made["rain"].isna().all()


def test_a_group_that_was_empty(lab: Lab) -> None:
    store = lab.store
    empty = fsql.FeatureGroup(
        "lab", "air", "rain", "v0001", sa.MetaData(),
        sa.Column("origin", sa.String), sa.Column("at", Timestamp("us")),
        sa.Column("mm", sa.Double), keys="origin", event_time="at",
    )  # fmt: skip
    store.create(empty)
    made = store.training_set(SPINE, [empty, TABLE], time="at")
    made.save("dry")
    store.write(empty, pd.DataFrame({"origin": ["EWR"], "at": [NOON], "mm": [1.0]}))
    for each in (made, store.load_training_set("dry")):
        assert each.to_frame()["mm"].isna().all()
    assert store.training_set(SPINE, [empty], time="at").to_frame()["mm"].tolist()[0] == 1.0


def test_states_are_of_one_moment(lab: Lab) -> None:
    """Somebody writes to both groups after the state of one was taken, before that of the other."""
    store, asked = lab.store, list[str]()
    names = ["lab_air_first_v0001", "lab_air_second_v0001"]

    def write(number: int) -> None:
        for name in names:
            row = {"origin": ["EWR"], name[8:-6]: pa.array([number], pa.int32())}
            store.write(name, pa.table(row), mode="overwrite")

    def asking(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["Name"])
        if params["Name"] == names[1] and asked.count(names[1]) == 2 and names[0] in asked:
            write(1)

    for name in names:
        column = sa.Column(name[8:-6], sa.Integer)
        store.create(
            fsql.FeatureGroup(
                *name.split("_"), sa.MetaData(), sa.Column("origin", sa.String), column,
                keys="origin",
            )
        )  # fmt: skip
    write(0)
    events = store.catalog.glue.meta.events
    events.register("provide-client-params.glue.GetTable", asking)
    made = store.training_set(SPINE[:1], names)
    events.unregister("provide-client-params.glue.GetTable", asking)
    assert made.to_frame()[["first", "second"]].values.tolist() == [[1, 1]]


# --- what cannot be read any more ----------------------------------------------------------------


def refusal(lab: Lab, name: str = "then") -> str:
    with pytest.raises(TrainingSetError) as caught:
        lab.store.load_training_set(name)
    return str(caught.value)


def test_erased_rows(lab: Lab, then: pd.DataFrame) -> None:
    lab.store.training_set(SPINE, [TABLE], time="at").save("kept", rows=True)
    made = lab.store.training_set(SPINE, [TABLE], time="at")
    snapshot = made.manifest["groups"][TABLE]["snapshot"]
    lab.store.delete(TABLE, {"origin": "EWR"}, purge=True)
    said = refusal(lab)
    assert "The training set 'then' of 20" in said
    assert f"Snapshot {snapshot} of feature_store.{TABLE}, committed 20" in said
    assert "erased" in said
    with pytest.raises(TrainingSetError, match=f"Snapshot {snapshot}"):
        made.to_frame()
    with pytest.raises(TrainingSetError, match=f"Snapshot {snapshot}"):
        made.select()
    assert_frame_equal(lab.store.load_training_set("kept").to_frame(), then)


def test_compaction_keeps_and_vacuum_takes(lab: Lab, then: pd.DataFrame) -> None:
    with lab.engine.connect() as connection:
        connection.exec_driver_sql(f"OPTIMIZE {TABLE} REWRITE DATA USING BIN_PACK")
        assert_frame_equal(loaded(lab), then)
        connection.exec_driver_sql(
            f"ALTER TABLE {TABLE} SET TBLPROPERTIES"
            " ('vacuum_max_snapshot_age_seconds'='1', 'vacuum_min_snapshots_to_keep'='1')"
        )
        lab.store.write(TABLE, rows(5))
        lab.store.write(TABLE, rows(6), mode="upsert")
        wait = 1.2 - (dt.datetime.now(dt.UTC) - saved_at(lab)).total_seconds()
        time.sleep(max(wait, 0))
        connection.exec_driver_sql(f"VACUUM {TABLE}")
    said = refusal(lab)
    assert "expired by VACUUM" in said
    assert "vacuum_max_snapshot_age_seconds" in said
    assert "rows=True" in said


def saved_at(lab: Lab) -> dt.datetime:
    manifest = lab.store.training_sets.get("then")
    return dt.datetime.fromisoformat(manifest["groups"][TABLE]["committed"])


def test_a_group_that_was_dropped(lab: Lab, then: pd.DataFrame) -> None:
    lab.run(DropGroup(TABLE), revision="r8")
    assert f"feature_store.{TABLE} was dropped" in refusal(lab)


def test_tombstones_that_are_gone(lab: Lab) -> None:
    lab.store.delete(TABLE, {"origin": "JFK"}, event_time=NOON)
    lab.store.training_set(SPINE, [TABLE], time="at").save("buried")
    lab.catalog.iceberg.drop_table((lab.catalog.aws.database, f"{TABLE}__deletes"))
    assert f"feature_store.{TABLE}__deletes was dropped" in refusal(lab, "buried")


def test_rows_that_were_changed_behind_the_table(lab: Lab, then: pd.DataFrame) -> None:
    """Somebody writes another data file in the place of one."""
    filesystem = lab.catalog.storage.filesystem
    location = lab.catalog.get(TABLE).location
    (file,) = [o for o in lab.catalog.storage.list(f"{location}/data/") if o.size]
    path = path_of(file.uri)
    table = pq.read_table(path, filesystem=filesystem)
    place = table.schema.names.index("temp")
    changed = table.set_column(place, table.schema.field("temp"), pa.array(np.full(4, 1, "int32")))
    pq.write_table(changed, path, filesystem=filesystem)
    other = fsql.FeatureStore(lab.url)
    for read in ("to_frame", "to_arrow"):
        with pytest.raises(TrainingSetError, match=r"not those that were saved 20.*sha256:"):
            getattr(other.load_training_set("then"), read)()
    with pytest.raises(TrainingSetError, match="Nothing is returned"):
        other.load_training_set("then").to_batches().read_all()
    other.engine.dispose()


def test_a_group_without_snapshots(lab: Lab) -> None:
    hive = fsql.FeatureGroup(
        "lab", "air", "tide", "v0001", sa.MetaData(),
        sa.Column("origin", sa.String), sa.Column("seen", Timestamp("ms")),
        sa.Column("level", sa.Double), keys="origin", event_time="seen", table_format="hive",
    )  # fmt: skip
    store = lab.store
    store.create(hive)
    tides = pd.DataFrame({"origin": ["EWR"], "seen": [NOON], "level": [1.0]})
    store.write(hive, tides)
    made = store.training_set(SPINE, [hive], time="at")
    made.save("tide")
    made.save("kept", rows=True)
    before = store.load_training_set("tide").to_frame()
    assert before["level"].tolist()[0] == 1.0
    store.write(hive, tides.assign(level=2.0), mode="overwrite")
    assert made.to_frame()["level"].tolist()[0] == 2.0
    said = refusal(lab, "tide")
    assert "lab_air_tide_v0001 has changed, and has no snapshots" in said
    assert "rows=True" in said
    assert_frame_equal(store.load_training_set("kept").to_frame(), before)
    with pytest.raises(TrainingSetError, match="only Iceberg tables do"):
        store.training_set(SPINE, [hive], time="at", as_of=7)
