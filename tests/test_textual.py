"""Athena's text of values, read into Arrow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from fsql.textual import column_type, read_text

NEW_YORK = ZoneInfo("America/New_York")

CASES: list[tuple[dict[str, Any], str, Any]] = [
    ({"Type": "boolean"}, "true", True),
    ({"Type": "tinyint"}, "-128", -128),
    ({"Type": "integer"}, "2147483647", 2147483647),
    ({"Type": "bigint"}, "1152921504606846976", 2**60),
    ({"Type": "float"}, "1.5", 1.5),
    ({"Type": "double"}, "1.0E10", 1e10),
    ({"Type": "double"}, "-Infinity", float("-inf")),
    ({"Type": "decimal", "Precision": 10, "Scale": 2}, "-0.05", Decimal("-0.05")),
    ({"Type": "varchar"}, "", ""),
    ({"Type": "varchar"}, 'a "b", {c=d}\n', 'a "b", {c=d}\n'),
    ({"Type": "char"}, "ab ", "ab "),
    ({"Type": "varbinary"}, "00 ff 0a", b"\x00\xff\n"),
    ({"Type": "varbinary"}, "", b""),
    ({"Type": "date"}, "2013-02-28", dt.date(2013, 2, 28)),
    ({"Type": "time"}, "23:59:59.123", dt.time(23, 59, 59, 123000)),
    ({"Type": "timestamp"}, "2013-01-01 05:00:00.000", dt.datetime(2013, 1, 1, 5)),
    ({"Type": "timestamp"}, "2013-01-01 05:00:00.000001", dt.datetime(2013, 1, 1, 5, 0, 0, 1)),
    (
        {"Type": "timestamp with time zone"},
        "2013-07-01 05:00:00.000 America/New_York",
        dt.datetime(2013, 7, 1, 5, tzinfo=NEW_YORK),
    ),
    (
        {"Type": "timestamp with time zone"},
        "2013-07-01 05:00:00.000 UTC",
        dt.datetime(2013, 7, 1, 5, tzinfo=dt.UTC),
    ),
    ({"Type": "json"}, '{"a": 1}', '{"a": 1}'),
    ({"Type": "row"}, "{b=x, y=z}", "{b=x, y=z}"),
    ({"Type": "array"}, "[a, b]", "[a, b]"),
    ({"Type": "map"}, "{k,2=v}", "{k,2=v}"),
    ({"Type": "geometry"}, "POINT (0 0)", "POINT (0 0)"),
]


@pytest.mark.parametrize(("column", "text", "value"), CASES)
@pytest.mark.parametrize("chunked", [False, True])
def test_text_becomes_the_value(
    column: dict[str, Any], text: str, value: Any, chunked: bool
) -> None:
    texts: Any = pa.array([text, None], pa.string())
    result = read_text(pa.chunked_array([texts]) if chunked else texts, column_type(column))
    assert result.to_pylist() == [value, None]
    assert isinstance(result, pa.ChunkedArray if chunked else pa.Array)


def test_a_bare_null_has_no_type() -> None:
    texts = pa.array([None, None], pa.string())
    assert read_text(texts, column_type({"Type": "unknown"})).to_pylist() == [None, None]


def test_zones_may_differ_from_row_to_row() -> None:
    texts = pa.array(["2013-01-01 00:00:00.000 UTC", "2013-01-01 00:00:00.000 Asia/Tokyo"])
    result = read_text(texts, column_type({"Type": "timestamp with time zone"}))
    assert [value.hour for value in result.to_pylist()] == [0, 15]


def test_a_local_time_that_comes_twice_is_not_guessed() -> None:
    twice = pa.array(["2013-11-03 01:30:00.000 America/New_York"])
    with pytest.raises(pa.ArrowInvalid, match="ambiguous"):
        read_text(twice, column_type({"Type": "timestamp with time zone"}))
