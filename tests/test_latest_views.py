"""The views on each key's newest row: what they say, and that they keep in step with the group."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

import fsql
from fsql import deletes
from fsql.catalog import Entry
from fsql.cli import main
from fsql.doctor import examine
from fsql.errors import InvalidData, InvalidName, TableExists
from fsql.lifecycle.views import outdated
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Backfill,
    CreateGroup,
    DropColumn,
    DropGroup,
    Release,
    RenameColumn,
)
from fsql.migration.model.state import State
from fsql.naming import GroupName
from fsql.types import Struct, Timestamp
from tests.changing import HIVE, ICEBERG, Lab, declared, frame
from tests.test_every_type import COMING_BACK

OSLO = "Europe/Oslo"
START = pd.Timestamp("2026-03-01", tz=OSLO)
VIEW, LATEST = "acme_shop_buyer", "acme_shop_buyer__latest"


def group(version: str = "v0001", *more: Any, **options: Any) -> fsql.FeatureGroup:
    return fsql.FeatureGroup(
        "acme", "shop", "buyer", version, sa.MetaData(),
        sa.Column("user", sa.String), sa.Column("at", Timestamp("ms", OSLO)),
        sa.Column("made", Timestamp("ms")), sa.Column("spent", fsql.types.Arrow(pa.uint32())),
        sa.Column("place", Struct(city=sa.String, floors=fsql.types.Array(sa.SmallInteger))), *more,
        **({"keys": "user", "event_time": "at", "created_time": "made"} | options),
    )  # fmt: skip


Row = tuple[str, int, int | None, int]


def table(of: fsql.FeatureGroup, *rows: Row) -> pa.Table:
    found = [
        {
            "user": user,
            "at": moment(hour),
            "made": None if made is None else dt.datetime(2026, 3, made),
            "spent": spent,
            "place": {"city": f"city {spent}", "floors": [spent, None]},
        }
        for user, hour, made, spent in rows
    ]
    return pa.Table.from_pylist(found, of.arrow_schema)


def moment(hour: int) -> pd.Timestamp:
    return START + pd.Timedelta(hours=hour)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    yield made
    assert behind(made) == []
    made.engine.dispose()


def behind(store: fsql.FeatureStore) -> list[str]:
    return list(outdated(store.engine.dialect, store.catalog.entries()))


def spent(store: fsql.FeatureStore, view: str = LATEST) -> dict[str, int]:
    found = fsql.read_arrow(f'SELECT "user", spent FROM {view}', store.engine).to_pylist()
    told = {row["user"]: row["spent"] for row in found}
    assert len(told) == len(found)
    return told


FORMATS = pytest.mark.parametrize("table_format", ["iceberg", "hive"])


@FORMATS
def test_it_is_store_latest(store: fsql.FeatureStore, table_format: str) -> None:
    of = group(table_format=table_format)
    store.create(of)
    assert spent(store) == {}
    rows = [("ann", 2, 1, 20), ("ann", 1, 9, 10), ("bob", 5, None, 1), ("bob", 5, 1, 2)]
    store.write(of, table(of, *rows), mode="overwrite")
    assert spent(store) == {"ann": 20, "bob": 2}
    store.delete(of, {"user": "ann"}, event_time=moment(2).isoformat())
    assert spent(store) == {"bob": 2}
    store.write(of, table(of, ("ann", 3, 1, 30)))
    assert spent(store) == {"ann": 30, "bob": 2}
    seen = fsql.read_arrow(f"SELECT * FROM {LATEST} ORDER BY 1", store.engine)
    assert seen.equals(fsql.read_arrow(store.latest(of).order_by("user"), store.engine))
    assert seen.schema.types == of.arrow_schema.types
    downwards = fsql.read_arrow(store.latest(of).order_by(sa.desc("user")), store.engine)
    assert downwards["user"].to_pylist() == ["bob", "ann"]
    store.delete(of, {"user": "bob"}, purge=True)
    assert spent(store) == {"ann": 30}


def test_pandas_reads_the_exact_types(store: fsql.FeatureStore) -> None:
    of = group()
    store.create(of)
    store.write(of, table(of, ("ann", 1, 1, 3), ("ann", 0, 1, 2)))
    plain = pd.read_sql(f"SELECT * FROM {LATEST}", store.engine)
    assert plain["place"].tolist() == [{"city": "city 3", "floors": [3, None]}]
    exact = fsql.read_sql(f"SELECT * FROM {LATEST}", store.engine)
    assert exact["at"].tolist() == [moment(1)]
    assert str(exact["at"].dtype) == f"datetime64[ms, {OSLO}]"
    assert exact["spent"].dtype == "uint32"


def test_a_group_without_times(store: fsql.FeatureStore) -> None:
    of = group(event_time=None, created_time=None)
    store.create(of)
    store.write(of, table(of, ("ann", 1, 1, 3), ("ann", 1, 1, 3), ("bob", 1, 1, 4)))
    assert spent(store) == {"ann": 3, "bob": 4}
    store.delete(of, {"user": "bob"})
    assert spent(store) == {"ann": 3}


def test_a_bi_tool_finds_a_view(store: fsql.FeatureStore) -> None:
    store.create(group())
    inspector = sa.inspect(store.engine)
    assert inspector.get_view_names() == [VIEW, LATEST]
    assert inspector.get_table_names() == ["acme_shop_buyer_v0001"]
    columns = {column["name"]: column["type"] for column in inspector.get_columns(LATEST)}
    assert list(columns) == group().columns.keys()
    assert [found.name for found in store.groups()] == ["acme_shop_buyer_v0001"]


@FORMATS
def test_views_are_as_athena_would_write_them(store: fsql.FeatureStore, table_format: str) -> None:
    fields = [pa.field(f"c{i}", one.type) for i, one in enumerate(COMING_BACK)]
    schema = pa.schema([("k", pa.string()), ("t", pa.timestamp("ms", "UTC")), *fields])
    of = fsql.FeatureGroup.from_schema(
        GroupName("a", "b", "all", "v0001"),
        schema,
        keys=["k"],
        event_time="t",
        table_format=table_format,
    )
    store.create(of)
    store.delete(of, {"k": "nobody"})
    for name in ("a_b_all", "a_b_all__latest"):
        ours = store.catalog.get(name)
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE OR REPLACE VIEW copied AS {ours.view_sql}")
        theirs = store.catalog.get("copied")
        assert said(ours) == said(theirs)
        assert ours.columns == theirs.columns


def said(view: Entry) -> dict[str, Any]:
    text = view.glue["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    found: dict[str, Any] = json.loads(base64.b64decode(text))
    return found


# --- in step -----------------------------------------------------------------------------------


def test_it_follows_the_versions(store: fsql.FeatureStore) -> None:
    first, third = group(), group("v0003", sa.Column("extra", sa.BigInteger))
    store.create(first)
    store.write(first, table(first, ("ann", 1, 1, 1)))
    store.delete(first, {"user": "ann"})
    store.create(third)
    store.create(group("v0002"))
    store.write(third, pa.Table.from_pylist([{"user": "eve", "at": moment(1)}], third.arrow_schema))
    assert set(store.read(f"SELECT * FROM {LATEST}")["user"]) == {"eve"}
    store.drop(third)
    assert spent(store) == {}
    store.drop("acme_shop_buyer_v0002")
    assert spent(store) == {}
    store.drop(first)
    assert store.catalog.find(LATEST) is None
    store.create(first)
    store.write(first, table(first, ("ann", 1, 1, 1)))
    assert spent(store) == {"ann": 1}


def test_deletes_that_were_cut_short_are_honoured_by_the_next(store: fsql.FeatureStore) -> None:
    of = group()
    store.create(of)
    store.write(of, table(of, ("ann", 1, 1, 1), ("bob", 1, 1, 2)))
    entry = store.catalog.get(of.name)

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deletes.delete(store.engine, store.catalog, entry, die, {"user": "ann"})
    assert store.catalog.find(f"{of.name}__deletes") is not None
    assert spent(store) == {"ann": 1, "bob": 2}
    store.delete(of, {"user": "bob"})
    assert spent(store) == {"ann": 1}


def test_deletes_that_do_not_fit_change_nothing(store: fsql.FeatureStore) -> None:
    of = group()
    store.create(of)
    before = store.catalog.get(LATEST).glue
    with pytest.raises(InvalidData):
        store.delete(of, {"user": None})
    assert store.catalog.get(LATEST).glue == before


def test_many_at_once(store: fsql.FeatureStore) -> None:
    """Whoever comes last, the views are on the newest version, with its deletes."""
    numbers = range(1, 7)
    url = store.engine.url

    def make(number: int) -> None:
        of, mine = group(f"v{number:04}"), fsql.FeatureStore(url)
        mine.create(of)
        mine.write(of, table(of, ("ann", 1, 1, number), ("bob", 1, 1, number)))
        mine.delete(of, {"user": "ann"})
        mine.engine.dispose()

    with ThreadPoolExecutor(len(numbers)) as pool:
        list(pool.map(make, numbers))
    assert behind(store) == []
    assert spent(store) == {"bob": 6}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    assert behind(made.store) == []
    made.engine.dispose()


def latest(lab: Lab, what: str, entity: str = "station") -> dict[str, Any]:
    sql = f"SELECT origin, {what} AS value FROM lab_weather_{entity}__latest"
    found = fsql.read_arrow(sql, lab.engine).to_pylist()
    assert len({row["origin"] for row in found}) == len(found)
    return {row["origin"]: row["value"] for row in found}


ADDED = (
    (AddColumn(ICEBERG, "gust", pa.field("gust", pa.int32())), "gust"),
    (DropColumn(ICEBERG, "gust"), "seats"),
)
CHANGED = (
    (AlterColumn(ICEBERG, "seats", pa.int64()), "seats"),
    (RenameColumn(ICEBERG, "temp", "heat"), "heat"),
    (RenameColumn(ICEBERG, "time_hour", "hour"), "heat"),
)


@pytest.mark.parametrize(("table_format", "steps"), [("iceberg", ADDED + CHANGED), ("hive", ADDED)])
def test_migrations_take_it_along(lab: Lab, table_format: str, steps: Any) -> None:
    lab.create(declared(table_format=table_format), frame("JFK", "LGA"), frame("EWR"))
    lab.store.delete(ICEBERG, {"origin": "LGA"})
    for change, column in steps:
        lab.run(change)
        assert latest(lab, column).keys() == {"JFK", "EWR"}
        assert behind(lab.store) == []
    found = fsql.read_arrow("SELECT * FROM lab_weather_station__latest", lab.engine)
    assert found.schema.types == lab.state().schema.types
    lab.store.delete(ICEBERG, {"origin": "EWR"})
    assert latest(lab, "seats") == {"JFK": 10}


def test_a_key_is_renamed_with_its_deletes(lab: Lab) -> None:
    lab.create(declared(), frame("JFK", "LGA"))
    lab.store.delete(ICEBERG, {"origin": "LGA"})
    lab.run(RenameColumn(ICEBERG, "origin", "airport"))
    found = lab.store.read("SELECT airport FROM lab_weather_station__latest")
    assert found["airport"].tolist() == ["JFK"]


def test_a_release_goes_up_and_down_with_its_deletes(lab: Lab) -> None:
    lab.create(declared(HIVE, table_format="hive"), frame("JFK", "LGA"))
    lab.store.delete(HIVE, {"origin": "LGA"})
    newer = HIVE.replace("v0001", "v0002")
    lab.run(CreateGroup(State.of(declared(newer)), released=False))
    assert latest(lab, "temp", "post") == {"JFK": 1.0}
    lab.run(Backfill(newer, f"SELECT origin, time_hour, temp * 2 AS temp, seats, wind FROM {HIVE}"))
    assert latest(lab, "temp", "post") == {"JFK": 1.0}
    lab.run(Release(newer))
    assert latest(lab, "temp", "post") == {"JFK": 2.0}
    lab.run(Release(HIVE), direction="down")
    assert latest(lab, "temp", "post") == {"JFK": 1.0}


def test_a_dropped_group_comes_back_with_its_view(lab: Lab) -> None:
    lab.create(declared(), frame("JFK", "LGA"))
    lab.store.delete(ICEBERG, {"origin": "LGA"})
    lab.run(DropGroup(ICEBERG))
    assert lab.catalog.find("lab_weather_station__latest") is None
    lab.run(CreateGroup(State.of(declared())), direction="down")
    assert latest(lab, "temp") == {"JFK": 1.0}


def test_what_was_changed_by_hand_is_taken_over(lab: Lab) -> None:
    lab.create(declared(), frame("JFK"))
    with lab.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {ICEBERG} ADD COLUMNS (rain double)")
    lab.migrator.adopt(ICEBERG)
    assert latest(lab, "rain") == {"JFK": None}


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["table", "view"])
def test_a_name_that_is_taken(store: fsql.FeatureStore, kind: str) -> None:
    glue = store.catalog.glue
    if kind == "view":
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE VIEW {LATEST} AS SELECT 1 AS one")
    else:
        taken = {"Name": LATEST, "StorageDescriptor": {"Columns": [], "Location": "s3://b/k/"}}
        glue.create_table(DatabaseName="feature_store", TableInput=taken)
    before = [entry.glue for entry in store.catalog.entries()]
    with pytest.raises(TableExists, match=rf"'{LATEST}' already .* It is a {kind} of somebody"):
        store.create(group())
    assert [entry.glue for entry in store.catalog.entries()] == before
    glue.delete_table(DatabaseName="feature_store", Name=LATEST)
    store.create(group())


def test_a_view_of_somebody_elses_that_came_later_stays(store: fsql.FeatureStore) -> None:
    of = group()
    store.create(of)
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP VIEW {LATEST}")
        connection.exec_driver_sql(f"CREATE VIEW {LATEST} AS SELECT 1 AS one")
    store.delete(of, {"user": "ann"})
    store.drop(of)
    assert store.read(f"SELECT * FROM {LATEST}")["one"].tolist() == [1]


def test_a_name_that_leaves_no_room(store: fsql.FeatureStore) -> None:
    long = fsql.FeatureGroup(
        "a", "b", "e" * 244, "v0001", sa.MetaData(), sa.Column("k", sa.String), keys="k"
    )
    with pytest.raises(InvalidName, match="__latest' would have 256 bytes; Glue allows 255"):
        store.create(long)
    assert list(store.catalog.entries()) == []


def test_a_group_too_wide_for_it_has_none(store: fsql.FeatureStore) -> None:
    wide = [sa.Column(f"c{number:0254}", sa.Double) for number in range(220)]
    of = group("v0001", *wide)
    store.create(of)
    store.write(of, table(of, ("ann", 1, 1, 1)))
    assert store.catalog.find(LATEST) is None
    assert spent_by_latest(store, of) == {"ann": 1}
    store.create(group("v0002"))
    assert spent(store) == {}


# --- stores of before --------------------------------------------------------------------------


def ran(store: fsql.FeatureStore, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--url", store.engine.url.render_as_string()])


def test_a_store_without_views_is_mended(store: fsql.FeatureStore) -> None:
    of = group()
    store.create(of)
    store.write(of, table(of, ("ann", 1, 1, 1)))
    url = store.engine.url.render_as_string()
    assert ran(store, "views").output == "All views are as their groups are.\n"
    for mend in (
        lambda: ran(store, "views"),
        lambda: store.create(of, if_exists="skip"),
        lambda: store.delete(of, {"user": "bob"}),
    ):
        store.catalog.glue.delete_table(DatabaseName="feature_store", Name=LATEST)
        assert spent_by_latest(store, of) == {"ann": 1}
        (found,) = (check for check in examine(url) if check.name == "views")
        assert not found.passed
        assert f"{LATEST}: missing, or behind the group" in str(found)
        assert "`fsql views` makes" in str(found)
        mend()
        assert spent(store) == {"ann": 1}
    assert all(check.passed for check in examine(url))


def spent_by_latest(store: fsql.FeatureStore, of: fsql.FeatureGroup) -> dict[str, int]:
    found = store.read(store.latest(of))
    return dict(zip(found["user"], found["spent"], strict=True))


def test_the_next_migration_mends_it(lab: Lab) -> None:
    lab.create(declared(), frame("JFK"))
    lab.catalog.glue.delete_table(DatabaseName="feature_store", Name="lab_weather_station__latest")
    lab.run(AlterGroup(ICEBERG, {"owner": "me"}))
    assert latest(lab, "temp") == {"JFK": 1.0}
