"""Groups made, found, described and dropped, and the newest row of each key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy import BigInteger, Double, String

import fsql
from fsql.aws import Aws
from fsql.catalog import Catalog
from fsql.errors import (
    ConfigError,
    DefinitionError,
    NotAFeatureGroup,
    TableExists,
    TableNotFound,
)
from fsql.formats import create
from fsql.types import Struct, Timestamp

BERLIN = "Europe/Berlin"


def group(version: str = "v0001", *more: sa.Column[Any], **options: Any) -> fsql.FeatureGroup:
    columns = [
        sa.Column("user", String, comment="who"),
        sa.Column("at", Timestamp("ms", BERLIN)),
        sa.Column("known", Timestamp("us")),
        sa.Column("order", Double),
        *more,
    ]
    roles = {"keys": ["user"], "event_time": "at", "created_time": "known"} | options
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "acme", "shop", "buyer", version, sa.MetaData(), *columns, **roles
    )
    return made


GROUP = group()
VIEW = "acme_shop_buyer"


def moment(hour: int) -> dt.datetime:
    return dt.datetime(2013, 7, 4, hour, tzinfo=dt.UTC)


def rows(*values: tuple[str, int, int | None, float]) -> pd.DataFrame:
    """Rows of user, hour of the event, hour it became known, order."""
    users, at, known, orders = zip(*values, strict=True)
    return pd.DataFrame(
        {
            "user": users,
            "at": [moment(hour) for hour in at],
            "known": [None if hour is None else moment(hour) for hour in known],
            "order": orders,
        }
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('store')}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    """An empty store."""
    yield shared
    for made in shared.groups():
        shared.drop(made, purge=True)


# --- create ------------------------------------------------------------------------------------


def test_a_group_becomes_a_table_and_a_view(store: fsql.FeatureStore) -> None:
    store.create(GROUP)
    store.write(GROUP, rows(("ann", 1, 2, 3.0)))
    for name in (GROUP.name, VIEW):
        found = fsql.read_arrow(f"SELECT * FROM {name}", store.engine)
        assert found.schema.names == GROUP.arrow_schema.names
        assert found.schema.types == GROUP.arrow_schema.types
        assert found["at"].to_pylist() == [moment(1)]


def test_what_athena_and_other_engines_need_is_there(store: fsql.FeatureStore) -> None:
    store.create(group(partition_by=["day(at)"], description="who buys"))
    entry = store.catalog.get(GROUP.name)
    assert entry.glue["TableType"] == "EXTERNAL_TABLE"
    assert entry.glue["Description"] == "who buys"
    assert entry.parameters["table_type"] == "ICEBERG"
    assert entry.location == "s3://fsql-local/warehouse/feature_store/acme_shop_buyer_v0001"
    table = store.catalog.iceberg.load_table(("feature_store", GROUP.name))
    assert table.metadata.format_version == 2
    assert table.schema().find_field("user").doc == "who"
    assert [(f.name, str(f.transform)) for f in table.spec().fields] == [("at_day", "day")]
    properties = {"write.parquet.compression-codec": "zstd", **GROUP.properties}
    for name in ("fsql.schema", "write.parquet.compression-codec"):
        assert table.properties[name] == entry.parameters[name] == properties[name]


def test_a_table_goes_where_its_database_is(store: fsql.FeatureStore) -> None:
    store.catalog.glue.create_database(
        DatabaseInput={"Name": "elsewhere", "LocationUri": "s3://fsql-local/other/"}
    )
    there = group(database="elsewhere")
    store.create(there)
    assert store.catalog.get(GROUP.name, "elsewhere").location == (
        "s3://fsql-local/other/acme_shop_buyer_v0001"
    )
    store.write(there, rows(("ann", 1, 2, 3.0)))
    assert len(store.read(f"SELECT * FROM elsewhere.{VIEW}")) == 1
    assert store.describe(f"elsewhere.{VIEW}").database == "elsewhere"
    store.drop(there, purge=True)


def test_a_missing_database_is_made(store: fsql.FeatureStore) -> None:
    there = group(database="new_one")
    store.create(there)
    assert store.describe(there).totals.rows == 0
    store.drop(there, purge=True)


def test_nowhere_to_put_a_table_is_said(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws: Aws = store.catalog.aws
    monkeypatch.setattr(aws, "warehouse", None)
    with pytest.raises(ConfigError, match="Add warehouse=s3://bucket/prefix/ to the URL"):
        create(Catalog(aws), GROUP)


def test_a_table_that_is_there_is_an_error(store: fsql.FeatureStore) -> None:
    store.create(GROUP)
    with pytest.raises(TableExists, match="Pass if_exists='skip'"):
        store.create(GROUP)


def test_skip_keeps_a_table_that_is_as_declared(store: fsql.FeatureStore) -> None:
    store.create(GROUP)
    store.write(GROUP, rows(("ann", 1, 2, 3.0)))
    store.create(group(description="another word for it"), if_exists="skip")
    assert store.describe(GROUP).totals.rows == 1


def test_skip_tells_how_a_table_differs(store: fsql.FeatureStore) -> None:
    store.create(GROUP)
    columns = (sa.Column("extra", BigInteger),)
    other = group("v0001", *columns, keys=["user", "extra"], partition_by=["day(at)"])
    with pytest.raises(DefinitionError) as caught:
        store.create(other, if_exists="skip")
    assert str(caught.value).splitlines()[1:] == [
        "  - column 'extra' is declared and not stored",
        "  - keys is declared as user, extra, stored as user",
        "  - partition_by is declared as day(at), stored as nothing",
    ]


def test_skip_mends_a_view_that_is_missing(store: fsql.FeatureStore) -> None:
    store.create(GROUP)
    store.catalog.glue.delete_table(DatabaseName="feature_store", Name=VIEW)
    store.create(GROUP, if_exists="skip")
    assert store.catalog.get(VIEW).is_view


def test_a_table_that_sqlalchemy_made_is_a_group(store: fsql.FeatureStore) -> None:
    made = group(partition_by=["day(at)"])
    made.metadata.create_all(store.engine)
    store.create(made, if_exists="skip")
    store.write(made, rows(("ann", 1, 2, 3.0)))
    found = fsql.read_arrow(f"SELECT * FROM {VIEW}", store.engine)
    assert found.schema.types == GROUP.arrow_schema.types


def test_a_view_does_not_take_a_tables_name(store: fsql.FeatureStore) -> None:
    table = {"Name": VIEW, "StorageDescriptor": {"Columns": [], "Location": "s3://b/k/"}}
    store.catalog.glue.create_table(DatabaseName="feature_store", TableInput=table)
    with pytest.raises(TableExists, match="'acme_shop_buyer'"):
        store.create(GROUP)
    assert store.catalog.find(GROUP.name) is None
    store.catalog.glue.delete_table(DatabaseName="feature_store", Name=VIEW)


def test_another_if_exists_is_refused(store: fsql.FeatureStore) -> None:
    with pytest.raises(ConfigError, match=r"if_exists='replace'\. Expected 'error' or 'skip'"):
        store.create(GROUP, if_exists="replace")


# --- versions, drop ----------------------------------------------------------------------------


def test_the_view_follows_the_newest_version(store: fsql.FeatureStore) -> None:
    store.create(GROUP)
    newer = group("v0003", sa.Column("extra", BigInteger))
    store.create(newer)
    store.create(group("v0002"))
    store.write(newer, rows(("ann", 1, 2, 3.0)).assign(extra=[7]))
    assert store.read(f"SELECT extra FROM {VIEW}")["extra"].tolist() == [7]
    store.drop(newer)
    with pytest.raises(TableNotFound):
        store.describe(newer)
    assert "v0002" in str(store.catalog.get(VIEW).view_sql)
    store.drop("acme_shop_buyer_v0002")
    store.drop(VIEW)
    assert store.catalog.find(VIEW) is None
    assert store.groups() == []


@pytest.mark.parametrize("purge", [False, True])
def test_files_stay_unless_they_are_purged(store: fsql.FeatureStore, purge: bool) -> None:
    store.create(GROUP)
    store.write(GROUP, rows(("ann", 1, 2, 3.0)))
    location = f"{store.catalog.get(GROUP.name).location}/"
    store.drop(GROUP, purge=purge)
    assert store.catalog.find(GROUP.name) is None
    assert bool(store.catalog.storage.list(location)) is not purge
    store.catalog.storage.delete_prefix(location)


def test_what_is_not_there_cannot_be_dropped(store: fsql.FeatureStore) -> None:
    store.create(GROUP)
    with pytest.raises(TableNotFound, match="Did you mean 'acme_shop_buyer_v0001'"):
        store.drop("acme_shop_buyers_v0001")
    with pytest.raises(TableNotFound):
        store.drop(group("v0009"))


def test_another_table_is_left_alone(store: fsql.FeatureStore) -> None:
    table = {"Name": "other", "StorageDescriptor": {"Columns": [], "Location": "s3://b/k/"}}
    store.catalog.glue.create_table(DatabaseName="feature_store", TableInput=table)
    for ask in (store.drop, store.describe, store.latest):
        with pytest.raises(NotAFeatureGroup, match="'other'"):
            ask("other")
    assert store.catalog.find("other") is not None
    store.catalog.glue.delete_table(DatabaseName="feature_store", Name="other")


# --- groups, describe --------------------------------------------------------------------------


def test_groups_are_listed_by_name_and_pattern(store: fsql.FeatureStore) -> None:
    store.create(group("v0002"))
    store.create(GROUP)
    assert [found.name for found in store.groups()] == [
        "acme_shop_buyer_v0001",
        "acme_shop_buyer_v0002",
    ]
    assert [found.name for found in store.groups("*_v0002")] == ["acme_shop_buyer_v0002"]
    assert store.groups("nothing*") == []
    (found,) = store.groups(GROUP.name)
    assert found.arrow_schema == GROUP.arrow_schema
    assert found.definition == GROUP.definition


def test_a_description_says_what_there_is(store: fsql.FeatureStore) -> None:
    wind = Struct(dir=BigInteger, speed=Double)
    described = group(
        "v0001",
        sa.Column("wind", wind, nullable=False),
        partition_by=["day(at)"],
        description="who buys",
        owner="shop team",
        tags={"pii": "no"},
        ttl=dt.timedelta(days=2),
    )
    store.create(described)
    data = rows(("ann", 1, 2, 3.0))
    data["wind"] = pd.Series([{"dir": 1, "speed": 0.5}], dtype=object)
    written = store.write(described, data)
    found = store.describe(VIEW)
    assert (found.group.name, found.database) == (GROUP.name, "feature_store")
    assert (found.totals.rows, found.totals.files) == (1, 1)
    assert found.totals.bytes == written.bytes
    assert found.totals.snapshot_id == written.snapshot_id
    columns = {record["column"]: record for record in found.to_frame().to_dict("records")}
    assert columns["at"]["type"] == f"timestamp[ms, tz={BERLIN}]"
    assert columns["at"]["engine_type"] == "timestamp(6)"
    assert columns["at"]["role"] == "event time"
    assert (columns["user"]["role"], columns["user"]["comment"]) == ("key", "who")
    assert columns["wind"]["engine_type"] == "row(dir bigint, speed double)"
    text = str(found)
    assert text == repr(found)
    for line in (
        "feature_store.acme_shop_buyer_v0001",
        "description   who buys",
        "tags          pii=no",
        "keys          user",
        "created time  known",
        "ttl           2 days, 0:00:00",
        "partitions    day(at)",
        "rows          1",
        "version id    1",
    ):
        assert line in text.splitlines()
    assert "NOT NULL" in text


# --- latest ------------------------------------------------------------------------------------


@pytest.fixture
def history(store: fsql.FeatureStore) -> fsql.FeatureStore:
    store.create(GROUP)
    store.write(
        GROUP,
        rows(
            ("ann", 1, 1, 1.0),
            ("ann", 5, 9, 2.0),
            ("ann", 5, None, 3.0),
            ("ann", 5, 3, 4.0),
            ("bob", 9, None, 5.0),
            ("bob", 2, 23, 6.0),
            ("eve", 7, 7, 7.0),
            ("eve", 7, 7, 7.0),
        ),
    )
    return store


def orders(frame: pd.DataFrame) -> dict[str, float]:
    assert frame["user"].is_unique
    return dict(zip(frame["user"], frame["order"], strict=True))


def test_latest_is_one_row_for_each_key(history: fsql.FeatureStore) -> None:
    select = history.latest(GROUP)
    assert orders(history.read(select)) == {"ann": 2.0, "bob": 5.0, "eve": 7.0}
    assert orders(pd.read_sql(select, history.engine)) == {"ann": 2.0, "bob": 5.0, "eve": 7.0}


def test_latest_restores_types_and_takes_names(history: fsql.FeatureStore) -> None:
    for named in (GROUP, GROUP.name, VIEW):
        table = fsql.read_arrow(history.latest(named), history.engine)
        assert table.schema.types == GROUP.arrow_schema.types
        assert table.schema.names == GROUP.arrow_schema.names


def test_latest_can_be_narrowed(history: fsql.FeatureStore) -> None:
    ranked = history.latest(GROUP).subquery()
    select = sa.select(ranked.c.user, ranked.c.order).where(ranked.c.user == "bob")
    assert orders(history.read(select)) == {"bob": 5.0}


@pytest.mark.parametrize("as_of", [moment(6), moment(6).replace(tzinfo=None), moment(5)])
def test_latest_as_of_a_time_leaves_out_what_came_later(
    history: fsql.FeatureStore, as_of: dt.datetime
) -> None:
    assert orders(history.read(history.latest(GROUP, as_of))) == {"ann": 2.0, "bob": 6.0}


def test_latest_of_a_group_without_times_is_any_row(store: fsql.FeatureStore) -> None:
    columns = [sa.Column("k", BigInteger), sa.Column("fsql_rank", BigInteger)]
    timeless = fsql.FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), *columns, keys=["k"])
    store.create(timeless)
    store.write(timeless, pa.table({"k": [1, 1, 2], "fsql_rank": [5, 5, 6]}))
    found = store.read(store.latest(timeless)).sort_values("k")
    assert found.to_dict("list") == {"k": [1, 2], "fsql_rank": [5, 6]}
    with pytest.raises(DefinitionError, match="as_of is given, and group 'a_b_c_v0001' has no"):
        store.latest(timeless, moment(1))


# --- the façade --------------------------------------------------------------------------------


def test_a_store_is_opened_by_url_or_engine(tmp_path: Path) -> None:
    engine = fsql.create_engine(f"fsql:///{tmp_path}/store")
    store = fsql.FeatureStore(engine)
    assert store.engine is engine
    store.create(GROUP)
    assert [g.name for g in fsql.FeatureStore(str(engine.url)).groups()] == [GROUP.name]
    assert repr(store) == f"FeatureStore('fsql:///{tmp_path}/store')"
    with pytest.raises(ConfigError, match="The engine speaks 'sqlite'"):
        fsql.FeatureStore(sa.create_engine("sqlite://")).groups()


def test_reading_passes_options_on(history: fsql.FeatureStore) -> None:
    sql = f'SELECT "order" FROM {GROUP.name} WHERE "user" = %(user)s'
    found = history.read(sql, {"user": "bob"}, dtype_backend="pyarrow")
    assert sorted(found["order"]) == [5.0, 6.0]
    assert found.attrs["fsql"]["transport"]
