"""The type tree, its words in Hive and Trino, and values through storage."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from fsql.conversion import decode, encode, first_beyond_python
from fsql.errors import LossyCast, UnsupportedType
from fsql.types import (
    Array,
    Arrow,
    Map,
    Struct,
    Timestamp,
    arrow_type,
    sqlalchemy_type,
    storage_type,
)
from fsql.typetext import hive_type, parse_type, trino_type

SCALARS = [
    pa.bool_(),
    *(getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)),
    pa.float16(),
    pa.float32(),
    pa.float64(),
    pa.decimal128(38, 10),
    pa.decimal128(5, 0),
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.large_binary(),
    pa.binary(4),
    pa.date32(),
    pa.date64(),
    pa.time32("s"),
    pa.time32("ms"),
    pa.time64("us"),
    pa.time64("ns"),
    *(pa.timestamp(unit, tz) for unit in ("s", "ms", "us", "ns") for tz in (None, "Asia/Tokyo")),
    *(pa.duration(unit) for unit in ("s", "ms", "us", "ns")),
    pa.dictionary(pa.int8(), pa.string()),
    pa.dictionary(pa.int32(), pa.string(), ordered=True),
]


def nested(inner: st.SearchStrategy[pa.DataType]) -> st.SearchStrategy[pa.DataType]:
    names = st.lists(st.sampled_from(["a", "B", "cD", "from"]), min_size=1, unique=True)
    plain = inner.filter(lambda type_: not pa.types.is_dictionary(type_))
    return st.one_of(
        inner.map(pa.list_),
        plain.map(pa.large_list),
        st.tuples(plain, st.integers(1, 3)).map(lambda pair: pa.list_(*pair)),
        names.flatmap(
            lambda given: st.tuples(*[plain] * len(given)).map(
                lambda types: pa.struct(list(zip(given, types, strict=True)))
            )
        ),
        plain.map(lambda type_: pa.map_(pa.string(), type_)),
    )


TYPES = st.recursive(st.sampled_from(SCALARS), nested, max_leaves=6)


@given(TYPES)
def test_any_type_can_be_declared_and_stays_exact(type_: pa.DataType) -> None:
    assert arrow_type(sqlalchemy_type(type_)).equals(type_, check_metadata=True)


@given(TYPES)
def test_storage_types_have_a_name_in_hive_and_trino(type_: pa.DataType) -> None:
    stored = storage_type(type_)
    assert storage_type(stored) == stored
    assert parse_type(trino_type(stored)) == parse_type(hive_type(stored)) == stored


@pytest.mark.parametrize(
    ("declared", "hive", "trino"),
    [
        (sa.BigInteger, "bigint", "bigint"),
        (sa.SmallInteger, "int", "integer"),
        (sa.Integer(), "int", "integer"),
        (sa.REAL, "float", "real"),
        (sa.Float, "double", "double"),
        (sa.Float(precision=24), "float", "real"),
        (sa.Double, "double", "double"),
        (sa.Numeric(18, 4), "decimal(18,4)", "decimal(18,4)"),
        (sa.String(10), "string", "varchar"),
        (sa.LargeBinary, "binary", "varbinary"),
        (sa.Date, "date", "date"),
        (sa.DateTime, "timestamp", "timestamp(6)"),
        (Timestamp("ns", "UTC"), "timestamp", "timestamp(6)"),
        (Struct({"from": sa.String, "Order": sa.Integer}), "struct<from:string,order:int>", None),
        (Array(Map(sa.String, sa.Double)), "array<map<string,double>>", None),
        (Arrow(pa.uint64()), "decimal(20,0)", "decimal(20,0)"),
    ],
)
def test_declared_types_in_the_words_of_the_engines(declared: Any, hive: str, trino: str) -> None:
    stored = storage_type(arrow_type(declared))
    assert hive_type(stored) == hive
    if trino is not None:
        assert trino_type(stored) == trino


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        (
            "row(dir bigint, speed double)",
            pa.struct([("dir", pa.int64()), ("speed", pa.float64())]),
        ),
        ('row("from" varchar(10))', pa.struct([("from", pa.string())])),
        ("timestamp(6) with time zone", pa.timestamp("us", "UTC")),
        ("timestamp(9)", pa.timestamp("ns")),
        ("DECIMAL(10, 2)", pa.decimal128(10, 2)),
        ("map(varchar, array(integer))", pa.map_(pa.string(), pa.list_(pa.int32()))),
        ("interval day to second", pa.string()),
    ],
)
def test_type_text_is_read(text: str, type_: pa.DataType) -> None:
    assert parse_type(text) == type_


@pytest.mark.parametrize("text", ["", "row(", "array(int", "foo", "int)", "map(varchar)", "row(a)"])
def test_text_that_is_no_type_is_refused(text: str) -> None:
    with pytest.raises((UnsupportedType, ValueError)):
        parse_type(text)


@pytest.mark.parametrize(
    "type_",
    [
        pa.null(),
        pa.struct([]),
        pa.decimal256(60, 2),
        pa.decimal128(5, -2),
        pa.month_day_nano_interval(),
        pa.list_view(pa.int64()),
        pa.struct([("a", pa.int8()), ("A", pa.int8())]),
    ],
)
def test_types_that_cannot_be_stored_are_refused(type_: pa.DataType) -> None:
    with pytest.raises(UnsupportedType):
        storage_type(type_)


VALUES: list[tuple[pa.DataType, list[Any]]] = [
    (pa.int8(), [-128, 127, None]),
    (pa.uint64(), [0, 2**64 - 1, None]),
    (pa.float16(), [1.5, None, float("inf")]),
    (pa.float64(), [-0.0, float("inf"), None, 5e-324]),
    (pa.time32("s"), [dt.time(23, 59, 59), None]),
    (pa.time64("us"), [dt.time(1, 2, 3, 4), None]),
    (pa.duration("ms"), [dt.timedelta(days=-1, milliseconds=1), None]),
    (pa.timestamp("s", "America/New_York"), [dt.datetime(2013, 11, 3, 6, tzinfo=dt.UTC), None]),
    (pa.timestamp("ns"), [dt.datetime(2262, 1, 1), None]),
    (pa.date64(), [dt.date(1969, 12, 31), None]),
    (pa.decimal128(38, 38), [Decimal("0.1"), None]),
    (pa.binary(2), [b"\x00\xff", None]),
    (pa.dictionary(pa.int8(), pa.string(), ordered=True), ["b", "a", None, "b"]),
    (pa.list_(pa.uint8()), [[1, None], [], None]),
    (pa.list_(pa.time32("ms"), 2), [[dt.time(1), None], None]),
    (pa.map_(pa.string(), pa.uint16()), [[("k,2", 1), ("", None)], [], None]),
    (
        pa.struct([("A", pa.int8()), ("b", pa.struct([("C", pa.list_(pa.float32()))]))]),
        [{"A": 1, "b": {"C": [1.5, None]}}, {"A": None, "b": None}, None],
    ),
]


@pytest.mark.parametrize(("type_", "values"), VALUES, ids=[str(type_) for type_, _ in VALUES])
def test_values_survive_storage(type_: pa.DataType, values: list[Any]) -> None:
    array = (
        pa.array(values).cast(type_) if pa.types.is_dictionary(type_) else pa.array(values, type_)
    )
    column = pa.chunked_array([array.slice(1), array])
    field = pa.field("c", type_)
    stored = encode(column, field)
    assert stored.type == storage_type(type_)
    restored = decode(stored, field)
    assert restored.type.equals(type_)
    assert restored.to_pylist() == column.to_pylist()


def test_what_does_not_fit_is_named() -> None:
    narrow = pa.field("seats", pa.uint8())
    with pytest.raises(LossyCast, match=r"Column 'seats': value 300 does not fit uint8"):
        decode(pa.chunked_array([[1, 2], [3, 300, 4]]), narrow)


def test_what_not_even_python_has_a_value_for_is_named() -> None:
    late = pa.chunked_array([pa.array([0, 2**62], pa.timestamp("s"))])
    with pytest.raises(LossyCast, match=r"Column 'at': value '4611686018427387904 s' does not fit"):
        encode(late, pa.field("at", pa.timestamp("s")))
    stored = pa.chunked_array([pa.array([0, 2**62], pa.timestamp("us"))])
    with pytest.raises(
        LossyCast, match=r"Column 'at': value '4611686018427387904 us' does not fit"
    ):
        decode(stored, pa.field("at", pa.timestamp("ns")))
    inside = pa.array([[0], [2**62]], pa.list_(pa.timestamp("s")))
    assert first_beyond_python(inside) == "[<value out of range: 4611686018427387904>]"
    assert first_beyond_python(pa.array([1])) is None


def test_nanoseconds_are_refused_unless_they_may_be_cut() -> None:
    column = pa.chunked_array([pa.array([1_000, 1_001], pa.timestamp("ns"))])
    field = pa.field("at", pa.timestamp("ns"))
    with pytest.raises(LossyCast, match="Column 'at'"):
        encode(column, field)
    assert encode(column, field, truncate=True).to_pylist()[1] == dt.datetime(
        1970, 1, 1, 0, 0, 0, 1
    )
    before = pa.chunked_array([pa.array([-1], pa.timestamp("ns"))])
    assert encode(before, field, truncate=True).cast(pa.int64()).to_pylist() == [-1]


def test_struct_fields_in_another_order_are_not_guessed() -> None:
    column = pa.chunked_array([pa.array([{"a": 1, "b": 2}])])
    wanted = pa.field("s", pa.struct([("b", pa.int64()), ("a", pa.int64())]))
    with pytest.raises(UnsupportedType, match="are expected"):
        decode(column, wanted)
