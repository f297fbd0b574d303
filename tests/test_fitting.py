"""What a frame may hold for a column of a type, and what is said when it does not fit."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Date, Double, Integer, Numeric, SmallInteger, String

from fsql.conversion import decode
from fsql.errors import InvalidData, Problem
from fsql.fitting import encode_table, fit, fit_batches
from fsql.model import FeatureGroup
from fsql.types import Array, Arrow, Map, Struct, Timestamp

NOON = dt.datetime(2013, 1, 1, 12)
WIND = Struct(dir=BigInteger, speed=Double)
CATEGORIES = pa.dictionary(pa.int8(), pa.string())
LIST_VIEWS = pa.array([[1], None, [2, 3]], pa.list_view(pa.int64()))
FIXED_LISTS = pa.array([[1, 2], None], pa.list_(pa.int8(), 2))


def group(type_: Any, **options: Any) -> FeatureGroup:
    """A group with a column `v` of the type."""
    columns = [sa.Column("k", BigInteger), sa.Column("t", Timestamp("us")), sa.Column("v", type_)]
    roles = {"keys": ["k"], "event_time": "t"} | options
    return FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), *columns, **roles)


def frame(values: Any) -> Any:
    """Values for `v` with keys and times: a pandas frame, or an Arrow table for an Arrow array."""
    keys, times = list(range(len(values))), [NOON] * len(values)
    if isinstance(values, pa.Array):
        return pa.table({"k": keys, "t": times, "v": values})
    return pd.DataFrame({"k": keys, "t": times, "v": values})


def problems(declared: FeatureGroup, data: Any) -> list[Problem]:
    with pytest.raises(InvalidData) as caught:
        fit(declared, data)
    return list(caught.value.problems)


def day(text: str, unit: str = "us", zone: str | None = None) -> pa.Array:
    return pa.array(pd.to_datetime([text])).cast(pa.timestamp("ns")).cast(pa.timestamp(unit, zone))


FITTING: list[tuple[str, Any, Any, list[Any]]] = [
    ("an int64 column in range", Integer, [1, 2], [1, 2]),
    ("pandas' floats for integers with NULLs", Integer, [1.0, None], [1, None]),
    ("Arrow's NaN for an integer", Integer, pa.array([1.0, float("nan")]), [1, None]),
    ("whole decimals", BigInteger, [Decimal("5"), None], [5, None]),
    ("unsigned beyond int64", Arrow(pa.uint64()), [2**63 + 1, 0], [2**63 + 1, 0]),
    ("integers for doubles", Double, [1, 2], [1.0, 2.0]),
    ("doubles that a float holds", sa.REAL, [0.5, None], [0.5, None]),
    ("integers for decimals", Numeric(5, 2), [1, 999], [Decimal("1.00"), Decimal("999.00")]),
    ("a decimal of another scale", Numeric(5, 2), [Decimal("1.5")], [Decimal("1.50")]),
    ("objects with NULL", Boolean, [True, None], [True, None]),
    ("strings with NULL", String, ["", None], ["", None]),
    ("a categorical for strings", String, pd.Categorical(["a", None]), ["a", None]),
    ("large strings", String, pa.array(["a"], pa.large_string()), ["a"]),
    ("string views", String, pa.array(["a"], pa.string_view()), ["a"]),
    ("nothing but NULL", String, [None, None], [None, None]),
    ("midnights for dates", Date, pd.to_datetime(["1960-01-01"]), [dt.date(1960, 1, 1)]),
    ("ISO dates", Date, ["2013-07-04"], [dt.date(2013, 7, 4)]),
    ("dates for times", Timestamp("s"), [dt.date(2013, 1, 1)], [dt.datetime(2013, 1, 1)]),
    ("ISO times", Timestamp("us"), ["2013-01-01T12:00:00"], [NOON]),
    ("ISO times with a zone", Timestamp("us"), ["2013-01-01T13:00:00+01:00"], [NOON]),
    ("ISO times with milliseconds", Timestamp("ms"), ["2013-01-01 12:00:00.000"], [NOON]),
    (
        "ISO times of every kind",
        Timestamp("us"),
        ["20130101T12", "2013-01-01T12Z", None, "2013-01-01", "9999-12-31T00:00:00"],
        [NOON, NOON, None, dt.datetime(2013, 1, 1), dt.datetime(9999, 12, 31)],
    ),
    ("naive times are UTC", Timestamp("us", "Asia/Tokyo"), [NOON], [NOON.replace(tzinfo=dt.UTC)]),
    ("zoned times for naive", Timestamp("us"), [NOON.replace(tzinfo=dt.UTC)], [NOON]),
    ("naive and zoned mixed", Timestamp("us"), [NOON, NOON.replace(tzinfo=dt.UTC)], [NOON] * 2),
    (
        "dates and times mixed",
        Timestamp("us"),
        [dt.date(2013, 1, 1), NOON],
        [dt.datetime(2013, 1, 1), NOON],
    ),
    (
        "dicts",
        WIND,
        [{"dir": 1, "speed": 2}, None, {"dir": None, "speed": 0.5}],
        [{"dir": 1, "speed": 2.0}, None, {"dir": None, "speed": 0.5}],
    ),
    ("lists", Array(SmallInteger), [[1, None], None, []], [[1, None], None, []]),
    ("lists of dicts", Array(WIND), [[{"speed": 1.0, "dir": 2}]], [[{"dir": 2, "speed": 1.0}]]),
    ("list views", Array(Integer), LIST_VIEWS, [[1], None, [2, 3]]),
    ("fixed lists", Array(Integer), FIXED_LISTS, [[1, 2], None]),
    ("lists of the declared size", Arrow(pa.list_(pa.int8(), 2)), [[1, 2], None], [[1, 2], None]),
    (
        "dicts for maps",
        Map(String, Integer),
        [{"a": 1, "b": None}, None, {}],
        [[("a", 1), ("b", None)], None, []],
    ),
    ("maps in lists", Array(Map(String, Integer)), [[{"a": 1}], None], [[[("a", 1)]], None]),
    (
        "entries for maps",
        Map(String, Integer),
        pa.array([[{"key": "a", "value": 1}], None]),
        [[("a", 1)], None],
    ),
    ("strings for a categorical", Arrow(CATEGORIES), ["a", None], ["a", None]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "values", "expected"),
    [case[1:] for case in FITTING],
    ids=[case[0] for case in FITTING],
)
def test_what_fits_becomes_the_exact_type(type_: Any, values: Any, expected: list[Any]) -> None:
    declared = group(type_)
    fitted = fit(declared, frame(values))
    assert fitted.schema == declared.arrow_schema
    assert fitted["v"].to_pylist() == expected
    assert encode_table(declared, fitted).schema == declared.storage_schema


NOT_FITTING: list[tuple[str, Any, Any, str, list[int]]] = [
    ("fractions", Integer, [1.0, 1.5], "is no whole number, expected int32", [1]),
    ("too large integers", SmallInteger, [1, 40000, -40000], "is out of range for int16", [1, 2]),
    ("infinity", BigInteger, [float("inf"), 1.0], "is out of range for int64", [0]),
    ("2**63", BigInteger, [2.0**63, 1.0], "is out of range for int64", [0]),
    ("too large unsigned", BigInteger, pa.array([2**63], pa.uint64()), "is out of range", [0]),
    ("negative unsigned", Arrow(pa.uint8()), [-1, 255], "is out of range for uint8", [0]),
    ("integers too large for doubles", Double, [2**53 + 1], "that double counts", [0]),
    ("doubles that a float rounds", sa.REAL, [0.5, 0.1], "would be rounded to fit float", [1]),
    ("decimals with more places", Numeric(5, 2), [Decimal("1.255")], "does not fit", [0]),
    ("decimals with more digits", Numeric(5, 2), [Decimal("1000")], "does not fit", [0]),
    ("integers with more digits", Numeric(5, 2), [1000, 1], "does not fit decimal128(5, 2)", [0]),
    ("a time of day", Date, [dt.datetime(2013, 1, 1), NOON], "has a time of day", [1]),
    ("no time", Timestamp("us"), ["2013-01-01", "x", "now"], "is no ISO 8601 time", [1, 2]),
    ("no such day", Timestamp("us"), ["2013-01-01", "2013-02-30"], "is no ISO 8601 time", [1]),
    ("finer than seconds", Timestamp("s"), [NOON, NOON.replace(microsecond=1)], "is finer", [1]),
    ("nanoseconds", Timestamp("ns"), day("2013-01-01T00:00:00.000000001", "ns"), "nanosec", [0]),
    ("nanoseconds as text", Timestamp("us"), ["2013-01-01T00:00:00.000000001"], "finer", [0]),
    ("beyond nanoseconds", Timestamp("ns"), [dt.datetime(9999, 1, 1)], "beyond", [0]),
    ("a field's values", WIND, [None, {"dir": 1.5, "speed": 0.0}], "field 'dir' is no whole", [1]),
    ("an item", Array(SmallInteger), [[], [1], [1, 40000]], "an item is out of range", [2]),
    ("an item's field", Array(WIND), [[{"dir": 0.5, "speed": 1}]], "an item's field 'dir'", [0]),
    ("a list's size", Arrow(pa.list_(pa.int8(), 2)), [[1, 2], [1]], "does not have 2 items", [1]),
    ("a NULL key in a map", Map(String, Integer), [{"a": 1}, {None: 1}], "NULL as its key", [1]),
    ("a length", Arrow(pa.binary(2)), [b"ab", b"abc"], "does not have 2 bytes", [1]),
    (
        "more categories than the index counts",
        Arrow(CATEGORIES),
        pd.Categorical([str(i) for i in range(129)], [str(i) for i in range(129)]),
        "more distinct values than int8 counts",
        [128],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "values", "said", "rows"),
    [case[1:] for case in NOT_FITTING],
    ids=[case[0] for case in NOT_FITTING],
)
def test_values_that_do_not_fit_are_named_by_row(
    type_: Any, values: Any, said: str, rows: list[int]
) -> None:
    (problem,) = problems(group(type_), frame(values))
    assert problem.column == "v"
    assert said in problem.what
    assert (list(problem.rows), problem.count) == (rows, len(rows))


MISMATCHES: list[tuple[Any, Any, str]] = [
    (String, [1, 2], "holds int64, expected string. Convert it with .astype('str')."),
    (String, ["a", 1], "holds values of several types: str (row 0), int (row 1)"),
    (Boolean, [1, 0], "holds int64, expected bool"),
    (Integer, [True, False], "holds bool, expected int32"),
    (Integer, ["1"], "holds"),
    (Numeric(5, 2), [1.5], "Convert it to decimal.Decimal"),
    (Timestamp("us"), [1, 2], "Convert it with pd.to_datetime(column, unit=…, utc=True)."),
    (Date, [dt.date(2013, 1, 1), NOON], "holds values of several types: date (row 0), datetime"),
    (WIND, [{"dir": 1}], "lacks the field 'speed'"),
    (WIND, [{"dir": 1, "sped": 1.0}], "has the unknown field 'sped', like 'speed'"),
    (WIND, [{"dir": "n", "speed": 1.0}], "field 'dir' holds string, expected int64"),
    (Array(Integer), [["a"]], "its items: holds string, expected int32"),
    (Map(String, WIND), [{"a": {"dir": 1, "speed": 1.0, "z": 1}}], "has the unknown field 'z'"),
    (Map(String, Integer), [{1: 1}], "field 'key' holds int64, expected string"),
]


@pytest.mark.parametrize(("type_", "values", "said"), MISMATCHES)
def test_types_that_do_not_fit_are_told_apart(type_: Any, values: Any, said: str) -> None:
    (problem,) = problems(group(type_), frame(values))
    assert problem.column == "v"
    assert said in problem.what
    assert problem.count == 0


def test_all_problems_are_told_at_once() -> None:
    data = pd.DataFrame(
        {
            "k": [1.0, None, 3.0],
            "t": ["2013-01-01", "yesterday", None],
            "w": ["a", "b", "c"],
            "v": [1, 2, 3],
        }
    )
    declared = group(String, created_time=None)
    with pytest.raises(InvalidData) as caught:
        fit(declared, data)
    assert str(caught.value).splitlines() == [
        "The data does not fit 'a_b_c_v0001'; nothing was written. Problems:",
        f"  - {Problem('k', 'is NULL. Every row needs its whole key', [1], 1)}",
        f"  - {Problem('t', 'is no ISO 8601 time', [1], 1)}",
        f"  - {Problem('t', 'is NULL. Every row needs the time since which it holds', [2], 1)}",
        "  - column 'v': holds int64, expected string. Convert it with .astype('str').",
        "  - column 'w': is no column of the group.",
    ]


def test_a_missing_column_is_named_with_what_looks_like_it() -> None:
    data = frame([1]).rename(columns={"v": "V"})
    assert [str(problem) for problem in problems(group(Integer), data)] == [
        "column 'v': is missing.",
        "column 'V': is no column of the group.",
    ]
    found = problems(group(Integer), frame([1]).rename(columns={"v": "t_"}))
    assert {problem.column: problem.what for problem in found}["t_"] == (
        "is no column of the group; 't' looks like it."
    )


def test_a_column_that_stands_twice_is_refused() -> None:
    twice = frame([1])[["k", "t", "v", "v"]]
    assert [str(p) for p in problems(group(Integer), twice)] == [
        "column 'v': stands in the frame twice."
    ]
    arrow = pa.Table.from_arrays([pa.array([1])] * 4, names=["k", "v", "v", "x"])
    said = {problem.column: problem.what for problem in problems(group(Integer), arrow)}
    assert said["v"] == "stands in the frame twice."
    assert set(said) == {"t", "v", "x"}


def test_nan_is_no_key() -> None:
    columns = [sa.Column("k", Double), sa.Column("v", Integer)]
    declared = FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), *columns, keys=["k"])
    (problem,) = problems(declared, pa.table({"k": [1.0, float("nan")], "v": [1, 2]}))
    assert (problem.column, list(problem.rows)) == ("k", [1])


def test_not_null_is_heeded() -> None:
    columns = [sa.Column("k", Integer), sa.Column("v", Integer, nullable=False)]
    declared = FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), *columns, keys=["k"])
    (problem,) = problems(declared, pd.DataFrame({"k": [1, 2], "v": [None, 1]}))
    assert problem.what == "is NULL, and is declared NOT NULL"


def test_many_rows_are_counted_and_the_first_are_shown() -> None:
    (problem,) = problems(group(SmallInteger), frame([99999] * 1000))
    assert (list(problem.rows), problem.count) == ([0, 1, 2, 3, 4], 1000)


@pytest.mark.parametrize("unit", ["us", "ns"])
def test_truncate_cuts_nanoseconds(unit: str) -> None:
    declared = group(Timestamp(unit), truncate=True)
    fitted = encode_table(
        declared, fit(declared, frame(day("2013-01-01T12:00:00.000000999", "ns")))
    )
    assert fitted["v"].to_pylist() == [NOON]


def test_columns_are_matched_by_name_and_come_in_the_groups_order() -> None:
    data = frame([1, 2])[["v", "t", "k"]]
    assert fit(group(Integer), data).column_names == ["k", "t", "v"]


def test_the_index_that_filtering_leaves_is_no_column() -> None:
    data = frame([1, 2, 3])
    assert fit(group(Integer), data[data["v"] != 2])["v"].to_pylist() == [1, 3]


def test_an_index_with_a_name_is_a_column() -> None:
    assert fit(group(Integer), frame([1, 2]).set_index("k"))["k"].to_pylist() == [0, 1]
    (problem,) = problems(group(Integer), frame([1]).assign(x=1).set_index("x"))
    assert problem.column == "x"


def test_an_index_column_that_the_group_has_is_taken() -> None:
    data = pd.DataFrame({"v": [1.5]}, index=pd.Index([7]))
    declared = FeatureGroup.from_frame("a", "b", "c", "v0001", frame=data, keys=["v"])
    assert fit(declared, data)["__index_level_0__"].to_pylist() == [7]


def test_polars_frames_fit() -> None:
    data = pl.DataFrame(
        {"k": [1, 2], "t": [NOON, NOON], "v": pl.Series(["a", None], dtype=pl.Categorical)}
    )
    assert fit(group(String), data)["v"].to_pylist() == ["a", None]


def stream(*columns: list[int]) -> pa.RecordBatchReader:
    batches = [frame(pa.array(values)).to_batches()[0] for values in columns]
    return pa.RecordBatchReader.from_batches(batches[0].schema, batches)


def test_a_stream_is_fitted_batch_by_batch() -> None:
    fitted = list(fit_batches(group(Integer), stream([0, 1], [5, 6])))
    assert [table["v"].to_pylist() for table in fitted] == [[0, 1], [5, 6]]


def test_a_stream_tells_the_problems_of_all_its_batches() -> None:
    fitted = fit_batches(group(Integer), stream([1, 2], [2**40, 3], [4, 2**40]))
    assert next(fitted)["v"].to_pylist() == [1, 2]
    with pytest.raises(InvalidData) as caught:
        list(fitted)
    (problem,) = caught.value.problems
    assert (list(problem.rows), problem.count) == ([2, 5], 2)


def test_a_slice_far_into_large_strings_fits(tmp_path: Path) -> None:
    far = 2**31 + 10  # beyond what the offsets of a plain string array count
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(far + 3)
    with pa.memory_map(str(tmp_path / "sparse")) as data:
        offsets = pa.py_buffer(np.array([0, far, far + 3], dtype=np.int64))
        text = pa.LargeStringArray.from_buffers(2, offsets, data.read_buffer())
        assert fit(group(String), frame(text).slice(1))["v"].to_pylist() == ["\0\0\0"]


def test_a_million_rows_cost_little() -> None:
    rows = np.arange(1_000_000)
    times = np.full(len(rows), np.datetime64(NOON, "us"))
    data = pa.table({"k": rows, "t": times, "v": rows.astype(float)})
    took = []
    for _ in range(3):
        started = time.process_time()
        fit(group(BigInteger), data)
        took.append(time.process_time() - started)
    assert min(took) < 0.5


# --- round trips -------------------------------------------------------------------------------

INSTANTS = st.integers(0, 4 * 10**9)
Made = tuple[pa.DataType, st.SearchStrategy[Any]]


def made(type_: pa.DataType, values: st.SearchStrategy[Any]) -> Made:
    return type_, st.none() | values


def integers(type_: pa.DataType) -> Made:
    bits, signed = type_.bit_width, pa.types.is_signed_integer(type_)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return made(type_, st.integers(low, high))


PLAIN: list[Made] = [
    made(pa.bool_(), st.booleans()),
    *(integers(t) for t in (pa.int8(), pa.int16(), pa.int32(), pa.int64())),
    *(integers(t) for t in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())),
    made(pa.float32(), st.floats(width=32)),
    made(pa.float64(), st.floats()),
    made(pa.decimal128(12, 3), st.decimals(-(10**8), 10**8, places=3)),
    made(pa.string(), st.text(max_size=5)),
    made(pa.large_string(), st.text(max_size=5)),
    made(pa.binary(), st.binary(max_size=5)),
    made(pa.date32(), st.dates()),
    made(pa.time32("s"), st.integers(0, 86399)),
    made(pa.time64("us"), st.times()),
    made(pa.duration("ms"), st.integers(-(10**12), 10**12)),
    *(made(pa.timestamp(unit, "Europe/Berlin"), INSTANTS) for unit in ("s", "ms", "us")),
    made(pa.timestamp("us"), st.datetimes()),
    made(pa.timestamp("ns"), st.integers(-(10**15), 10**15).map(lambda us: us * 1000)),
    made(pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["a", "b", ""])),
]


def nested(inner: st.SearchStrategy[Made]) -> st.SearchStrategy[Made]:
    def struct(parts: list[Made]) -> Made:
        names = [f"f{i}" for i in range(len(parts))]
        type_ = pa.struct([(name, part[0]) for name, part in zip(names, parts, strict=True)])
        values = st.fixed_dictionaries({n: part[1] for n, part in zip(names, parts, strict=True)})
        return made(type_, values)

    def array(part: Made) -> Made:
        return made(pa.list_(part[0]), st.lists(part[1], max_size=3))

    def map_(part: Made) -> Made:
        entries = st.dictionaries(st.text(max_size=3), part[1], max_size=3)
        return made(pa.map_(pa.string(), part[0]), entries.map(lambda d: list(d.items())))

    plain = inner.filter(lambda part: not pa.types.is_dictionary(part[0]))
    return st.lists(plain, min_size=1, max_size=3).map(struct) | plain.map(array) | plain.map(map_)


COLUMNS = st.recursive(st.sampled_from(PLAIN), nested, max_leaves=4).flatmap(
    lambda part: st.lists(part[1], max_size=6).map(lambda values: pa.array(values, part[0]))
)


def same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> None:
    """NaN equals NaN, and 0.0 does not equal -0.0."""
    assert one.type == other.type
    assert repr(one.to_pylist()) == repr(other.to_pylist())


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(COLUMNS)
def test_values_survive_fitting_encoding_and_decoding(values: pa.Array) -> None:
    declared = group(Arrow(values.type))
    fitted = fit(declared, frame(values))
    same(fitted["v"], pa.chunked_array([values], values.type))
    stored = encode_table(declared, fitted)["v"]
    same(decode(stored, declared.arrow_schema.field("v")), fitted["v"])


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(COLUMNS, st.integers(0, 3), st.integers(1, 3))
def test_a_slice_fits_as_the_whole_does(values: pa.Array, start: int, step: int) -> None:
    declared, table = group(Arrow(values.type)), frame(values)
    whole = fit(declared, table)["v"]
    parts = [fit(declared, table.slice(i, step))["v"] for i in range(start, len(values), step)]
    found = [value for part in parts for value in part.to_pylist()]
    assert repr(found) == repr(whole.slice(start).to_pylist())


LOSSLESS: list[Callable[[pa.Array], pa.Array]] = [
    lambda a: a.cast(pa.large_list(a.type.value_type)) if pa.types.is_list(a.type) else a,
    lambda a: a.dictionary_encode() if pa.types.is_string(a.type) else a,
    lambda a: a.cast(pa.int64()) if pa.types.is_int32(a.type) else a,
    lambda a: a.cast(pa.float64()) if pa.types.is_float32(a.type) else a,
]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(COLUMNS)
def test_another_type_of_the_same_values_gives_the_same(values: pa.Array) -> None:
    declared = group(Arrow(values.type))
    for widened in LOSSLESS:
        same(fit(declared, frame(widened(values)))["v"], pa.chunked_array([values]))
