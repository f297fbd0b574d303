"""The hash of rows: the same for the same rows however they come, another one for any other."""

from __future__ import annotations

import decimal
import itertools
import math
import struct
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsql.training.digests import digest_of


def hashed(*parts: pa.Table) -> str:
    return digest_of(parts[0].schema, parts).text


SMALL = st.integers(-3, 3)
NESTED = pa.struct(
    [("a", pa.int8()), ("l", pa.list_(pa.string())), ("m", pa.map_(pa.string(), pa.float32()))]
)
FLOATS = st.sampled_from([0.0, -0.0, 1.5, math.inf, math.nan])
TYPES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int64(): SMALL,
    pa.bool_(): st.booleans(),
    pa.float64(): FLOATS,
    pa.string(): st.text("ab", max_size=2),
    pa.large_binary(): st.binary(max_size=2),
    pa.decimal128(5, 1): SMALL.map(decimal.Decimal),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["x", "y"]),
    pa.list_(pa.int16()): st.lists(st.none() | SMALL, max_size=2),
    pa.list_(pa.int16(), 2): st.lists(st.none() | SMALL, min_size=2, max_size=2),
    NESTED: st.fixed_dictionaries(
        {
            "a": st.none() | SMALL,
            "l": st.none() | st.lists(st.none() | st.text("ab", max_size=1), max_size=2),
            "m": st.none()
            | st.lists(st.tuples(st.sampled_from("pq"), st.none() | FLOATS), max_size=2),
        }
    ),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    types = draw(st.lists(st.sampled_from([*TYPES]), min_size=1, max_size=3))
    rows = draw(st.integers(0, 6))
    columns = [
        pa.array(draw(st.lists(st.none() | TYPES[t], min_size=rows, max_size=rows)), t)
        for t in types
    ]
    return pa.table(columns, [f"c{n}" for n in range(len(columns))])


def exact(value: Any) -> Any:
    """A value so that == tells what the hash must: 0.0 from -0.0, and NaN is itself."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, dict):
        return {name: exact(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [exact(each) for each in value]
    return value


@settings(max_examples=150)
@given(tables(), st.data())
def test_batches_do_not_count(table: pa.Table, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(table)), max_size=4)))
    edges = [0, *cuts, len(table)]
    parts = [table.slice(a, b - a) for a, b in itertools.pairwise(edges)]
    assert hashed(*parts) == hashed(table)
    assert hashed(table.schema.empty_table(), *parts) == hashed(table)
    copied = pa.Table.from_pylist(table.to_pylist(), table.schema)
    assert hashed(copied) == hashed(table)  # nothing that lies under a NULL or beside a slice


@settings(max_examples=150)
@given(tables(), st.data())
def test_every_value_counts(table: pa.Table, data: st.DataObject) -> None:
    if not len(table):
        return
    row = data.draw(st.integers(0, len(table) - 1))
    field = data.draw(st.sampled_from([*table.schema]))
    rows = table.to_pylist()
    before = rows[row][field.name]
    rows[row][field.name] = data.draw(st.none() | TYPES[field.type])
    changed = pa.Table.from_pylist(rows, table.schema)
    after = changed.to_pylist()[row][field.name]
    assert (hashed(changed) == hashed(table)) == (exact(before) == exact(after))


@settings(max_examples=60)
@given(tables(), st.randoms())
def test_order_counts(table: pa.Table, random: Any) -> None:
    places = [*range(len(table))]
    random.shuffle(places)
    rows = table.to_pylist()
    moved = pa.Table.from_pylist([rows[place] for place in places], table.schema)
    same = exact(moved.to_pylist()) == exact(rows)
    assert (hashed(moved) == hashed(table)) == same


def test_names_types_and_null_count() -> None:
    one = pa.table({"a": pa.array([1, None])})
    others = [
        one.rename_columns(["b"]),
        one.cast(pa.schema([("a", pa.int32())])),
        pa.table({"a": pa.array([1, 0])}),
        pa.table({"a": pa.array([1])}),
        pa.table({"a": pa.array([1, None]).cast(pa.float64())}),
        pa.table({"a": pa.array([1.0, math.nan])}),
        one.append_column("b", pa.nulls(2)),
    ]
    assert len({hashed(table) for table in [one, *others]}) == 8
    assert hashed(one.replace_schema_metadata({"a": "b"})) == hashed(one)


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["a", None, ""], pa.string_view()),
        pa.array([b"a", None, b""], pa.binary_view()),
        pa.array([1.5, None, math.nan], pa.float16()),
        pa.array([1, None, 2], pa.duration("ns")),
        pa.array([1, None, 2], pa.timestamp("ns", "Europe/Oslo")),
        pa.array([decimal.Decimal(1), None, decimal.Decimal(2)], pa.decimal256(60, 1)),
        pa.array([(1, 2, 3), None, (1, 2, 4)], pa.month_day_nano_interval()),
        pa.array([b"ab", None, b"ac"], pa.binary(2)),
        pa.array([[1], None, [2]], pa.list_view(pa.uint8())),
        pa.array([["a"], None, ["b"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    ],
    ids=lambda values: str(values.type),
)
def test_types(values: pa.Array) -> None:
    table = pa.table({"c": values})
    assert hashed(*(table.slice(place, 1) for place in range(3))) == hashed(table)
    assert len({hashed(table.slice(place, 1)) for place in range(3)}) == 3


def test_the_encoding_of_a_dictionary_does_not_count() -> None:
    one = pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), pa.array(["a", "b"]))
    other = pa.DictionaryArray.from_arrays(
        pa.array([0, 2, 3], pa.int8()), pa.array(["b", "unused", "a", None])
    )
    assert hashed(pa.table({"c": one})) == hashed(pa.table({"c": other}))
