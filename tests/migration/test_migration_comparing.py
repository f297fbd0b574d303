"""The changes that lead from one state of a group to another, and the renames that may be meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fsql
from fsql.errors import MigrationError, NeedsNewVersion
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    MoveColumn,
    RenameColumn,
)
from fsql.migration.model.comparing import changes, declared, renames
from fsql.migration.model.evolving import evolved
from fsql.migration.model.ordering import moves
from fsql.migration.model.reversing import reversed_
from fsql.migration.model.state import State
from fsql.naming import GroupName
from tests.migration.strategies import states

NAME = GroupName("nyc", "flights", "weather", "v0001")
T = NAME.table
INT8, INT32, INT64, FLOAT64 = pa.int8(), pa.int32(), pa.int64(), pa.float64()


def state(*columns: Any, table_format: str = "iceberg", **options: Any) -> State:
    schema = pa.schema([("k", INT64), ("t", pa.timestamp("ms")), *columns])
    given = {"keys": ["k"], "event_time": "t", "table_format": table_format, **options}
    return State.of(fsql.FeatureGroup.from_schema(NAME, schema, **given))


def folded(made: list[Change], before: State | None) -> State | None:
    now = before
    for change in made:
        now = evolved(change, now)
    return now


@settings(max_examples=40)
@given(states(), states())
def test_the_changes_lead_there_and_their_reversals_back(before: State, after: State) -> None:
    now, back = before, list[Change]()
    for change in changes(before, after):
        back = [*reversed_(change, now), *back]
        made = evolved(change, now)
        assert made is not None
        now = made
    assert now == after
    assert folded(back, now) == before
    assert changes(after, now) == []


@settings(max_examples=20)
@given(states("hive"), states("hive"))
def test_a_hive_group_becomes_what_is_declared_or_wants_a_new_version(
    before: State, after: State
) -> None:
    try:
        made = changes(before, after)
    except NeedsNewVersion as error:
        made, said = [], error.reasons
    else:
        said = ()
    assert said or folded(made, before) == after


def test_a_group_comes_and_goes() -> None:
    assert changes(None, state()) == [CreateGroup(state())]
    assert changes(state(), None) == [DropGroup(T)]
    assert changes(None, None) == []


def test_what_is_needed_is_let_go_before_it_is_dropped() -> None:
    before = state(("x", INT64), keys=["k", "x"], partition_by=["x"], sort_by=["x"])
    after = state(("y", INT64), keys=["k", "y"], partition_by=["bucket(4, y)"], sort_by=["y"])
    kinds = [type(change).__name__ for change in changes(before, after)]
    assert kinds == ["AddColumn", "AlterGroup", "SetPartitioning", "DropColumn"]


def test_nested_fields_come_and_go_one_by_one() -> None:
    before = state(("wind", pa.struct([("dir", INT8), ("speed", FLOAT64)])))
    after = state(("wind", pa.struct([("gust", FLOAT64), ("dir", INT32)])))
    assert changes(before, after) == [
        AddColumn(T, "wind.gust", pa.field("gust", FLOAT64)),
        AlterColumn(T, "wind.dir", type=INT32),
        DropColumn(T, "wind.speed"),
        MoveColumn(T, "wind.gust", None),
    ]


def test_a_required_column_is_added_before_it_is_required() -> None:
    assert changes(state(), state(pa.field("n", INT8, nullable=False))) == [
        AddColumn(T, "n", pa.field("n", INT8)),
        AlterColumn(T, "n", nullable=False),
    ]


def test_fields_in_another_case_are_the_same() -> None:
    before, after = (state(("wind", pa.struct([(name, INT8)]))) for name in ("Dir", "dir"))
    assert changes(before, after) == [RenameColumn(T, "wind.Dir", "dir")]


def test_one_change_says_all_of_a_column() -> None:
    after = state(pa.field("x", INT64))
    after = replace(after, comments={"x": "what it is"})
    assert changes(state(("x", INT32)), after) == [
        AlterColumn(T, "x", type=INT64, comment="what it is")
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (INT32, pa.string()),
        (FLOAT64, INT64),
        (pa.struct([("a", INT8)]), pa.list_(INT8)),
        (pa.time32("s"), pa.time32("ms")),
        (pa.map_(pa.string(), INT8), pa.map_(pa.binary(), INT8)),
        (pa.list_(INT32), pa.list_(pa.string())),
    ],
)
def test_a_type_that_files_cannot_show_wants_a_new_version(
    old: pa.DataType, new: pa.DataType
) -> None:
    with pytest.raises(NeedsNewVersion, match=r"new version.*\n.*'x|x") as caught:
        changes(state(("x", old)), state(("x", new)))
    assert len(caught.value.reasons) == 1
    assert str(old) in str(caught.value) or "do not become" in str(caught.value)


def test_every_reason_is_said_at_once() -> None:
    before = state(("a", INT32), ("b", INT32), ("c", INT8), table_format="hive")
    after = state(("b", INT64), ("a", INT32), table_format="hive", partition_by=["day(t)"])
    with pytest.raises(NeedsNewVersion) as caught:
        changes(before, after)
    said = "\n".join(caught.value.reasons)
    assert [name for name in ("b from", "'c'", "partitions", "moves") if name not in said] == []


def test_the_format_wants_a_new_version() -> None:
    with pytest.raises(NeedsNewVersion, match=r"of 'iceberg', not of 'hive'"):
        changes(state(), state(table_format="hive"))


def test_two_groups_are_not_compared() -> None:
    other = replace(state().definition, name=replace(NAME, version="v0002"))
    with pytest.raises(MigrationError, match=r"two groups"):
        changes(state(), replace(state(), definition=other))


@given(st.permutations("abcdefgh"))
def test_the_fewest_moves_bring_the_order(wanted: list[str]) -> None:
    now = sorted(wanted)
    made = list(moves(now, wanted))
    assert len(made) == len(now) - longest_rising(wanted)
    for name, after in made:
        now.remove(name)
        now.insert(0 if after is None else now.index(after) + 1, name)
    assert now == wanted


def longest_rising(names: list[str]) -> int:
    best = [1] * len(names)
    for place, name in enumerate(names):
        best[place] += max((best[i] for i in range(place) if names[i] < name), default=0)
    return max(best)


@pytest.mark.parametrize(
    ("old", "new", "proposed"),
    [
        ([("temp", INT32)], [("temperature", INT32)], ["temp to temperature"]),
        ([("temp", INT32)], [("temperature", INT64)], ["temp to temperature"]),
        ([("a", INT32)], [("zz", INT32)], ["a to zz"]),
        ([("a", INT32)], [("k2", INT8), ("zz", INT32)], []),
        ([("a", INT32)], [("a2", pa.string())], []),
        (
            [("wind", pa.struct([("dir", INT8), ("gust", INT8)]))],
            [("wind", pa.struct([("dir", INT8), ("wind_gust", INT8)]))],
            ["wind.gust to wind_gust"],
        ),
        (
            [("lo", INT32), ("hi", INT32)],
            [("lowest", INT32), ("highest", INT32)],
            ["lo to lowest", "hi to highest"],
        ),
    ],
)
def test_what_may_be_renamed(old: list[Any], new: list[Any], proposed: list[str]) -> None:
    found = renames(state(*old), state(*new))
    assert sorted(f"{one.path} to {one.to}" for one in found) == sorted(proposed)


def test_a_rename_leaves_nothing_else_to_do() -> None:
    before, after = state(("temp", INT32)), state(("temperature", INT64))
    (rename,) = renames(before, after)
    assert changes(evolved(rename, before), after) == [AlterColumn(T, "temperature", type=INT64)]


def framed(**columns: Any) -> State:
    frame = pd.DataFrame({"k": [1], **columns}).set_index("k")
    return State.of(
        fsql.FeatureGroup.from_frame("nyc", "flights", "weather", "v0001", frame=frame, keys=["k"])
    )


def sizes(*names: str) -> Any:
    return pd.Categorical([names[0]], names, ordered=True)


def test_the_notes_of_frames_are_led_to() -> None:
    before = framed(n=pd.Series([1], dtype="Int32"), size=sizes("s", "m"))
    after = framed(n=[1.5], other=sizes("x", "y"), size=sizes("s", "m", "l"))
    with pytest.raises(NeedsNewVersion):
        changes(before, after)
    after = framed(n=pd.Series([1], dtype="Int64"), other=sizes("x"), size=sizes("s", "m", "l"))
    made = changes(before, after)
    assert folded(made, before) == after
    assert folded(changes(after, before), after) == before


def test_columns_that_are_written_out_keep_the_notes_of_a_frame() -> None:
    before = framed(n=[1], text=["a"])
    fields = [*before.schema.remove_metadata(), pa.field("new", FLOAT64)]
    plain = State(pa.schema(fields), before.definition, {})
    assert len(changes(before, plain)) > 1
    meant = declared(plain, before)
    assert changes(before, meant) == [AddColumn(T, "new", pa.field("new", FLOAT64))]
    assert meant.schema.empty_table().to_pandas().index.name == "k"


def test_new_notes_are_one_change() -> None:
    before = framed(size=sizes("s", "m"))
    (made,) = changes(before, framed(size=sizes("s", "m", "l")))
    assert isinstance(made, AlterGroup)
    assert list(made.options) == ["schema_metadata"]
