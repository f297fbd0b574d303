"""What a revision's file says evaluates to exactly what autogenerate meant."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import given, settings
from hypothesis import strategies as st

from fsql.migration.model.changes import (
    AlterColumn,
    Backfill,
    Change,
    CreateGroup,
    DropGroup,
    Execute,
    MoveColumn,
    Release,
)
from fsql.migration.model.evolving import evolved
from fsql.migration.model.state import State
from fsql.migration.proposing.rendering import operation, operation_text
from fsql.migration.proposing.source import Code, imported, literal, text
from fsql.migration.proposing.type_source import column_source, type_source
from fsql.migration.runtime import operations
from fsql.migration.runtime.impl import FsqlImpl
from fsql.types import EpochType, IsoTextType, arrow_type
from tests.migration.strategies import TABLE, lives, states

LEAVES = [
    pa.bool_(),
    *(getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *(getattr(pa, f"float{bits}")() for bits in (16, 32, 64)),
    pa.decimal32(5, 2),
    pa.decimal64(15, 2),
    pa.decimal128(38, 10),
    pa.decimal256(38, 2),
    *(pa.string(), pa.large_string(), pa.string_view()),
    *(pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(4)),
    *(pa.date32(), pa.date64(), pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")),
    *(pa.timestamp(unit, tz) for unit in ("s", "ms", "us", "ns") for tz in (None, "Asia/Tokyo")),
    *(pa.duration(unit) for unit in ("s", "ms", "us", "ns")),
    *(pa.uuid(), pa.json_(), pa.json_(pa.large_string()), pa.bool8()),
    pa.fixed_shape_tensor(pa.int32(), [2, 3]),
    pa.opaque(pa.int8(), "its type", "its vendor"),
]
WHOLE = [
    *(EpochType(unit) for unit in ("s", "ms", "us", "ns")),
    EpochType("s", pa.uint32()),
    IsoTextType(),
    IsoTextType(pa.large_string()),
    pa.dictionary(pa.int8(), pa.string()),
    pa.dictionary(pa.int32(), pa.large_string(), ordered=True),
]
NAMES = st.sampled_from(["a", "cD", "from", "self", "a b", "größe", "q\"uo'te", "import"])


def fields(types: st.SearchStrategy[pa.DataType]) -> st.SearchStrategy[pa.Field]:
    notes = st.none() | st.dictionaries(st.binary(max_size=4), st.binary(max_size=4), max_size=2)
    return st.builds(pa.field, NAMES, types, st.booleans(), notes)


def nested(inner: st.SearchStrategy[pa.DataType]) -> st.SearchStrategy[pa.DataType]:
    some = st.lists(fields(inner), min_size=1, max_size=3, unique_by=lambda field: field.name)
    part = inner | fields(inner)
    return st.one_of(
        part.map(pa.list_),
        part.map(pa.large_list),
        st.builds(pa.list_, part, st.integers(0, 3)),
        some.map(pa.struct),
        st.builds(pa.struct, st.dictionaries(NAMES, inner, min_size=1, max_size=3)),
        st.builds(pa.map_, inner, part, st.booleans()),
    )


TYPES = st.recursive(st.sampled_from(LEAVES), nested, max_leaves=6) | st.sampled_from(WHOLE)


def evaluated(written: Code, indent: int = 4) -> Any:
    """What the source text evaluates to below its imports, as in a revision's file."""
    names: dict[str, Any] = {}
    exec("\n".join(sorted(imported(written))), names)
    return eval(text(written, indent), names)


@given(TYPES)
def test_a_type_evaluates_to_itself(type_: pa.DataType) -> None:
    assert arrow_type(evaluated(type_source(type_))).equals(type_, check_metadata=True)


@given(TYPES, st.booleans(), st.none() | st.text(), st.integers(0, 80))
def test_a_column_evaluates_to_itself(
    type_: pa.DataType, nullable: bool, comment: str | None, indent: int
) -> None:
    field = pa.field("gust", type_, nullable, {b"k": b"\xff\n'\""})
    column = evaluated(column_source("wind.gust", field, comment), indent)
    assert isinstance(column, sa.Column)
    assert column.name == "wind.gust"
    assert column.comment == comment
    found = pa.field("gust", arrow_type(column.type), column.nullable, column.info["arrow"])
    assert found.equals(field, check_metadata=True)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(),
        st.binary(),
        st.decimals(allow_nan=False),
        st.dates(),
        st.datetimes(),
        st.times(),
        st.timedeltas(),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES, st.integers(0, 80))
def test_a_value_evaluates_to_itself(value: Any, indent: int) -> None:
    assert evaluated(literal(value), indent) == value


def test_values_read_as_one_writes_them() -> None:
    assert text(literal("it's")) == '"it\'s"'
    assert text(literal('say "it"')) == "'say \"it\"'"
    assert text(literal(dt.timedelta(days=2, hours=3))) == "dt.timedelta(days=2, hours=3)"
    assert text(literal(dt.timedelta(0))) == "dt.timedelta()"
    assert text(literal(dt.date(2013, 1, 1))) == "dt.date(2013, 1, 1)"
    assert text(literal(Decimal("1.50"))) == 'Decimal("1.50")'
    assert text(literal({"a": ["x", 1]})) == '{"a": ["x", 1]}'
    assert math.isnan(evaluated(literal(math.nan)))


def test_a_value_of_no_known_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="no spelling in a migration"):
        literal(object())


def test_types_read_as_a_model_declares_them() -> None:
    wind = pa.struct([("dir", pa.float64()), ("gust", pa.float32())])
    assert text(type_source(wind)) == "Struct(dir=sa.Double(), gust=sa.REAL())"
    assert text(type_source(pa.timestamp("us", "UTC"))) == 'Timestamp("us", "UTC")'
    assert text(type_source(pa.uint8())) == "Arrow(pa.uint8())"
    assert text(type_source(pa.map_(pa.string(), pa.decimal128(18, 4)))) == (
        "Map(sa.String(), sa.Numeric(18, 4))"
    )
    assert imported(type_source(wind)) == {
        "import sqlalchemy as sa",
        "from fsql.types import Struct",
    }


# --- whole changes, through the operations of a revision's file -------------------------------


def run(change: Change) -> list[Change]:
    """What comes out of a change's source text when a revision runs it."""
    assert operations.ChangeOp is not None  # importing it is what makes them
    made: list[Change] = []
    context = MigrationContext.configure(dialect_name="fsql", opts={"as_sql": True})
    names: dict[str, Any] = {"op": Operations(context)}
    exec("\n".join(sorted(imported(operation(change)))), names)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FsqlImpl, "make", lambda impl, change: made.append(change))
        exec(operation_text(change), names)
    return made


@settings(max_examples=40)
@given(lives(most=4) | lives("hive", most=4), st.none() | st.just("archive"))
def test_changes_of_columns_and_options_come_back(
    life: tuple[State, list[Change]], database: str | None
) -> None:
    state, made = life
    for change in made:
        there = replace(change, database=database) if not isinstance(change, Execute) else change
        (found,) = run(there)
        after = evolved(change, state)
        assert evolved(found, state) == after
        assert operation_text(found) == operation_text(there)
        assert after is not None
        state = after


@settings(max_examples=40)
@given(states() | states("hive"), st.booleans())
def test_groups_come_back(state: State, released: bool) -> None:
    (found,) = run(CreateGroup(state, released, "archive"))
    assert found == CreateGroup(state, released, "archive")


SELECT = """\
SELECT a, 'it''s' AS b
FROM t
    WHERE c > 1"""


@pytest.mark.parametrize(
    "change",
    [
        DropGroup(TABLE),
        Backfill(TABLE, SELECT),
        Backfill(TABLE, "SELECT 1 AS a", "archive"),
        Backfill(TABLE, "SELECT '\\d' AS a\nFROM t"),
        Release(TABLE),
        MoveColumn(TABLE, 'wind."at.10m"', None),
        AlterColumn(TABLE, "temp", comment=None, metadata=None),
        AlterColumn(TABLE, "temp", nullable=True, metadata={b"k": b"\xff"}),
    ],
    ids=operation_text,
)
def test_other_changes_come_back(change: Change) -> None:
    assert run(change) == [change]


def test_a_statement_keeps_its_lines() -> None:
    assert operation_text(Backfill(TABLE, SELECT)).split("\n") == [
        "op.backfill(",
        f'    "{TABLE}",',
        '    """',
        "    SELECT a, 'it''s' AS b",
        "    FROM t",
        "        WHERE c > 1",
        '    """,',
        ")",
    ]
    (found,) = run(Execute(SELECT))
    assert isinstance(found, Execute)
    assert found.sql.split() == SELECT.split()
