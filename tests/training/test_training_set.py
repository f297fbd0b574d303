"""Training sets as users make them: spines of every kind, features named in every way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pandas.testing import assert_frame_equal

import fsql
from fsql.errors import InvalidData, TrainingSetError
from fsql.types import Struct, Timestamp

HOUR = pd.Timedelta(hours=1)
NOON = pd.Timestamp("2026-10-25 12:00")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    """One that nobody writes to."""
    with _store(tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[fsql.FeatureStore]:
    """One of a test's own."""
    with _store(tmp_path) as made:
        yield made


@contextmanager
def _store(folder: Path) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{folder}/store")
    made.create(weather)
    made.create(plane)
    made.write(weather, WEATHER)
    made.write(plane, PLANES)
    yield made
    left = [entry.name for entry in made.catalog.entries(pattern="fsql_*")]
    made.engine.dispose()
    assert left == []


weather = fsql.FeatureGroup(
    "acme", "air", "weather", "v0001", sa.MetaData(),
    sa.Column("origin", sa.String), sa.Column("seen", Timestamp("us", "Europe/Oslo")),
    sa.Column("made", Timestamp("us")), sa.Column("temp", sa.Double),
    sa.Column("wind", Struct(speed=sa.Integer, dir=sa.String)),
    keys="origin", event_time="seen", created_time="made", ttl=dt.timedelta(hours=3),
)  # fmt: skip
plane = fsql.FeatureGroup(
    "acme", "air", "plane", "v0001", sa.MetaData(),
    sa.Column("tail", sa.String), sa.Column("seats", fsql.types.Arrow(pa.uint16())),
    keys="tail",
)  # fmt: skip
WEATHER = pd.DataFrame(
    {
        "origin": ["EWR", "EWR", "JFK"],
        "seen": pd.DatetimeIndex([NOON, NOON + HOUR, NOON]).tz_localize("UTC"),
        "made": [NOON + HOUR, None, None],
        "temp": [1.5, 2.5, None],
        "wind": [{"speed": 3, "dir": "N"}, {"speed": 4, "dir": None}, None],
    }
)
PLANES = pd.DataFrame({"tail": ["N1", "N2"], "seats": np.array([100, 65535], "uint16")})
SPINE = pd.DataFrame(
    {
        "label": pd.Categorical(["late", "late", "on time", "late"]),
        "tail": ["N2", None, "N1", "N9"],
        "origin": ["EWR", "EWR", "JFK", "LGA"],
        "at": pd.DatetimeIndex([NOON + 2 * HOUR, NOON, NOON + HOUR, NOON]),
    },
    index=pd.Index([7, 7, 3, 1], name="row"),
)


def test_a_frame_comes_back_as_it_was_with_features(store: fsql.FeatureStore) -> None:
    made = store.training_set(SPINE, [weather, plane], time="at").to_frame()
    assert_frame_equal(made[SPINE.columns], SPINE)
    assert made["temp"].tolist()[:2] == [2.5, 1.5]
    assert made["temp"].isna().tolist() == [False, False, True, True]
    assert made["wind"].tolist() == [
        {"speed": 4, "dir": None},
        {"speed": 3, "dir": "N"},
        None,
        None,
    ]
    assert made["seats"].dtype == "UInt16"
    assert made["seats"].tolist() == [65535, pd.NA, 100, pd.NA]


def test_the_schema_is_known_before_and_kept(store: fsql.FeatureStore) -> None:
    made = store.training_set(
        SPINE, [weather.c.wind["speed"], plane], time="at", event_times=True, ages=True
    )
    table = made.to_arrow()
    assert table.schema.names[-4:] == [
        "wind_speed", "weather__event_time", "weather__age", "seats",
    ]  # fmt: skip
    assert table.schema.equals(made.schema)
    assert table.schema.field("weather__event_time").type == pa.timestamp("us", "Europe/Oslo")
    assert table["weather__age"].to_pylist()[:2] == [dt.timedelta(hours=1), dt.timedelta(0)]
    assert table.column("seats").type == pa.uint16()
    assert made.to_batches().read_all().equals(table)


@pytest.mark.parametrize(
    "kind", ["polars", "arrow", "reader", "path", "uri", "table", "select", "group"]
)
def test_spines_of_any_kind(fresh: fsql.FeatureStore, tmp_path: Path, kind: str) -> None:
    expected = fresh.training_set(SPINE, [weather, plane], time="at").to_frame()
    plain = SPINE.astype({"label": "str"}).reset_index(drop=True)
    spine = _as(fresh, plain, kind, tmp_path)
    asked = fresh.training_set(spine, [weather, plane], time="at")
    made = asked.to_frame()
    assert asked.to_batches().read_all().num_rows == len(made)
    chosen = ["origin", "temp", "wind", "seats"]
    if kind in ("table", "select", "group"):  # their rows have no order
        assert sorted(map(str, made[chosen].values)) == sorted(map(str, expected[chosen].values))
    else:
        assert_frame_equal(made[chosen], expected[chosen].reset_index(drop=True))


def _as(store: fsql.FeatureStore, spine: pd.DataFrame, kind: str, folder: Path) -> Any:
    table = pa.Table.from_pandas(spine)
    if kind == "path":
        pq.write_table(table, folder / "spine.parquet")
        return folder / "spine.parquet"
    if kind == "uri":
        uri = "s3://fsql-local/spines/spine.parquet"
        store.dump(fsql_select(store, spine), uri)
        return uri
    if kind in ("polars", "arrow", "reader"):
        makers = {"polars": pl.from_arrow, "arrow": lambda t: t, "reader": pa.Table.to_reader}
        return makers[kind](table)
    return fsql_select(store, spine) if kind == "select" else _table(store, spine, kind)


def _table(store: fsql.FeatureStore, spine: pd.DataFrame, kind: str) -> Any:
    numbered = spine.assign(i=range(len(spine)))
    group = fsql.FeatureGroup.from_frame("a", "b", "spine", "v0001", frame=numbered, keys="i")
    store.create(group)
    store.write(group, numbered)
    plain = sa.Table(group.name, sa.MetaData(), autoload_with=store.engine)
    return group if kind == "group" else plain


def fsql_select(store: fsql.FeatureStore, spine: pd.DataFrame) -> sa.Select[Any]:
    group = _table(store, spine, "group")
    return sa.select(group.c.label, group.c.tail, group.c.origin, group.c.at).order_by(group.c.i)


def test_it_is_a_select_to_go_on_with(store: fsql.FeatureStore) -> None:
    made = store.training_set(SPINE.drop(columns="label"), [weather.c.temp, plane], time="at")
    rows = made.select().cte("rows")
    query = sa.select(rows.c.origin, sa.func.max(rows.c.temp).label("most"))
    query = query.group_by(rows.c.origin).having(sa.func.count(rows.c.seats) > 0)
    found = pd.read_sql(query, store.engine)
    assert sorted(found["origin"]) == ["EWR", "JFK"]
    made.close()


def test_temporary_tables_go_even_after_a_failure(fresh: fsql.FeatureStore) -> None:
    made = fresh.training_set(SPINE, [weather], time="at")
    stream = made.to_batches()
    del stream
    fresh.drop(weather, purge=True)
    with pytest.raises(fsql.errors.FsqlError):
        made.to_frame()
    fresh.create(weather)


# --- terms ---------------------------------------------------------------------------------------


def temps(store: fsql.FeatureStore, spine: pd.DataFrame = SPINE, **terms: Any) -> list[Any]:
    made = store.training_set(spine, [weather.c.temp], **{"time": "at", **terms}).to_frame()
    return [None if pd.isna(value) else value for value in made["temp"]]


def test_ttl_is_the_groups_unless_another_is_given(store: fsql.FeatureStore) -> None:
    late = SPINE.assign(at=NOON + 4 * HOUR)
    assert temps(store, late)[:2] == [2.5, 2.5]
    later = late.assign(at=late["at"] + pd.Timedelta(microseconds=1))
    assert temps(store, later)[:2] == [None, None]
    assert temps(store, later, ttl=None)[:2] == [2.5, 2.5]
    assert temps(store, later, ttl={weather: None})[:2] == [2.5, 2.5]
    assert temps(store, later, ttl={"acme_air_weather": 4 * HOUR})[:2] == [2.5, 2.5]
    assert temps(store, ttl=dt.timedelta(0))[:2] == [None, 1.5]


def test_what_was_known_then(store: fsql.FeatureStore) -> None:
    assert temps(store, known_by="time")[:2] == [2.5, None]
    known = SPINE.assign(known=[NOON, NOON + HOUR, NOON, NOON])
    assert temps(store, known, known_by="known")[:2] == [2.5, 1.5]
    assert temps(store, as_of=NOON + HOUR)[:2] == [2.5, 1.5]
    assert temps(store, as_of=NOON.tz_localize("UTC"))[:2] == [None, None]


def test_a_snapshot_of_then(fresh: fsql.FeatureStore) -> None:
    before = fresh.write(weather, WEATHER, mode="upsert").snapshot_id
    fresh.write(weather, WEATHER.assign(temp=9.0), mode="upsert")
    assert temps(fresh)[:2] == [9.0, 9.0]
    assert temps(fresh, as_of=before)[:2] == [2.5, 1.5]
    assert temps(fresh, as_of={weather: before})[:2] == [2.5, 1.5]


def test_deletes_act_from_their_time_on(fresh: fsql.FeatureStore) -> None:
    fresh.delete(weather, {"origin": "EWR"}, event_time=NOON + 1.5 * HOUR)
    assert temps(fresh)[:2] == [None, 1.5]
    fresh.write(weather, WEATHER[:1].assign(seen=WEATHER["seen"][0] + 1.75 * HOUR, temp=7.0))
    assert temps(fresh)[:2] == [7.0, 1.5]


def test_times_of_any_form(store: fsql.FeatureStore) -> None:
    zoned = SPINE["at"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    expected = temps(store)
    assert temps(store, SPINE.assign(at=zoned)) == expected
    assert temps(store, SPINE.assign(at=zoned.map(pd.Timestamp.isoformat))) == expected
    assert temps(store, SPINE.assign(at=SPINE["at"].dt.as_unit("s"))) == expected
    assert temps(store, SPINE.assign(at=SPINE["at"].where(SPINE["tail"] == "N2")))[1:] == [None] * 3


def test_the_hour_that_comes_twice(fresh: fsql.FeatureStore) -> None:
    """Clocks in Oslo went back at 3:00 on the 25th, one hour after the first 2:30."""
    night = pd.DatetimeIndex(["2026-10-25 00:30", "2026-10-25 01:30"]).tz_localize("UTC")
    rows = WEATHER[:2].assign(seen=night.tz_convert("Europe/Oslo"), temp=[10.0, 20.0], origin="OSL")
    fresh.write(weather, rows)
    spine = SPINE[:2].assign(origin="OSL", at=night.tz_convert("Europe/Oslo"))
    assert temps(fresh, spine) == [10.0, 20.0]


def test_keys_under_other_names(store: fsql.FeatureStore) -> None:
    spine = SPINE.rename(columns={"origin": "from"})
    assert temps(store, spine, keys={weather: {"origin": "from"}}) == temps(store)
    with pytest.raises(
        TrainingSetError, match=r"looks for 'origin' in 'origin'.*label, tail, from"
    ):
        temps(store, spine)
    with pytest.raises(TrainingSetError, match="no keys orign"):
        temps(store, spine, keys={weather: {"orign": "from"}})


def test_two_spine_rows_alike_stay_two(store: fsql.FeatureStore) -> None:
    twice = pd.concat([SPINE, SPINE])
    assert temps(store, twice) == temps(store) * 2


def test_an_empty_spine_keeps_its_schema(store: fsql.FeatureStore) -> None:
    made = store.training_set(SPINE[:0], [weather, plane], time="at")
    assert made.to_arrow().schema.equals(made.schema)
    assert made.to_arrow().num_rows == 0
    assert made.to_frame().dtypes[SPINE.columns].equals(SPINE.dtypes)


# --- names, and what cannot be -------------------------------------------------------------------


def test_names(store: fsql.FeatureStore) -> None:
    given = [weather.c.temp, weather.c.wind["dir"].label("whence"), "acme_air_plane_v0001"]
    made = store.training_set(SPINE, given, time="at", names="group__feature")
    assert made.schema.names[5:] == ["weather__temp", "whence", "plane__seats"]


@pytest.mark.parametrize(
    ("features", "terms", "message"),
    [
        ([], {}, "features is empty"),
        ([weather], {"time": None}, "has event times, so that time= is needed"),
        ([weather], {"time": "when"}, r"time='when' is no column of the spine. Columns: label, "),
        ([weather.c.temp, weather.c.temp], {}, "Two columns would be called 'temp'.*label"),
        ([weather.c.temp.label("tail")], {}, "Two columns would be called 'tail'.*of the spine"),
        ([weather], {"names": "short"}, "names='short'. Expected 'feature' or 'group__feature'"),
        ([weather], {"ttl": {plane: None}}, "ttl names 'acme_air_plane_v0001', of which no"),
        ([weather], {"ttl": dt.timedelta(-1)}, "negative"),
        ([weather], {"known_by": "made"}, "known_by='made'. Expected 'time'"),
        ([sa.literal(1)], {}, "Expected a group, its name, a column"),
    ],
)
def test_what_contradicts_itself(
    store: fsql.FeatureStore, features: Any, terms: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrainingSetError, match=message):
        store.training_set(SPINE, features, **{"time": "at", **terms})


def test_a_key_that_does_not_fit_is_named(store: fsql.FeatureStore) -> None:
    wrong = SPINE.assign(at=["2026-13-01"] + ["2026-10-25"] * 3)
    with pytest.raises(
        InvalidData, match=r"the spine[^$]*column 'at': is no ISO 8601 time \(row 0\)"
    ):
        temps(store, wrong)
