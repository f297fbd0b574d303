"""Levels of compatibility mean what they mean in the Glue Schema Registry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fsql
from fsql.definition import COMPATIBILITIES
from fsql.errors import MigrationError
from fsql.migration.model.compatibility import breaks
from fsql.migration.model.state import State
from fsql.naming import GroupName
from tests.migration.strategies import states

NAME = GroupName("nyc", "flights", "people", "v0001")
STRUCT = pa.struct([pa.field("street", pa.string(), nullable=False), ("number", pa.int32())])
PEOPLE = [
    pa.field("email", pa.string(), nullable=False),
    pa.field("first", pa.string(), nullable=False),
    pa.field("phone", pa.string()),
    pa.field("age", pa.int32()),
    pa.field("address", STRUCT),
]
EITHER, NEITHER = {"backward", "forward"}, set[str]()


def people(*columns: pa.Field, without: str = "", **options: Any) -> State:
    """The schema with some columns more, or other ones of the same name."""
    named = {field.name: field for field in PEOPLE if field.name != without}
    named |= {field.name: field for field in columns}
    given = {"keys": ["email"], **options}
    return State.of(fsql.FeatureGroup.from_schema(NAME, pa.schema([*named.values()]), **given))


def address(*fields: Any) -> pa.Field:
    return pa.field("address", pa.struct(fields))


STREET, NUMBER = STRUCT.field("street"), STRUCT.field("number")

# What a change keeps to. The first four are the examples of the registry's documentation.
CASES = {
    "a required field goes": (people(without="first"), {"backward"}),
    "an optional field goes": (people(without="phone"), EITHER),
    "a required field comes": (people(pa.field("zip", pa.string(), False)), {"forward"}),
    "an optional field comes": (people(pa.field("zip", pa.string())), EITHER),
    "a type is widened": (people(pa.field("age", pa.int64())), {"backward"}),
    "a type is narrowed": (people(pa.field("age", pa.int16())), {"forward"}),
    "another type": (people(pa.field("age", pa.string())), NEITHER),
    "another type of the same values": (people(pa.field("phone", pa.large_string())), EITHER),
    "NULL is allowed": (people(pa.field("first", pa.string())), {"backward"}),
    "NULL is forbidden": (people(pa.field("age", pa.int32(), False)), {"forward"}),
    "an optional column becomes a key": (people(keys=["email", "age"]), {"forward"}),
    "an optional field comes within": (people(address(STREET, NUMBER, ("c", pa.string()))), EITHER),
    "a required field goes within": (people(address(NUMBER)), {"backward"}),
    "a required field comes within": (
        people(address(STREET, NUMBER, pa.field("c", pa.string(), False))),
        {"forward"},
    ),
    "a type is widened within": (people(address(STREET, ("number", pa.int64()))), {"backward"}),
    "columns in another order": (people(without="first", keys=["email"]), {"backward"}),
    "words": (replace(people(), comments={"age": "in years"}), EITHER),
}


@pytest.mark.parametrize(("after", "kept"), CASES.values(), ids=CASES)
def test_what_each_level_admits(after: State, kept: set[str]) -> None:
    earlier = [people()]
    broken = {level for level in COMPATIBILITIES if breaks(level, earlier, after)}
    expected = {f"{level}{every}" for level in EITHER - kept for every in ("", "_all")}
    if kept != EITHER:
        expected |= {"full", "full_all"}
    if after.schema != people().schema:
        expected |= {"disabled"}
    assert broken == expected


def test_only_those_with_all_look_further_back_than_the_last() -> None:
    history = [people(pa.field("age", pa.string())), people()]
    wider = people(pa.field("age", pa.int64()))
    assert breaks("backward", history, wider) == []
    assert breaks("backward_all", history, wider) != []
    assert breaks("forward", history[:1], people()) != []


def test_a_first_schema_breaks_nothing() -> None:
    assert [breaks(level, [], people()) for level in COMPATIBILITIES] == [[]] * 8


def test_what_is_broken_is_said_with_a_remedy() -> None:
    after = people(
        pa.field("zip", pa.string(), False), address(pa.field("street", pa.binary(), False))
    )
    assert breaks("backward", [people()], after) == [
        "address.street is string in rows of the earlier schema, which binary does not show.",
        "zip is new and required, and rows of the earlier schema lack it. Let it be NULL.",
    ]
    assert breaks("forward", [people()], people(without="first")) == [
        "first is gone, and readers of the earlier schema require it. Keep it."
    ]


def test_no_such_level() -> None:
    with pytest.raises(MigrationError, match=r"'most'. Expected one of none, disabled"):
        breaks("most", [], people())


@settings(max_examples=50)
@given(states(), st.lists(states(), min_size=1, max_size=3))
def test_how_levels_relate(after: State, earlier: list[State]) -> None:
    said = {level: set(breaks(level, earlier, after)) for level in COMPATIBILITIES}
    for every in ("", "_all"):
        assert said[f"full{every}"] == said[f"backward{every}"] | said[f"forward{every}"]
    for level in ("backward", "forward", "full"):
        assert said[level] <= said[f"{level}_all"]
    turned = breaks("forward", [after], earlier[-1])
    assert bool(turned) == bool(said["backward"])
    assert said["none"] == set()


@settings(max_examples=50)
@given(states())
def test_the_same_schema_breaks_nothing(state: State) -> None:
    assert [breaks(level, [state], state) for level in COMPATIBILITIES] == [[]] * 8
