"""The rows that keep a column from getting stricter are counted by Athena's SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import fsql
from fsql.errors import MigrationError
from fsql.migration.model.changes import AlterColumn, DropColumn
from fsql.migration.model.misfits import misfits
from fsql.migration.model.state import State
from fsql.naming import GroupName
from fsql.types import EpochType, IsoTextType

NAME = GroupName("test", "misfits", "group", "v0001")
YEAR_1500 = dt.datetime(1500, 1, 1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    folder: Path = tmp_path_factory.mktemp("misfits")
    made = fsql.FeatureStore(f"fsql:///{folder}")
    yield made
    made.engine.dispose()


def struct(type_: pa.DataType) -> pa.DataType:
    return pa.struct([("Gust", type_)])


CASES: list[tuple[pa.DataType, pa.DataType, list[Any], list[Any]]] = [
    (pa.int64(), pa.int32(), [2**31 - 1, -(2**31), None], [2**31, -(2**31) - 1]),
    (pa.int64(), pa.uint8(), [0, 255], [-1, 256]),
    (pa.float64(), pa.float32(), [0.5, float("nan"), float("inf"), None], [0.1, 1e300]),
    (pa.float64(), pa.float16(), [0.5, 65504.0, 2.0**-24, -3.0, 0.0], [65505.0, 0.1, 2.0**-25]),
    (
        pa.decimal128(12, 2),
        pa.decimal128(5, 2),
        [Decimal("999.99"), Decimal("-999.99")],
        [Decimal("1000.00"), Decimal("-1000.00")],
    ),
    (pa.binary(), pa.binary(2), [b"ab", None], [b"a", b"abc"]),
    (pa.timestamp("us"), pa.timestamp("s"), [dt.datetime(1960, 1, 1, 1, 1, 1)], [1]),
    (pa.timestamp("us"), pa.timestamp("ms", "UTC"), [1000, -1000], [1, -1]),
    (pa.timestamp("us"), pa.timestamp("ns"), [1], [YEAR_1500]),
    (pa.timestamp("ms"), EpochType("s", pa.int32()), [0, (2**31 - 1) * 1000], [2**31 * 1000, 1]),
    (pa.timestamp("us"), EpochType("s", pa.uint32()), [0], [-1_000_000]),
    (struct(pa.int64()), struct(pa.int8()), [{"Gust": 127}, None, {"Gust": None}], [{"Gust": 128}]),
    (pa.list_(pa.int64()), pa.list_(pa.int8()), [[1], [], None, [None]], [[1, 128], [-129]]),
    (pa.list_(pa.int8()), pa.list_(pa.int8(), 2), [[1, 2], None], [[1], [1, 2, 3]]),
    (
        pa.list_(pa.list_(struct(pa.float64()))),
        pa.list_(pa.list_(struct(pa.float32()))),
        [[[{"Gust": 0.5}], []]],
        [[[], [{"Gust": 0.5}, {"Gust": 0.1}]]],
    ),
    (
        pa.map_(pa.string(), pa.int64()),
        pa.map_(pa.string(), pa.int32()),
        [[("a", 1)], [], None],
        [[("a", 1), ("b", 2**40)]],
    ),
]


@pytest.mark.parametrize(
    ("wide", "narrow", "fitting", "others"),
    CASES,
    ids=[f"{case[0]} to {case[1]}" for case in CASES],
)
def test_a_narrower_type(
    store: fsql.FeatureStore,
    wide: pa.DataType,
    narrow: pa.DataType,
    fitting: list[Any],
    others: list[Any],
) -> None:
    state = of(wide)
    change = AlterColumn(NAME.table, "x", type=narrow)
    assert counted(store, state, change, fitting) == 0
    assert counted(store, state, change, [*fitting, *others]) == len(others)


def test_null_that_is_forbidden(store: fsql.FeatureStore) -> None:
    state = of(pa.int64())
    change = AlterColumn(NAME.table, "x", nullable=False)
    assert counted(store, state, change, [1, 2]) == 0
    assert counted(store, state, change, [1, None, None]) == 2


def test_null_in_a_field_counts_only_where_its_struct_is(store: fsql.FeatureStore) -> None:
    change = AlterColumn(NAME.table, "x.gust", nullable=False)
    rows = [{"Gust": 1}, None, {"Gust": None}]
    assert counted(store, of(struct(pa.int64())), change, rows) == 1


def test_a_field_below_a_list(store: fsql.FeatureStore) -> None:
    change = AlterColumn(NAME.table, "x.element.gust", type=pa.int8(), nullable=False)
    rows = [[{"Gust": 1}], [{"Gust": 1}, {"Gust": None}], [{"Gust": 300}]]
    assert counted(store, of(pa.list_(struct(pa.int64()))), change, rows) == 2


def test_more_categories_than_numbers(store: fsql.FeatureStore) -> None:
    change = AlterColumn(NAME.table, "x", type=pa.dictionary(pa.int8(), pa.string()))
    rows = [str(number) for number in range(130)]
    assert counted(store, of(pa.string()), change, [*rows[:128], None]) == 0
    assert counted(store, of(pa.string()), change, rows) == 2


def test_categories_that_no_query_counts() -> None:
    few = pa.dictionary(pa.int8(), pa.string())
    change = AlterColumn(NAME.table, "x", type=pa.list_(few))
    with pytest.raises(MigrationError, match="no query tells"):
        misfits(change, of(pa.list_(pa.string())))


@pytest.mark.parametrize(
    "change",
    [
        AlterColumn(NAME.table, "x", type=pa.float64(), nullable=True),
        AlterColumn(NAME.table, "x", comment="what it is"),
        DropColumn(NAME.table, "x"),
    ],
)
def test_nothing_to_look_at(change: AlterColumn | DropColumn) -> None:
    assert misfits(change, of(pa.float32())) is None


def test_times_as_text_always_fit() -> None:
    assert misfits(AlterColumn(NAME.table, "x", type=IsoTextType()), of(pa.timestamp("us"))) is None


def of(type_: pa.DataType) -> State:
    schema = pa.schema([("key", pa.int64()), ("x", type_)])
    return State.of(fsql.FeatureGroup.from_schema(NAME, schema, keys=["key"]))


def counted(store: fsql.FeatureStore, state: State, change: AlterColumn, values: list[Any]) -> int:
    """What Athena counts in a table that holds these values."""
    expression = misfits(change, state)
    assert expression is not None
    group = state.group()
    store.create(group)
    try:
        column = pa.array(values, state.schema.field("x").type)
        store.write(group, pa.table({"key": range(len(values)), "x": column}))
        read = fsql.read_arrow(
            f"SELECT {expression} AS n FROM {group.name}", store.engine, transport="engine"
        )
        return int(read["n"][0].as_py())
    finally:
        store.drop(group, purge=True)
