"""What changes make of a group, what takes them back, and what is refused and why."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import fsql
from fsql.definition import Partition
from fsql.errors import Irreversible, MigrationError
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Backfill,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    Execute,
    MoveColumn,
    Release,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.evolving import evolved, must_fit
from fsql.migration.model.reversing import reversed_
from fsql.migration.model.state import State
from fsql.naming import GroupName
from tests.migration.strategies import lives, states

NAME = GroupName("nyc", "flights", "weather", "v0001")
T = NAME.table
INT8, INT64 = pa.int8(), pa.int64()
SCHEMA = pa.schema(
    [
        ("origin", pa.string()),
        ("time_hour", pa.timestamp("ms", "UTC")),
        ("known", pa.timestamp("ms")),
        ("temp", pa.int32()),
        pa.field("wind", pa.struct([("Dir", pa.int8()), ("speed", pa.float32())])),
        ("limits", pa.map_(pa.string(), pa.struct([("low", pa.float32())]))),
        ("readings", pa.list_(pa.struct([("gust", pa.float32())]))),
        ("visib", pa.float64()),
    ]
)


def state(table_format: str = "iceberg", **options: Any) -> State:
    given = {
        "keys": ["origin"],
        "event_time": "time_hour",
        "created_time": "known",
        "partition_by": ["day(time_hour)"],
        "sort_by": ["temp"],
    }
    group = fsql.FeatureGroup.from_schema(
        NAME, SCHEMA, table_format=table_format, **(given | options)
    )
    group.columns["temp"].comment = "in Celsius"
    return State.of(group)


def after(change: Change, before: State | None = None) -> State:
    made = evolved(change, before or state())
    assert made is not None
    assert State.of(made.group()) == made
    return made


def test_a_nested_field_is_added() -> None:
    wind = after(AddColumn(T, "wind.gust", pa.field("gust", pa.float64()))).schema.field("wind")
    assert [field.name for field in wind.type] == ["Dir", "speed", "gust"]


def test_a_column_comes_with_its_comment() -> None:
    made = after(AddColumn(T, "n", pa.field("n", INT8, False), "how many", default=3))
    assert made.schema.field("n") == pa.field("n", INT8, False)
    assert made.comments == {"temp": "in Celsius", "n": "how many"}


def test_a_renamed_column_is_renamed_wherever_it_is_needed() -> None:
    made = state()
    for old, new in [("origin", "airport"), ("time_hour", "hour"), ("known", "k"), ("temp", "t")]:
        made = after(RenameColumn(T, old, new), made)
    assert made.definition.keys == ("airport",)
    assert (made.definition.event_time, made.definition.created_time) == ("hour", "k")
    assert made.definition.partition_by == (Partition("hour", "day"),)
    assert made.definition.sort_by == ("t",)
    assert made.comments == {"t": "in Celsius"}


def test_a_comment_goes_with_its_column() -> None:
    without = replace(state(), definition=replace(state().definition, sort_by=()))
    assert after(DropColumn(T, "temp"), without).comments == {}


def test_a_type_is_widened_at_any_depth() -> None:
    made = after(AlterColumn(T, "limits.value.low", type=pa.float64()))
    assert made.schema.field("limits").type.item_type.field("low").type == pa.float64()


def test_options_are_as_the_constructor_has_them() -> None:
    options = {"keys": ["origin", "temp"], "sort_by": "visib", "tags": None, "owner": "ops"}
    made = after(AlterGroup(T, options)).definition
    assert made == replace(
        state().definition, keys=("origin", "temp"), sort_by=("visib",), tags={}, owner="ops"
    )


def test_what_fills_and_releases_changes_nothing() -> None:
    for change in (Backfill(T, "SELECT 1"), Release(T), Execute("SELECT 1")):
        assert evolved(change, state()) == state()


def test_a_group_comes_and_goes() -> None:
    assert evolved(CreateGroup(state()), None) == state()
    assert evolved(DropGroup(T), state()) is None


@pytest.mark.parametrize(
    ("change", "looked_at"),
    [
        (AlterColumn(T, "temp", type=INT64), False),
        (AlterColumn(T, "temp", type=INT8), True),
        (AlterColumn(T, "temp", nullable=False), True),
        (AlterColumn(T, "temp", nullable=True), False),
        (AlterColumn(T, "known", type=pa.timestamp("s")), True),
        (AlterColumn(T, "known", type=pa.timestamp("us", "Europe/Oslo")), False),
        (DropColumn(T, "visib"), False),
    ],
)
def test_what_rows_have_to_be_looked_at_for(change: Change, looked_at: bool) -> None:
    assert must_fit(change, state()) == looked_at


REFUSED: list[tuple[Change, str, str]] = [
    (DropColumn(T, "origin"), "a key", "op.alter_feature_group"),
    (DropColumn(T, "time_hour"), "the event time", "op.alter_feature_group"),
    (DropColumn(T, "known"), "the created time", "op.alter_feature_group"),
    (DropColumn(T, "temp"), "sorted by", "Take it out of sort_by"),
    (DropColumn(T, "limits.value.low"), "without fields", "Drop the column"),
    (DropColumn(T, "limits.key"), "keys of a map", "new version"),
    (DropColumn(T, "readings.element"), "and stays", "Change the whole column"),
    (DropColumn(T, "nowhere"), "no column 'nowhere'", "Columns: origin"),
    (AddColumn(T, "temp", pa.field("temp", INT8)), "'temp' already", "another name"),
    (AddColumn(T, "temp.low", pa.field("low", INT8)), "only a struct", "Add it beside"),
    (AddColumn(T, "Temp2", pa.field("Temp2", INT8)), "'Temp2' is not allowed", "lower-case"),
    (AddColumn(T, "n", pa.field("m", INT8)), "named 'm'", "Name it 'n'"),
    (AddColumn(T, "n", pa.field("n", INT8, False)), "would read NULL", "default="),
    (AddColumn(T, "n", pa.field("n", INT8), default=300), "default is no int8", "Give one"),
    (AddColumn(T, "n", pa.field("n", pa.null())), "cannot be stored", "give it a type"),
    (
        AddColumn(T, "readings.element.n", pa.field("n", INT8), default=3),
        "no UPDATE reaches",
        "without a default",
    ),
    (AddColumn(T, "wind.n", pa.field("n", INT8), "no"), "only columns have", "Say it of"),
    (RenameColumn(T, "temp", "wind"), "'wind' already", "another name"),
    (RenameColumn(T, "temp", "Temp"), "'Temp' is not allowed", "Expected lower-case"),
    (RenameColumn(T, "limits.key", "k"), "keys of a map", "new version"),
    (AlterColumn(T, "temp", type=pa.string()), "do not become string", "new version"),
    (AlterColumn(T, "temp", type=pa.float64()), "do not become double", "new version"),
    (AlterColumn(T, "limits.key", type=pa.binary()), "do not become binary", "new version"),
    (AlterColumn(T, "wind.dir", comment="no"), "only columns have", "Say it of the column"),
    (MoveColumn(T, "temp", "nowhere"), "no 'nowhere' beside", "Beside: origin"),
    (MoveColumn(T, "limits.value", None), "and stays", "whole column"),
    (AlterGroup(T, {"table_format": "hive"}), "no option that changes", "a new version"),
    (AlterGroup(T, {"keys": ["nowhere"]}), "no column", "Columns: origin"),
    (AlterGroup(T, {"event_time": "temp"}), "has type int32", "Expected Timestamp"),
    (AlterGroup(T, {"ttl": 3}), "ttl is 3", "Expected a datetime.timedelta"),
    (AlterGroup(T, {"compatibility": "most"}), "'most'", "Expected 'none'"),
    (SetPartitioning(T, (Partition("temp", "day"),)), "no day of int32", "another one"),
    (SetPartitioning(T, (Partition("known", "truncate", 4),)), "no truncate", "another one"),
    (SetPartitioning(T, (Partition("wind"),)), "no identity of struct", "another one"),
    (SetPartitioning(T, (Partition("nowhere"),)), "no column", "Columns: origin"),
    (SetPartitioning(T, (Partition("temp", "bucket"),)), "take a width", "bucket"),
    (CreateGroup(state()), "there already", "another version"),
    (DropGroup("nyc_flights_planes_v0001"), "group at hand is", "Name that one"),
]


@pytest.mark.parametrize(("change", "reason", "remedy"), REFUSED)
def test_a_refusal_says_what_and_why_and_what_to_do(change: Any, reason: str, remedy: str) -> None:
    with pytest.raises(MigrationError) as caught:
        evolved(change, state())
    said, path = str(caught.value), getattr(change, "path", None)
    assert [text for text in (change.group, reason, remedy) if text not in said] == []
    assert (caught.value.group, caught.value.path) == (change.group, path)
    assert path is None or path in said


def test_the_source_of_a_partition_stays() -> None:
    before = state(event_time="known", created_time=None, partition_by=["day(time_hour)"])
    with pytest.raises(MigrationError, match=r"partitions are made of.*op\.set_partitioning"):
        evolved(DropColumn(T, "time_hour"), before)


def test_no_group() -> None:
    with pytest.raises(MigrationError, match="no such group"):
        evolved(DropColumn(T, "temp"), None)


BORNE: list[Change] = [
    AddColumn(T, "n", pa.field("n", INT8), "how many"),
    AlterColumn(T, "temp", comment="in Kelvin", nullable=False),
    AlterColumn(T, "time_hour", type=pa.timestamp("ms")),
    AlterGroup(T, {"owner": "ops", "ttl": dt.timedelta(1), "keys": ["origin", "temp"]}),
]
UNBORNE: list[Change] = [
    AddColumn(T, "n", pa.field("n", INT8), default=3),
    AddColumn(T, "wind.n", pa.field("n", INT8)),
    AlterColumn(T, "temp", type=INT64),
    AlterColumn(T, "wind.speed", type=pa.float64()),
    DropColumn(T, "readings"),
    MoveColumn(T, "temp", None),
    RenameColumn(T, "temp", "t"),
    SetPartitioning(T, ()),
]


@pytest.mark.parametrize("change", BORNE)
def test_a_hive_group_bears_what_parquet_by_name_can(change: Change) -> None:
    before = made = state("hive")
    back = reversed_(change, before)
    made = after(change, before)
    for one in back:
        made = after(one, made)
    assert made == before


@pytest.mark.parametrize("change", UNBORNE)
def test_a_hive_group_is_told_of_a_new_version(change: Change) -> None:
    with pytest.raises(MigrationError, match=r"alembic revision --autogenerate"):
        evolved(change, state("hive"))


@settings(max_examples=25)
@given(lives())
def test_a_life_can_be_taken_back(life: tuple[State, list[Change]]) -> None:
    taken_back(*life)


@settings(max_examples=20)
@given(lives("hive"))
def test_a_hive_groups_life_can_be_taken_back(life: tuple[State, list[Change]]) -> None:
    taken_back(*life)


def taken_back(first: State, made: list[Change]) -> None:
    now, back = first, list[Change]()
    for change in made:
        back = [*reversed_(change, now), *back]
        now = after(change, now)
    for change in back:
        now = after(change, now)
    assert now == first


@settings(max_examples=50)
@given(states(), st.data())
def test_a_state_is_what_its_group_says(given_state: State, data: st.DataObject) -> None:
    assert State.of(given_state.group()) == given_state
    other = data.draw(states())
    assert (given_state == other) == (State.of(other.group()) == given_state)


@pytest.mark.parametrize(
    "change",
    [
        Release(T),
        Execute("DELETE FROM t"),
    ],
)
def test_what_nothing_takes_back(change: Change) -> None:
    with pytest.raises(Irreversible, match=r"Nothing takes back what .* Write op\."):
        reversed_(change, state())


def test_groups_are_taken_back_whole() -> None:
    assert reversed_(CreateGroup(state()), None) == [DropGroup(T)]
    assert reversed_(DropGroup(T), state()) == [CreateGroup(state())]
    assert reversed_(Backfill(T, "SELECT 1"), state()) == []


def test_a_required_column_comes_back_before_it_is_required() -> None:
    fields = [*list(SCHEMA)[:-1], pa.field("visib", pa.float64(), nullable=False)]
    before = replace(state(), schema=pa.schema(fields))
    assert reversed_(DropColumn(T, "visib"), before) == [
        AddColumn(T, "visib", pa.field("visib", pa.float64())),
        AlterColumn(T, "visib", nullable=False),
    ]


def framed() -> State:
    """A group with an index, a nullable integer and categories in an order."""
    frame = pd.DataFrame(
        {
            "origin": ["JFK"],
            "n": pd.Series([1], dtype="Int32"),
            "size": pd.Categorical(["s"], ["s", "m"], ordered=True),
        }
    )
    return State.of(
        fsql.FeatureGroup.from_frame(
            "nyc",
            "flights",
            "weather",
            "v0001",
            sa.MetaData(),
            frame=frame.set_index("origin"),
            keys=["origin"],
        )
    )


def shown(made: State) -> pd.DataFrame:
    """An empty frame as a read gives it."""
    empty: pd.DataFrame = made.schema.empty_table().to_pandas()
    return empty


def test_pandas_index_and_dtypes_follow_the_columns() -> None:
    made = after(RenameColumn(T, "origin", "airport"), framed())
    assert shown(made).index.name == "airport"
    made = after(AddColumn(T, "x", pa.field("x", pa.float64())), made)
    assert "x" in {column["field_name"] for column in made.schema.pandas_metadata["columns"]}
    made = after(AlterColumn(T, "n", type=INT64), made)
    assert shown(made).dtypes["n"] == pd.Int64Dtype()
    made = after(DropColumn(T, "size"), made)
    assert list(shown(made).columns) == ["n", "x"]


def test_categories_in_order_come_back_with_their_column() -> None:
    before = framed()
    made = after(DropColumn(T, "size"), before)
    for change in reversed_(DropColumn(T, "size"), before):
        made = after(change, made)
    assert made == before


def test_who_wrote_the_notes_of_pandas_means_nothing() -> None:
    before = framed()
    noted = before.schema.pandas_metadata
    noted["creator"] = {"library": "pyarrow", "version": "1"}
    noted["columns"].reverse()
    metadata = {**before.schema.metadata, b"pandas": json.dumps(noted).encode()}
    assert replace(before, schema=before.schema.with_metadata(metadata)) == before
    noted["columns"].pop()
    metadata[b"pandas"] = json.dumps(noted).encode()
    assert replace(before, schema=before.schema.with_metadata(metadata)) != before
