"""Declaring feature groups."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy import Column

import fsql
from fsql.errors import DefinitionError, InvalidData, InvalidName, NotAFeatureGroup
from fsql.types import Struct, Timestamp


def weather(metadata: sa.MetaData | None = None, **options: Any) -> fsql.FeatureGroup:
    given: dict[str, Any] = {
        "keys": ["origin"],
        "event_time": "time_hour",
        "partition_by": ["month(time_hour)", "bucket(16, origin)"],
        "ttl": dt.timedelta(hours=3),
        "description": "Hourly weather",
        "owner": "team",
        "tags": {"pii": "no"},
    }
    group: fsql.FeatureGroup = fsql.FeatureGroup(
        "nyc",
        "flights",
        "weather",
        "v0001",
        metadata if metadata is not None else sa.MetaData(),
        Column("origin", sa.String),
        Column("time_hour", Timestamp("us", "America/New_York")),
        Column("wind", Struct(dir=sa.Double, speed=sa.Double)),
        **{**given, **options},
    )
    return group


def test_a_group_is_a_table_with_an_exact_schema() -> None:
    metadata = sa.MetaData()
    group = weather(metadata)
    assert isinstance(group, sa.Table)
    assert metadata.tables["nyc_flights_weather_v0001"] is group
    assert group.view_name == "nyc_flights_weather"
    assert group.arrow_schema.field("time_hour").type == pa.timestamp("us", "America/New_York")
    assert group.storage_schema.field("time_hour").type == pa.timestamp("us")


def test_a_group_can_be_rebuilt_from_what_is_stored() -> None:
    group = weather()
    again = fsql.FeatureGroup.from_properties(group.name, group.properties)
    assert again.definition == group.definition
    assert again.arrow_schema.equals(group.arrow_schema, check_metadata=True)
    assert again.comment == "Hourly weather"


def test_groups_are_pickled_and_copied_as_groups() -> None:
    group = weather()
    for again in (pickle.loads(pickle.dumps(group)), group.to_metadata(sa.MetaData())):
        assert isinstance(again, fsql.FeatureGroup)
        assert again.keys == ("origin",)
        assert again.definition == group.definition
    assert copy.copy(group.definition) == group.definition


def test_columns_may_be_given_for_names() -> None:
    origin, at = Column("origin", sa.String), Column("at", sa.Date)
    group = fsql.FeatureGroup(
        "a", "b", "c", "v0001", sa.MetaData(), origin, at, keys=origin, event_time=at
    )
    assert (group.keys, group.event_time) == (("origin",), "at")


def test_every_contradiction_is_listed() -> None:
    with pytest.raises(DefinitionError) as caught:
        weather(keys=["orgin", "wind"], event_time="wind", partition_by=["bucket(origin)"])
    for said in (
        "keys names 'orgin'",
        "key 'wind' is nested",
        "event_time 'wind' has type struct",
        "bucket and truncate, and only they, take a width",
    ):
        assert said in str(caught.value)


def test_a_refused_group_leaves_no_table_behind() -> None:
    metadata = sa.MetaData()
    with pytest.raises(DefinitionError):
        weather(metadata, keys=["missing"])
    assert not metadata.tables


@pytest.mark.parametrize("partition", ["month(", "month time_hour)", "x(y(z))", ""])
def test_partitions_have_a_form(partition: str) -> None:
    with pytest.raises(DefinitionError, match="partition_by"):
        weather(partition_by=[partition])


def test_keys_are_needed() -> None:
    with pytest.raises(DefinitionError, match="needs keys"):
        fsql.FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), Column("k", sa.String))


def test_column_names_that_athena_would_fold_are_refused() -> None:
    with pytest.raises(InvalidName, match="'Temp'"):
        fsql.FeatureGroup(
            *("a", "b", "c", "v0001", sa.MetaData()), Column("Temp", sa.Double), keys=["Temp"]
        )


def test_discovery_from_a_pandas_frame() -> None:
    frame = pd.DataFrame(
        {
            "id": pd.array([1, None], "Int64"),
            "kind": pd.Categorical(["a", "b"], ordered=True),
            "wind": [{"dir": 1.0}, None],
            "at": pd.to_datetime(["2020-01-01", "2020-01-02"]).tz_localize("Asia/Tokyo"),
        }
    )
    group = fsql.FeatureGroup.from_frame(
        "a", "b", "c", "v0001", frame=frame, keys=["id"], event_time="at"
    )
    schema = group.arrow_schema
    assert schema.field("id").type == pa.int64()
    assert pa.types.is_dictionary(schema.field("kind").type)
    assert schema.field("kind").type.ordered
    assert schema.field("wind").type == pa.struct([("dir", pa.float64())])
    assert schema.field("at").type.tz == "Asia/Tokyo"


def test_discovery_from_polars_and_arrow_agree() -> None:
    table = pa.table({"k": pa.array(["a"], pa.large_string()), "v": [[1, 2]]})
    options: dict[str, Any] = {"keys": ["k"], "event_time": None}
    arrow = fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=table, **options)
    polars = fsql.FeatureGroup.from_frame(
        "a", "b", "c", "v0002", frame=pl.from_arrow(table), **options
    )
    assert arrow.storage_schema == polars.storage_schema


def test_a_frame_of_mixed_values_names_its_columns() -> None:
    frame = pd.DataFrame({"k": ["a", "b"], "v": [1, "x"], "w": [{}, 1]})
    with pytest.raises(InvalidData) as caught:
        fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=frame, keys=["k"])
    assert [problem.column for problem in caught.value.problems] == ["v", "w"]


def test_other_tables_are_no_groups() -> None:
    with pytest.raises(NotAFeatureGroup, match="'logs'"):
        fsql.FeatureGroup.from_properties("logs", {"table_type": "ICEBERG"})


def test_comments_are_stored_with_the_group() -> None:
    group = weather()
    group.columns["wind"].comment = "it's in knots"
    again = fsql.FeatureGroup.from_properties(group.name, group.properties)
    assert again.columns["wind"].comment == "it's in knots"
    assert again.columns["origin"].comment is None


def test_categories_may_grow() -> None:
    frame = pd.DataFrame({"k": ["a"], "kind": pd.Categorical(["x"])})
    group = fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=frame, keys=["k"])
    assert group.arrow_schema.field("kind").type.index_type == pa.int32()
