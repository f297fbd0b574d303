"""The SQLAlchemy dialect: DDL, reflection and SQL text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy import Column, cast, func, select
from sqlalchemy.schema import CreateTable

import fsql
from fsql.errors import ConfigError, NotAFeatureGroup
from fsql.types import Array, Arrow, Map, Struct, Timestamp


def trip(metadata: sa.MetaData) -> fsql.FeatureGroup:
    group: fsql.FeatureGroup = fsql.FeatureGroup(
        "city",
        "taxi",
        "trip",
        "v0001",
        metadata,
        Column("id", sa.BigInteger, comment="who's trip"),
        Column("at", Timestamp("ns", "Asia/Tokyo")),
        Column("seats", Arrow(pa.uint8())),
        Column("place", Struct({"Lat": sa.Double, "from": Array(sa.String)})),
        Column("costs", Map(sa.String, sa.Numeric(10, 2))),
        keys=["id"],
        event_time="at",
        partition_by=["day(at)", "bucket(16, id)"],
        description="Trips",
        truncate=True,
    )
    return group


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = fsql.create_engine(f"fsql:///{tmp_path}/store")
    yield made
    made.dispose()


def test_a_feature_group_in_athenas_ddl(engine: sa.Engine) -> None:
    ddl = str(CreateTable(trip(sa.MetaData())).compile(engine))
    for said in (
        "CREATE TABLE city_taxi_trip_v0001 (",
        "id bigint COMMENT 'who\\'s trip'",
        "at timestamp",
        "seats int",
        "place struct<lat:double,from:array<string>>",
        "costs map<string,decimal(10,2)>",
        "PARTITIONED BY (day(at), bucket(16, id))",
        "LOCATION 's3://fsql-local/warehouse/feature_store/city_taxi_trip_v0001/'",
        "'table_type' = 'ICEBERG'",
    ):
        assert said in ddl


def test_create_all_stores_the_exact_schema(engine: sa.Engine) -> None:
    metadata = sa.MetaData()
    group = trip(metadata)
    metadata.create_all(engine)
    metadata.create_all(engine)  # finds it there
    reflected = fsql.FeatureGroup.reflect(engine, group.name)
    assert reflected.definition == group.definition
    assert reflected.arrow_schema.equals(group.arrow_schema)
    store = fsql.FeatureStore(engine)
    rows = [{"id": 1, "place": {"Lat": 1.5, "from": ["x"]}, "at": 10**18, "costs": []}]
    store.write(group, pa.Table.from_pylist([{"seats": 255, **rows[0]}], group.arrow_schema))
    read = fsql.read_arrow(select(group), engine)
    assert read.schema.types == group.arrow_schema.types
    assert read.to_pylist()[0]["place"] == {"Lat": 1.5, "from": ["x"]}
    metadata.drop_all(engine)
    assert not sa.inspect(engine).has_table(group.name)


def test_reflection(engine: sa.Engine) -> None:
    group = trip(sa.MetaData())
    fsql.FeatureStore(engine).create(group)
    inspector = sa.inspect(engine)
    assert inspector.get_table_names() == [group.name]
    assert inspector.get_view_names() == [group.view_name, f"{group.view_name}__latest"]
    assert "feature_store" in inspector.get_schema_names()
    assert inspector.get_table_comment(group.name) == {"text": "Trips"}
    types = {column["name"]: repr(column["type"]) for column in inspector.get_columns(group.name)}
    assert types == {column.name: repr(column.type) for column in group.columns}
    whole = sa.MetaData()
    whole.reflect(engine, views=True)
    views = {group.view_name, f"{group.view_name}__latest"}
    assert set(whole.tables) == {group.name, *views}
    view = whole.tables[group.view_name]
    assert isinstance(view.c.place.type, Struct)
    assert repr(view.c.costs.type) == "Map(String(), Numeric(precision=10, scale=2))"


def test_reflecting_what_is_no_group(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE plain AS SELECT 1 AS a, CAST(ROW(2) AS ROW(x int)) AS b"
        )
    with pytest.raises(NotAFeatureGroup, match="'plain'"):
        fsql.FeatureGroup.reflect(engine, "plain")
    with pytest.raises(sa.exc.NoSuchTableError):
        fsql.FeatureGroup.reflect(engine, "missing")
    with pytest.raises(sa.exc.NoSuchTableError):
        sa.Table("missing", sa.MetaData(), autoload_with=engine)


def test_nested_values_in_sql(engine: sa.Engine) -> None:
    group = trip(sa.MetaData())
    columns = (
        group.c.place["Lat"],
        group.c.place["from"][1],
        group.c.costs["k"],
        cast(group.c.costs, Map(sa.String, sa.Double)),
        cast(group.c.id, Arrow(pa.int64())),
    )
    sql = str(select(*columns).compile(engine))
    for said in (
        'place."Lat"',
        'element_at(city_taxi_trip_v0001.place."from", ',
        "element_at(city_taxi_trip_v0001.costs, ",
        "AS map(varchar, double))",
        "AS bigint)",
    ):
        assert said in sql
    with pytest.raises(KeyError, match="Fields: Lat, from"):
        _ = group.c.place["lon"]


def test_statements_are_cached_by_their_types(engine: sa.Engine) -> None:
    group = trip(sa.MetaData())
    one = select(cast(group.c.place, Struct(a=sa.Integer)))
    other = select(cast(group.c.place, Struct(a=sa.String)))
    assert one._generate_cache_key() is not None
    assert one._generate_cache_key() != other._generate_cache_key()


def test_expressions_run(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        total = connection.execute(select(func.sum(sa.literal(2)), sa.literal("it's"))).one()
        assert tuple(total) == (2, "it's")
        assert connection.execute(sa.text("SELECT 5 / 2, 'a%'")).one() == (2, "a%")
        assert connection.exec_driver_sql("SELECT 7 % 4, 'a%'").one() == (3, "a%")


def test_other_dialects_have_no_catalog() -> None:
    with pytest.raises(ConfigError, match="speaks 'sqlite'"):
        _ = fsql.FeatureStore(sa.create_engine("sqlite://")).catalog
