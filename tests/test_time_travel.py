"""Earlier states of a table are read in its exact types."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal
from pyiceberg.types import StringType

import fsql
from fsql.errors import InvalidQuery

TABLE = "a_b_c_v0001"
FRAME = pd.DataFrame(
    {
        "id": [1, 2],
        "small": pd.Series([1, 255], dtype="uint8"),
        "wind": [{"Dir": 1.5}, None],
        "at": pd.to_datetime(["2026-01-01", "2027-01-01"]).tz_localize("Europe/Oslo"),
        "kind": pd.Categorical(["b", "a"], ["z", "b", "a"], ordered=True),
        "made": [1_784_000_000, -1],
    }
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    group = fsql.FeatureGroup.from_frame(
        "a", "b", "c", "v0001", frame=FRAME, keys="id", event_time="made", time_unit="s"
    )
    made.create(group)
    yield made
    made.engine.dispose()


def read(store: fsql.FeatureStore, when: str, columns: str = "*") -> pd.DataFrame:
    frame: pd.DataFrame = store.read(f"SELECT {columns} FROM {TABLE} {when}")
    return frame.sort_values(frame.columns[0], ignore_index=True)


def test_by_snapshot_and_by_time(store: fsql.FeatureStore) -> None:
    first = store.write(TABLE, FRAME).snapshot_id
    time.sleep(0.01)
    between = dt.datetime.now(dt.UTC)
    time.sleep(0.01)
    store.write(TABLE, FRAME.assign(id=[3, 4]))
    for when in (
        f"FOR VERSION AS OF {first}",
        f"FOR TIMESTAMP AS OF TIMESTAMP '{between:%Y-%m-%d %H:%M:%S.%f} UTC'",
        f"FOR TIMESTAMP AS OF from_iso8601_timestamp('{between.isoformat()}')",
    ):
        assert_frame_equal(read(store, when), FRAME)
        aliased = read(store, f"{when} AS x", "x.small AS s, wind, x.kind")
        assert aliased.dtypes.tolist() == FRAME[["small", "wind", "kind"]].dtypes.tolist()
        assert aliased["wind"][0] == {"Dir": 1.5}
    assert len(read(store, "FOR TIMESTAMP AS OF current_timestamp")) == 4


def test_a_join_of_now_and_then(store: fsql.FeatureStore) -> None:
    first = store.write(TABLE, FRAME).snapshot_id
    store.write(TABLE, FRAME.assign(small=FRAME["small"] - 1), mode="overwrite")
    sql = (
        f"SELECT n.small AS now, t.small AS was FROM {TABLE} AS n"
        f" JOIN {TABLE} FOR VERSION AS OF {first} AS t ON n.id = t.id ORDER BY 1"
    )
    found = fsql.read_arrow(sql, store.engine)
    assert found.schema.types == [pa.uint8(), pa.uint8()]
    assert found.to_pylist() == [{"now": 0, "was": 1}, {"now": 254, "was": 255}]


def test_columns_that_have_changed_since(store: fsql.FeatureStore) -> None:
    """Another engine renames a column and puts one of another type in its place."""
    first = store.write(TABLE, FRAME).snapshot_id
    table = store.catalog.iceberg.load_table(f"feature_store.{TABLE}")
    with table.update_schema() as change:
        change.rename_column("small", "tiny")
    with table.update_schema() as change:
        change.add_column("small", StringType())
    found = fsql.read_arrow(f"SELECT * FROM {TABLE} FOR VERSION AS OF {first}", store.engine)
    assert found.column_names == FRAME.columns.tolist()
    assert found.schema.field("small").type == pa.int32()
    assert found.schema.field("at").type == pa.timestamp("us", "Europe/Oslo")
    assert sorted(found["made"].to_pylist()) == [-1, 1_784_000_000]
    # Which of the states an expression means shows only when it runs.
    late = store.read(f"SELECT id, small FROM {TABLE} FOR TIMESTAMP AS OF current_timestamp")
    assert sorted(late["id"]) == [1, 2]


@pytest.mark.parametrize(
    "when", ["FOR VERSION AS OF 7", "FOR TIMESTAMP AS OF TIMESTAMP '1999-01-01 UTC'"]
)
def test_there_is_no_such_state(store: fsql.FeatureStore, when: str) -> None:
    store.write(TABLE, FRAME)
    with pytest.raises(InvalidQuery, match="INVALID_ARGUMENTS"):
        read(store, when)
