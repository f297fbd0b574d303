"""What goes in comes out: every type that a feature group may have, through every transport."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import struct
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fsql
from fsql.errors import InvalidData, UnsupportedType
from fsql.types import Arrow

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
    pa.dictionary(pa.int32(), pa.string()): ["b", "a", ""],
    pa.dictionary(pa.int32(), pa.string(), ordered=True): ["b", "a", ""],
    pa.dictionary(pa.int32(), pa.large_string()): ["x", ""],
    pa.dictionary(pa.int32(), pa.int64()): [5, 3],
    pa.dictionary(pa.int32(), pa.float64()): [1.5, -0.5],
}
ROWS = 24
FORMATS = ["iceberg", "hive"]


@cache
def leaves(table_format: str) -> dict[pa.DataType, Sequence[Any]]:
    """The values that a format takes: of Hive tables Athena reads times in milliseconds."""
    if table_format == "iceberg":
        return LEAVES
    return {type_: [in_milliseconds(type_, v) for v in LEAVES[type_]] for type_ in LEAVES}


def in_milliseconds(type_: pa.DataType, value: Any) -> Any:
    if not pa.types.is_timestamp(type_) or type_.unit in ("s", "ms"):
        return value
    count = PER_SECOND[type_.unit] // PER_SECOND["ms"]
    return -(-value // count * count) if value < 0 else value // count * count


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


def same(read: pa.Table, written: pa.Table) -> None:
    """Same names, types and values, in the order of the column `id`."""
    assert read.column_names == written.column_names
    assert [field.type for field in read.schema] == [field.type for field in written.schema]
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


def written(store: fsql.FeatureStore, table: pa.Table, **options: Any) -> str:
    """The name of a new group with these rows."""
    group = fsql.FeatureGroup.from_frame(
        "a", "b", f"t{next(NUMBERS)}", "v0001", frame=table, keys="id", **options
    )
    store.create(group)
    store.write(group, table, progress=False)
    return str(group.name)


def comes_back(store: fsql.FeatureStore, table: pa.Table, **options: Any) -> None:
    name = written(store, table, **options)
    if options.get("partition_by") == "id":  # a star has partition keys at its end
        table = table.select([*table.column_names[1:], "id"])
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


def every_type(place: Any, table_format: str, rows: int = ROWS) -> pa.Table:
    columns = {"id": pa.array(range(rows))}
    for number, (type_, values) in enumerate(leaves(table_format).items()):
        placed, given = place(type_, values)
        columns[f"c{number}"] = pa.array((given * rows)[:rows], placed)
    return pa.table(columns)


@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_every_type_comes_back(store: fsql.FeatureStore, place: Any, table_format: str) -> None:
    comes_back(store, every_type(place, table_format), table_format=table_format)


@pytest.mark.parametrize("table_format", FORMATS)
def test_every_type_comes_back_from_more_rows_than_a_page(
    store: fsql.FeatureStore, table_format: str
) -> None:
    table = every_type(alone, table_format, rows=1100)
    name = written(store, table, table_format=table_format)
    with store.engine.connect() as connection:
        result = connection.exec_driver_sql(f"SELECT * FROM {name}")
        assert result.cursor.statistics["transport"] == "rows"
    same(fsql.read_arrow(f"SELECT * FROM {name}", store.engine, transport="engine"), table)


# --- generated schemas -------------------------------------------------------------------------

MOST_LEVELS = 6
Made = tuple[pa.DataType, st.SearchStrategy[Any]]


def random_values(type_: pa.DataType, table_format: str) -> st.SearchStrategy[Any]:
    if pa.types.is_integer(type_):
        low, high = min(limits(type_)), max(limits(type_))
        return st.integers(low, high)
    if pa.types.is_floating(type_):
        return st.floats(width=type_.bit_width)
    if pa.types.is_string(type_):
        return st.text(max_size=4)
    if pa.types.is_timestamp(type_) and type_.unit != "ns":
        first, last = instants(type_.unit)[3:5]
        counts = st.integers(first, last)
        if table_format == "iceberg":
            return counts
        return counts.map(lambda count: in_milliseconds(type_, count))
    return st.sampled_from(leaves(table_format)[type_])


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
def columns(draw: st.DrawFn, rows: int, table_format: str) -> pa.Array:
    type_ = draw(st.sampled_from(list(LEAVES)))
    known = st.sampled_from(leaves(table_format)[type_])
    made: Made = type_, st.none() | random_values(type_, table_format) | known
    kinds = st.sampled_from(["list", "struct", "map", "fixed", "large"])
    for kind in draw(st.lists(kinds, max_size=MOST_LEVELS - 1)):
        made = nested(made, kind)
    return pa.array(draw(st.lists(made[1], min_size=rows, max_size=rows)), made[0])


@st.composite
def tables(draw: st.DrawFn, table_format: str, most_columns: int = 12) -> pa.Table:
    rows = draw(st.integers(0, 5))
    arrays = draw(st.lists(columns(rows, table_format), min_size=1, max_size=most_columns))
    named = {f"c{place}": array for place, array in enumerate(arrays)}
    return pa.table({"id": pa.array(range(rows), pa.int64()), **named})


MANY = int(os.environ.get("FSQL_EXAMPLES", "40"))
UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@settings(max_examples=12, suppress_health_check=UNHURRIED)
@given(table=tables("iceberg"))
def test_any_table_comes_back(store: fsql.FeatureStore, table: pa.Table) -> None:
    comes_back(store, table)


@settings(max_examples=12, suppress_health_check=UNHURRIED)
@given(table=tables("hive"), by=st.sampled_from([(), "id"]))
def test_any_table_comes_back_from_folders(
    store: fsql.FeatureStore, table: pa.Table, by: Any
) -> None:
    comes_back(store, table, table_format="hive", partition_by=by)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=MANY, suppress_health_check=UNHURRIED)
@given(table=tables("iceberg", most_columns=20))
def test_many_tables_come_back(store: fsql.FeatureStore, table: pa.Table) -> None:
    comes_back(store, table)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=MANY, suppress_health_check=UNHURRIED)
@given(table=tables("hive", most_columns=20), by=st.sampled_from([(), "id"]))
def test_many_tables_come_back_from_folders(
    store: fsql.FeatureStore, table: pa.Table, by: Any
) -> None:
    comes_back(store, table, table_format="hive", partition_by=by)


# --- dictionaries ------------------------------------------------------------------------------

LEVELS = ["lo", "mid", "hi"]


def test_categories_have_room_for_more_than_the_first_frame_had(store: fsql.FeatureStore) -> None:
    few = pa.dictionary(pa.int8(), pa.string())
    nested = pa.struct([("Kind", pa.list_(few)), ("m", pa.map_(pa.string(), few))])

    def rows(first: int) -> pa.Table:
        kinds = [f"k{number}" for number in range(first, first + 100)]
        inside = [{"Kind": [kind], "m": [("x", kind)]} for kind in kinds]
        return pa.table(
            {
                "id": range(first, first + 100),
                "v": pa.array(kinds, few),
                "n": pa.array(inside, nested),
            }
        )

    name = written(store, rows(0))
    group = fsql.FeatureGroup.reflect(store.engine, name)
    store.write(group, rows(100), progress=False)
    for transport in ("scan", "engine"):
        sql = f"SELECT * FROM {name}"
        read = fsql.read_arrow(sql, store.engine, transport=transport).to_pylist()
        read.sort(key=lambda row: row["id"])
        assert [row["v"] for row in read] == [f"k{number}" for number in range(200)]
        assert [row["n"]["Kind"] for row in read] == [[f"k{number}"] for number in range(200)]


def test_a_struct_that_is_null_may_have_no_category_inside(store: fsql.FeatureStore) -> None:
    type_ = pa.struct([("Kind", pa.dictionary(pa.int32(), pa.string()))])
    values = pa.array([None], type_), pa.array([[None]], pa.list_(type_))
    comes_back(store, pa.table({"id": [1], "s": values[0], "l": values[1]}))


def levels(values: Sequence[Any], order: list[str] = LEVELS) -> pd.DataFrame:
    made = pd.Categorical(values, order, ordered=True)
    return pd.DataFrame({"id": range(len(values)), "level": made})


def test_ordered_categories_keep_their_order_over_several_writes(store: fsql.FeatureStore) -> None:
    group = fsql.FeatureGroup.from_frame("a", "b", "level", "v0001", frame=levels([]), keys="id")
    store.create(group)
    for some in (["hi", "lo"], ["lo", None], ["mid"]):
        store.write(group, levels(some), progress=False)
    store.write(group, levels(["hi", "mid"], ["mid", "hi"]), progress=False)
    store.write(group, pd.DataFrame({"id": [7], "level": ["mid"]}), progress=False)
    frame = fsql.read_sql(f"SELECT level AS l FROM {group.name}", store.engine)
    assert frame["l"].cat.categories.tolist() == LEVELS
    assert frame["l"].cat.ordered
    assert frame["l"].max() == "hi"
    assert (frame["l"] > "lo").sum() == 5


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (levels(["lo", "top"], [*LEVELS, "top"]), r"is none of .*'lo', 'mid', 'hi'.* \(row 1\)"),
        (pd.DataFrame({"id": [0], "level": ["top"]}), "Declare a new version that has it"),
        (levels(["lo"], LEVELS[::-1]), "categories in another order than 'lo', 'mid', 'hi'"),
    ],
    ids=["a new one", "a new one as text", "another order"],
)
def test_what_has_no_place_among_ordered_categories_is_refused(
    store: fsql.FeatureStore, data: pd.DataFrame, said: str
) -> None:
    declared = fsql.FeatureGroup.from_frame(
        "a", "b", f"o{next(NUMBERS)}", "v0001", frame=levels([]), keys="id"
    )
    store.create(declared)
    with pytest.raises(InvalidData, match=said):
        store.write(declared, data, progress=False)
    assert len(fsql.read_sql(f"SELECT * FROM {declared.name}", store.engine)) == 0


# --- pandas ------------------------------------------------------------------------------------


def arrow_backed(values: list[Any], type_: pa.DataType) -> pd.Series[Any]:
    return pd.Series(values, dtype=pd.ArrowDtype(type_))


NEW_YEAR = dt.datetime(2020, 1, 1)
TIMES = pd.Series(["2020-01-01 01:02:03", None, "1969-12-31 00:00:00"], dtype="datetime64[us]")
PANDAS = pd.DataFrame(
    {
        "id": [1, 2, 3],
        "uint": pd.Series([0, 2**64 - 1, 1], dtype="uint64"),
        "small": pd.Series([1, -128, 127], dtype="int8"),
        "half": pd.Series([1.5, np.nan, -0.0], dtype="float16"),
        "single": pd.Series([0.1, np.nan, np.inf], dtype="float32"),
        "double": [0.1, np.nan, -0.0],
        "flag": [True, False, True],
        "text": ["a", "", None],
        "objects": pd.Series(["a", "", None], dtype=object),
        "mixed_int": pd.Series([2**60 + 1, None, 2], dtype=object),
        "mixed_bool": pd.Series([True, None, False], dtype=object),
        "octets": pd.Series([b"\x00", None, b""], dtype=object),
        "dates": pd.Series([dt.date(1, 1, 1), None, dt.date(9999, 12, 31)], dtype=object),
        "times": pd.Series([dt.time(1, 2, 3, 4), None, dt.time(0)], dtype=object),
        "decimals": pd.Series([Decimal("1.50"), None, Decimal("-2.25")], dtype=object),
        "lists": pd.Series([["a", None], None, []], dtype=object),
        "dicts": pd.Series([{"Lat": 1.5}, None, {"Lat": None}], dtype=object),
        "int_na": pd.Series([2**60 + 1, None, 2], dtype="Int64"),
        "int_full": pd.Series([1, 2, 3], dtype="Int8"),
        "float_na": pd.Series([1.5, None, 2], dtype="Float64"),
        "bool_na": pd.Series([True, None, False], dtype="boolean"),
        "bool_full": pd.Series([True, True, False], dtype="boolean"),
        "string_na": pd.Series(["a", None, ""], dtype="string"),
        "arrow_int": arrow_backed([1, None, 3], pa.uint8()),
        "arrow_text": arrow_backed(["a", None, ""], pa.string()),
        "arrow_large": arrow_backed(["a", None, ""], pa.large_string()),
        "arrow_list": arrow_backed([[1], None, []], pa.list_(pa.int32())),
        "arrow_struct": arrow_backed([{"A": 1}, None, {"A": None}], pa.struct([("A", pa.int8())])),
        "arrow_decimal": arrow_backed([Decimal("1.5"), None, None], pa.decimal128(5, 1)),
        "arrow_map": arrow_backed([[("k", 1)], None, []], pa.map_(pa.string(), pa.int8())),
        "arrow_time": arrow_backed(
            [dt.datetime(2020, 1, 1), None, None], pa.timestamp("ms", "UTC")
        ),
        "arrow_date": arrow_backed([dt.date(2020, 1, 1), None, None], pa.date32()),
        "arrow_span": arrow_backed([dt.timedelta(1), None, None], pa.duration("us")),
        "seconds": TIMES.astype("datetime64[s]"),
        "millis": TIMES.astype("datetime64[ms]"),
        "nanos": TIMES.astype("datetime64[ns]"),
        "zoned": TIMES.astype("datetime64[ns]").dt.tz_localize("Europe/Berlin"),
        "offset": TIMES.astype("datetime64[us]").dt.tz_localize("UTC"),
        "spans": pd.Series(pd.to_timedelta([1, -2, None], unit="s")).astype("timedelta64[ns]"),
        "category": pd.Categorical(["b", None, "a"]),
        "unused": pd.Categorical(["b", None, "a"], ["z", "b", "a"]),
        "ordered": pd.Categorical(["hi", None, "lo"], LEVELS, ordered=True),
        "counted": pd.Categorical([3, None, 1], [3, 2, 1], ordered=True),
        "days": TIMES.astype("category"),
        "zoned_days": TIMES.dt.tz_localize("Europe/Berlin").astype("category"),
        "months": pd.Series(pd.period_range("2020-01", periods=3, freq="M")),
        "intervals": pd.Series(pd.interval_range(0, 3)),
    }
)
TRANSPORTS = ["scan", "engine"]


def read(store: fsql.FeatureStore, sql: str, transport: Any) -> pd.DataFrame:
    return fsql.read_sql(sql, store.engine, transport=transport)


def stored(store: fsql.FeatureStore, frame: Any, keys: str = "id") -> str:
    group = fsql.FeatureGroup.from_frame(
        "a", "b", f"p{next(NUMBERS)}", "v0001", frame=frame, keys=keys
    )
    store.create(group)
    store.write(group, frame, progress=False)
    return str(group.name)


@pytest.fixture(scope="module")
def of_pandas(store: fsql.FeatureStore) -> str:
    return stored(store, PANDAS)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_pandas_frame_comes_back(
    store: fsql.FeatureStore, of_pandas: str, transport: str
) -> None:
    frame = read(store, f"SELECT * FROM {of_pandas}", transport)
    pd.testing.assert_frame_equal(frame, PANDAS)
    ordered = f"WITH t AS (SELECT * FROM {of_pandas}) SELECT * FROM t ORDER BY id"
    pd.testing.assert_frame_equal(read(store, ordered, "engine"), PANDAS)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_dtypes_come_back_under_another_name(
    store: fsql.FeatureStore, of_pandas: str, transport: str
) -> None:
    names = {name: f"{name}_too" for name in PANDAS.columns}
    items = ", ".join(f"t.{name} AS {new}" for name, new in reversed(names.items()))
    frame = read(store, f"SELECT {items} FROM {of_pandas} AS t", transport)
    pd.testing.assert_frame_equal(frame, PANDAS.rename(columns=names).iloc[:, ::-1])


def test_a_result_without_rows_has_the_same_dtypes(
    store: fsql.FeatureStore, of_pandas: str
) -> None:
    for transport in TRANSPORTS:
        frame = read(store, f"SELECT * FROM {of_pandas} WHERE id < 0", transport)
        pd.testing.assert_frame_equal(frame, PANDAS.head(0))


def test_chunks_have_the_same_dtypes(store: fsql.FeatureStore, of_pandas: str) -> None:
    chunks = fsql.read_sql(f"SELECT * FROM {of_pandas} ORDER BY id", store.engine, chunksize=2)
    pd.testing.assert_frame_equal(pd.concat(chunks, ignore_index=True), PANDAS)


def test_columns_of_one_name_do_not_share_a_dtype(store: fsql.FeatureStore, of_pandas: str) -> None:
    sql = f"SELECT arrow_int AS x, ordered AS x, int_na AS x FROM {of_pandas} ORDER BY id"
    frame = read(store, sql, "engine")
    assert frame.columns.tolist() == ["x", "x", "x"]
    assert frame.iloc[:, 1].cat.categories.tolist() == LEVELS
    assert frame.iloc[0].tolist() == [1, "hi", 2**60 + 1]


def test_a_join_has_the_dtypes_of_both_sides(store: fsql.FeatureStore, of_pandas: str) -> None:
    other = stored(store, SMALL.set_index("k").assign(w=arrow_backed([1, None, 3], pa.int8())), "k")
    sql = f"SELECT p.*, o.* FROM {of_pandas} p JOIN {other} o ON p.id = o.k ORDER BY p.id"
    frame = read(store, sql, "engine")
    pd.testing.assert_frame_equal(frame[PANDAS.columns.tolist()], PANDAS)
    assert frame["k"].tolist() == [1, 2, 3]
    assert frame["w"].dtype == pd.ArrowDtype(pa.int8())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_batches_have_the_schema_that_was_promised(
    store: fsql.FeatureStore, of_pandas: str, transport: Any
) -> None:
    sql = f"SELECT * FROM {of_pandas}"
    with fsql.read_batches(sql, store.engine, transport=transport) as reader:
        table = reader.read_all()
    assert table.schema.equals(reader.schema, check_metadata=True)
    whole = fsql.read_arrow(sql, store.engine, transport=transport)
    assert whole.schema.equals(reader.schema, check_metadata=True)
    assert whole.to_pandas()["ordered"].cat.categories.tolist() == LEVELS
    assert whole.select(["id", "int_full"]).to_pandas().dtypes.tolist() == ["int64", "Int8"]


SMALL = pd.DataFrame({"k": [1, 2, 3], "v": [1.5, 2.5, 3.5]})
INDEXED = [
    (SMALL.set_index("k"), "k"),
    (SMALL.set_axis(["x", "y", "z"]), "k"),
    (SMALL.assign(at=pd.to_datetime(["2020", "2021", "2022"])).set_index(["k", "at"]), "k"),
    (SMALL.assign(c=pd.Categorical(LEVELS)).set_index("c"), "k"),
    (SMALL.rename_axis("row"), "k"),
    (SMALL.rename_axis("feature", axis=1), "k"),
]
IDS = ["named", "unnamed", "levels", "categories", "named range", "named columns"]


@pytest.mark.parametrize(("frame", "key"), INDEXED, ids=IDS)
def test_an_index_comes_back_with_the_whole_frame(
    store: fsql.FeatureStore, frame: pd.DataFrame, key: str
) -> None:
    name = stored(store, frame, key)
    for transport in TRANSPORTS:
        pd.testing.assert_frame_equal(read(store, f"SELECT * FROM {name}", transport), frame)
        some = read(store, f"SELECT k, v AS w FROM {name}", transport)
        assert some.columns.tolist() == ["k", "w"]


# --- polars ------------------------------------------------------------------------------------

POLARS = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "text": ["a", "", None],
        "category": pl.Series(["b", None, "a"], dtype=pl.Categorical),
        "enum": pl.Series(["hi", None, "lo"], dtype=pl.Enum(LEVELS)),
        "list": [[1], None, []],
        "array": pl.Series([[1, None], [3, 4], None], dtype=pl.Array(pl.Int16, 2)),
        "struct": [{"a": 1, "B": "x"}, None, {"a": None, "B": ""}],
        "deep": [[{"q": [1.5, None]}], None, []],
        "grid": pl.Series([[[1, 2], [3, None]], None, None], dtype=pl.Array(pl.Int16, (2, 2))),
        "time": [dt.time(1, 2, 3, 4), None, dt.time(0)],
        "date": [dt.date(1, 1, 1), None, dt.date(9999, 12, 31)],
        "micros": pl.Series([dt.datetime(1, 1, 1), None, None], dtype=pl.Datetime("us")),
        "zoned": pl.Series(
            [dt.datetime(2020, 1, 1), None, None], dtype=pl.Datetime("ns", "Asia/Tokyo")
        ),
        "span": pl.Series([dt.timedelta(1), None, dt.timedelta(0)], dtype=pl.Duration("ms")),
        "decimal": pl.Series([Decimal("1.25"), None, Decimal("-3.00")], dtype=pl.Decimal(38, 2)),
        "uint": pl.Series([2**64 - 1, None, 0], dtype=pl.UInt64),
        "single": pl.Series([0.1, float("nan"), None], dtype=pl.Float32),
        "octets": [b"", None, b"\x00"],
        "flag": [True, None, False],
        "nothing": pl.Series([None, None, None], dtype=pl.String),
    }
)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_polars_frame_comes_back(store: fsql.FeatureStore, transport: Any) -> None:
    name = stored(store, POLARS)
    read = pl.DataFrame(fsql.read_arrow(f"SELECT * FROM {name}", store.engine, transport=transport))
    pl.testing.assert_frame_equal(read, POLARS, check_exact=True)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_enums_inside_of_others_come_back(store: fsql.FeatureStore, transport: Any) -> None:
    enum = pl.Enum(LEVELS)
    lists = pl.Series([["hi", None], None, []], dtype=pl.List(enum))
    structs = pl.Series([{"e": "lo"}, None, {"e": None}], dtype=pl.Struct({"e": enum}))
    frame = pl.DataFrame({"id": [1, 2, 3], "lists": lists, "structs": structs})
    name = stored(store, frame)
    read = pl.DataFrame(fsql.read_arrow(f"SELECT * FROM {name}", store.engine, transport=transport))
    pl.testing.assert_frame_equal(read.sort("id"), frame)


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_pandas_reads_what_polars_wrote(store: fsql.FeatureStore, backend: Any) -> None:
    name = stored(store, POLARS)
    frame = fsql.read_sql(f"SELECT * FROM {name} ORDER BY id", store.engine, dtype_backend=backend)
    assert frame["text"].tolist()[:2] == ["a", ""]
    assert frame["text"].isna().tolist() == [False, False, True]
    assert frame["struct"].iloc[0] == {"a": 1, "B": "x"}
    assert "category" in repr(frame)


# --- what cannot be stored ---------------------------------------------------------------------

REFUSED = [
    (pa.null(), "give it a type"),
    (pa.list_(pa.null()), "give it a type"),
    (pa.decimal256(39, 0), "at most 38 digits.*Cast it to such a one"),
    (pa.decimal128(5, -2), "a scale from 0.*Cast it to such a one"),
    (pa.struct([]), "without fields.*Drop the column"),
    (pa.list_(pa.struct([])), "without fields.*Drop the column"),
    (pa.struct([("a", pa.int8()), ("A", pa.int8())]), "differ in case only.*Rename one"),
    (pa.struct([("a:b", pa.int8())]), "a field named 'a:b'.*Rename it"),
    (pa.struct([("", pa.int8())]), "a field named ''.*Rename it"),
    (pa.list_view(pa.int8()), "Cast it to list"),
    (pa.month_day_nano_interval(), "Cast it to duration"),
    (pa.dense_union([pa.field("a", pa.int8())]), "as a field of a struct"),
    (pa.run_end_encoded(pa.int32(), pa.int8()), "run_end_decode"),
    (pa.timestamp("us", "Nowhere/City"), "'Nowhere/City' is no time zone. Expected a name"),
]


@pytest.mark.parametrize(("type_", "said"), REFUSED, ids=[str(type_) for type_, _ in REFUSED])
def test_a_type_that_cannot_be_stored_is_refused_at_once(type_: pa.DataType, said: str) -> None:
    schema = pa.schema([("id", pa.int64()), ("odd", type_)])
    with pytest.raises(UnsupportedType, match=rf"(?s)^Column 'odd': .*{said}"):
        fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=schema, keys="id")
    columns = sa.Column("id", sa.BigInteger), sa.Column("odd", Arrow(type_))
    with pytest.raises(UnsupportedType, match=rf"(?s)^Column 'odd': .*{said}"):
        fsql.FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), *columns, keys="id")


UNREADABLE = [
    (pd.DataFrame({"id": [1], "odd": [1j]}), "complex numbers. Store the real and the imaginary"),
    (pd.DataFrame({"id": [1], "odd": pd.arrays.SparseArray([1])}), r"Convert it with \.sparse"),
    (pd.DataFrame({"id": [1, 2], "odd": [1, "a"]}), "several types"),
    (pl.DataFrame({"id": [1], "odd": [object()]}), "polars type Object. Convert the objects"),
    (pl.DataFrame({"id": [1], "odd": pl.Series([1], dtype=pl.Int128)}), r"Cast it to pl\.Decimal"),
]


@pytest.mark.parametrize(("data", "said"), UNREADABLE, ids=lambda value: str(value)[:9])
def test_a_frame_that_arrow_cannot_read_is_refused(
    store: fsql.FeatureStore, data: Any, said: str
) -> None:
    with pytest.raises(InvalidData, match=f"(?s)column 'odd': .*{said}"):
        fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=data, keys="id")
    name = written(store, pa.table({"id": [0], "odd": [0]}))
    group = fsql.FeatureGroup.reflect(store.engine, name)
    with pytest.raises(InvalidData, match=f"(?s)nothing was written.*column 'odd': .*{said}"):
        store.write(group, data, progress=False)
    assert len(fsql.read_sql(f"SELECT * FROM {name}", store.engine)) == 1


def test_nanoseconds_are_refused_or_cut(store: fsql.FeatureStore) -> None:
    table = pa.table({"id": [1, 2], "at": pa.array([1_000, 1_001], pa.timestamp("ns"))})
    for truncate in (False, True):
        group = fsql.FeatureGroup.from_frame(
            "a", "b", f"n{next(NUMBERS)}", "v0001", frame=table, keys="id", truncate=truncate
        )
        store.create(group)
        if not truncate:
            with pytest.raises(InvalidData, match=r"column 'at'.*truncate=True.*\(row 1\)"):
                store.write(group, table, progress=False)
            continue
        store.write(group, table, progress=False)
        cut = fsql.read_arrow(f"SELECT at FROM {group.name}", store.engine)["at"]
        assert [time.value for time in cut] == [1_000, 1_000]


def test_what_must_not_be_null_comes_back_so_and_is_checked(store: fsql.FeatureStore) -> None:
    strict = pa.struct([pa.field("A", pa.int8(), nullable=False)])
    items = pa.list_(pa.field("item", pa.int8(), nullable=False))
    values = {"s": pa.array([{"A": 1}, None], strict), "l": pa.array([[1], None], items)}
    comes_back(store, pa.table({"id": [1, 2], **values}))
    name = written(store, pa.table({"id": [1, 2], **values}))
    loose = pa.table({"id": [3], "s": [{"A": None}], "l": [[1]]})
    with pytest.raises(InvalidData, match="column 's': field 'A' is NULL"):
        store.write(fsql.FeatureGroup.reflect(store.engine, name), loose, progress=False)
