"""What goes in comes out: every type that a feature group may have, through every transport."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fsql

NAN, INFINITY = float("nan"), float("inf")
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # of the years 1 and 9999
DAY = 86_400
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
ZONES = (None, "UTC", "America/New_York", "+05:30")


def limits(type_: pa.DataType) -> list[Any]:
    bits, signed = type_.bit_width, pa.types.is_signed_integer(type_)
    return [0, 1, *([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [2**bits - 1])]


def instants(unit: str) -> list[Any]:
    """Counts of a unit; of nanoseconds those that microseconds hold."""
    if unit == "ns":
        return [
            0,
            -1000,
            1000,
            1_372_683_600_123_456_000,
            2**63 // 1000 * 1000,
            -9223372036854775000,
        ]
    count = PER_SECOND[unit]
    last = (LAST_DAY + 1) * DAY * count - 1
    return [0, -1, 1, FIRST_DAY * DAY * count, last, 1_372_683_600 * count + count // 3]


FLOATS = [0.0, -0.0, 1.5, NAN, INFINITY, -INFINITY]
TEXTS = [
    *("", "a", "NULL", "null", ' "q" ', '"', "'", ",", "a\nb", "a\r\nb", "\r", "\t", "\\N", "\\"),
    *("\U0001f600é", "  x  ", "{a=1, b=[2]}", "\ufeff", "a\u0000b", "\u2028", "%s ? :x %(a)s"),
]
BYTES = [b"", b"\x00", b"\xff a", b"abc", bytes(range(256))]
LEAVES: dict[pa.DataType, Sequence[Any]] = {
    pa.bool_(): [True, False],
    **{type_: limits(type_) for type_ in (pa.int8(), pa.int16(), pa.int32(), pa.int64())},
    **{type_: limits(type_) for type_ in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
    pa.float16(): [*FLOATS, 2.0**-24, 65504.0],
    pa.float32(): [*FLOATS, 2.0**-149, 3.4028234663852886e38, 16777216.0, 0.10000000149011612],
    pa.float64(): [*FLOATS, 5e-324, 1.7976931348623157e308, 2.0**53, 1e22, 0.1, 123456789.123],
    pa.decimal128(1, 0): [Decimal(9), Decimal(-9)],
    pa.decimal128(18, 4): [Decimal("0.0001"), Decimal("-99999999999999.9999")],
    pa.decimal128(38, 0): [Decimal(10**38 - 1), Decimal(1 - 10**38)],
    pa.decimal128(38, 38): [Decimal("0." + "9" * 38), Decimal("-0." + "0" * 37 + "1")],
    pa.decimal256(38, 3): [Decimal("1.250")],
    pa.string(): TEXTS,
    pa.large_string(): TEXTS,
    pa.string_view(): TEXTS,
    pa.binary(): BYTES,
    pa.large_binary(): BYTES,
    pa.binary(3): [b"abc", b"\x00\x00\x00"],
    pa.date32(): [0, -1, FIRST_DAY, LAST_DAY],
    pa.date64(): [0, -DAY * 1000, FIRST_DAY * DAY * 1000, LAST_DAY * DAY * 1000],
    pa.time32("s"): [0, DAY - 1],
    pa.time32("ms"): [0, 1, DAY * 10**3 - 1],
    pa.time64("us"): [0, 1, DAY * 10**6 - 1],
    pa.time64("ns"): [0, 1, DAY * 10**9 - 1],
    **{pa.timestamp(unit, zone): instants(unit) for unit in PER_SECOND for zone in ZONES},
    **{pa.duration(unit): [0, -1, 1, 2**63 - 1, -(2**63)] for unit in PER_SECOND},
    pa.dictionary(pa.int8(), pa.string()): ["b", "a", ""],
    pa.dictionary(pa.int32(), pa.string(), ordered=True): ["b", "a", ""],
    pa.dictionary(pa.int16(), pa.large_string()): ["x", ""],
    pa.dictionary(pa.int32(), pa.int64()): [5, 3],
    pa.dictionary(pa.int32(), pa.float64()): [1.5, -0.5],
}
ROWS = 24


def plain(scalar: pa.Scalar) -> Any:
    """A value that equals another one only if all bits do; but any NaN is as good as another."""
    type_ = scalar.type
    if not scalar.is_valid:
        return None
    if pa.types.is_dictionary(type_):
        return plain(scalar.value)
    if pa.types.is_struct(type_):
        return {field.name: plain(scalar[i]) for i, field in enumerate(type_)}
    if pa.types.is_map(type_):
        keys, values = scalar.values.field(0), scalar.values.field(1)
        return [(plain(key), plain(value)) for key, value in zip(keys, values, strict=True)]
    if pa.types.is_nested(type_):
        return [plain(item) for item in scalar.values]
    if pa.types.is_floating(type_):
        value = float(scalar.as_py())
        return "NaN" if value != value else struct.pack("d", value)
    return scalar.value if pa.types.is_temporal(type_) else scalar.as_py()


def roomy(type_: pa.DataType) -> pa.DataType:
    """Dictionaries at the top are given 32 bits to count their values with."""
    if pa.types.is_dictionary(type_):
        return pa.dictionary(pa.int32(), type_.value_type, type_.ordered)
    return type_


def same(read: pa.Table, written: pa.Table) -> None:
    """Same names, types and values, in the order of the column `id`."""
    assert read.column_names == written.column_names
    assert [field.type for field in read.schema] == [roomy(f.type) for f in written.schema]
    ids = read["id"].to_pylist()
    order = sorted(range(len(ids)), key=ids.__getitem__)
    for name in written.column_names:
        found = [plain(read[name][i]) for i in order]
        assert found == [plain(value) for value in written[name]], (name, written[name].type)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('round')}/store")
    yield made
    made.engine.dispose()


NUMBERS = itertools.count(1)


def written(store: fsql.FeatureStore, table: pa.Table) -> str:
    """The name of a new group with these rows."""
    group = fsql.FeatureGroup.from_frame(
        "a", "b", f"t{next(NUMBERS)}", "v0001", frame=table, keys="id"
    )
    store.create(group)
    store.write(group, table, progress=False)
    return str(group.name)


def comes_back(store: fsql.FeatureStore, table: pa.Table) -> None:
    name = written(store, table)
    through = ", ".join(f"x.{column} AS {column}" for column in table.column_names)
    reads: list[tuple[Any, str]] = [
        ("scan", f"SELECT * FROM {name}"),
        ("scan", f"SELECT {through} FROM {name} AS x"),
        ("engine", f"SELECT * FROM {name}"),
        ("engine", f"SELECT {through} FROM {name} AS x ORDER BY id DESC"),
        ("engine", f"WITH t AS (SELECT * FROM {name}) SELECT * FROM t ORDER BY id"),
    ]
    for transport, sql in reads:
        same(fsql.read_arrow(sql, store.engine, transport=transport), table)
    as_parquet = f"SELECT *, ARRAY[1] AS forcing FROM {name}"
    same(fsql.read_arrow(as_parquet, store.engine).drop(["forcing"]), table)


# --- every type in every place -----------------------------------------------------------------

Placed = tuple[pa.DataType, list[Any]]


def alone(type_: pa.DataType, values: Sequence[Any]) -> Placed:
    return type_, [*values, None]


def in_lists(type_: pa.DataType, values: Sequence[Any]) -> Placed:
    return pa.list_(type_), [*([value, None] for value in values), [], None, [None]]


def in_large_lists(type_: pa.DataType, values: Sequence[Any]) -> Placed:
    return pa.large_list(type_), [*([None, value] for value in values), [], None]


def in_fixed_lists(type_: pa.DataType, values: Sequence[Any]) -> Placed:
    return pa.list_(type_, 2), [*([value, None] for value in values), None, [None, None]]


def in_structs(type_: pa.DataType, values: Sequence[Any]) -> Placed:
    return pa.struct([("Field", type_)]), [*({"Field": v} for v in values), {"Field": None}, None]


def in_maps(type_: pa.DataType, values: Sequence[Any]) -> Placed:
    return pa.map_(pa.string(), type_), [*([("K", v), ("", None)] for v in values), [], None]


def as_keys(type_: pa.DataType, values: Sequence[Any]) -> Placed:
    return pa.map_(type_, pa.int8()), [*([(value, 1)] for value in values), [], None]


PLACES = [alone, in_lists, in_large_lists, in_fixed_lists, in_structs, in_maps, as_keys]


def every_type(place: Any, rows: int = ROWS) -> pa.Table:
    columns = {"id": pa.array(range(rows))}
    for number, (type_, values) in enumerate(LEAVES.items()):
        placed, given = place(type_, values)
        columns[f"c{number}"] = pa.array((given * rows)[:rows], placed)
    return pa.table(columns)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_every_type_comes_back(store: fsql.FeatureStore, place: Any) -> None:
    comes_back(store, every_type(place))


def test_every_type_comes_back_from_more_rows_than_a_page(store: fsql.FeatureStore) -> None:
    table = every_type(alone, rows=1100)
    name = written(store, table)
    with store.engine.connect() as connection:
        result = connection.exec_driver_sql(f"SELECT * FROM {name}")
        assert result.cursor.statistics["transport"] == "rows"
    same(fsql.read_arrow(f"SELECT * FROM {name}", store.engine, transport="engine"), table)


# --- generated schemas -------------------------------------------------------------------------

MOST_LEVELS = 6
Made = tuple[pa.DataType, st.SearchStrategy[Any]]


def random_values(type_: pa.DataType) -> st.SearchStrategy[Any]:
    if pa.types.is_integer(type_):
        low, high = min(limits(type_)), max(limits(type_))
        return st.integers(low, high)
    if pa.types.is_floating(type_):
        return st.floats(width=type_.bit_width)
    if pa.types.is_string(type_):
        return st.text(max_size=4)
    if pa.types.is_timestamp(type_) and type_.unit != "ns":
        return st.integers(instants(type_.unit)[3], instants(type_.unit)[4])
    return st.sampled_from(LEAVES[type_])


def nested(made: Made, kind: str) -> Made:
    """One level more around a type: a list, a struct, a map…"""
    type_, values = made
    if kind == "struct":
        beside = st.none() | st.booleans()
        of_fields = st.fixed_dictionaries({"X y": values, "b": beside})
        return pa.struct([("X y", type_), ("b", pa.bool_())]), st.none() | of_fields
    if kind == "map":
        entries = st.dictionaries(st.text(max_size=2), values, max_size=2)
        return pa.map_(pa.string(), type_), st.none() | entries.map(lambda d: list(d.items()))
    if kind == "fixed":
        return pa.list_(type_, 2), st.none() | st.lists(values, min_size=2, max_size=2)
    made_type = pa.large_list(type_) if kind == "large" else pa.list_(type_)
    return made_type, st.none() | st.lists(values, max_size=2)


@st.composite
def columns(draw: st.DrawFn, rows: int) -> pa.Array:
    type_ = draw(st.sampled_from(list(LEAVES)))
    made: Made = type_, st.none() | random_values(type_) | st.sampled_from(LEAVES[type_])
    kinds = st.sampled_from(["list", "struct", "map", "fixed", "large"])
    for kind in draw(st.lists(kinds, max_size=MOST_LEVELS - 1)):
        made = nested(made, kind)
    return pa.array(draw(st.lists(made[1], min_size=rows, max_size=rows)), made[0])


@st.composite
def tables(draw: st.DrawFn, most_columns: int = 12) -> pa.Table:
    rows = draw(st.integers(0, 5))
    arrays = draw(st.lists(columns(rows), min_size=1, max_size=most_columns))
    named = {f"c{place}": array for place, array in enumerate(arrays)}
    return pa.table({"id": pa.array(range(rows), pa.int64()), **named})


UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@settings(max_examples=12, suppress_health_check=UNHURRIED)
@given(table=tables())
def test_any_table_comes_back(store: fsql.FeatureStore, table: pa.Table) -> None:
    comes_back(store, table)


@pytest.mark.slow
@settings(max_examples=80, suppress_health_check=UNHURRIED)
@given(table=tables(most_columns=20))
def test_many_tables_come_back(store: fsql.FeatureStore, table: pa.Table) -> None:
    comes_back(store, table)
