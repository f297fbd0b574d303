from __future__ import annotations

import math
import random
import struct
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsql.local.text import athena_text
from fsql.local.transpile.types import InvalidType, Type, duckdb_type, timestamp_tz


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def texts(rows: str, trino_type: str | Type) -> list[str | None]:
    """What results print of a column x."""
    found = connection().execute(f"SELECT {athena_text('x', trino_type)} FROM {rows}")
    return [row[0] for row in found.fetchall()]


def text(value_sql: str, trino_type: str) -> str | None:
    """What results print of one value."""
    cast = f"CAST({value_sql} AS {duckdb_type(trino_type)})"
    return texts(f"(SELECT {cast} AS x)", trino_type)[0]


CASES = [
    ("true", "boolean", "true"),
    ("NULL", "boolean", None),
    ("5", "tinyint", "5"),
    ("-9223372036854775808", "bigint", "-9223372036854775808"),
    ("1.5", "decimal(10,2)", "1.50"),
    ("0.5", "decimal(2,2)", "0.50"),
    ("-0.05", "decimal(2,2)", "-0.05"),
    (
        "0.00000000000000000000000000000000000001",
        "decimal(38,38)",
        "0.00000000000000000000000000000000000001",
    ),
    ("12345", "decimal(38,0)", "12345"),
    ("1e0", "double", "1.0"),
    ("0e0", "double", "0.0"),
    ("-0e0", "double", "-0.0"),
    ("1e10", "double", "1.0E10"),
    ("1e-5", "double", "1.0E-5"),
    ("0.001e0", "double", "0.001"),
    ("0.00099e0", "double", "9.9E-4"),
    ("123456.789e0", "double", "123456.789"),
    ("9999999e0", "double", "9999999.0"),
    ("10000000e0", "double", "1.0E7"),
    ("12345678.5e0", "double", "1.23456785E7"),
    ("-1.5e300", "double", "-1.5E300"),
    ("1e15", "double", "1.0E15"),
    ("123456789012345680e0", "double", "1.2345678901234568E17"),
    ("'NaN'", "double", "NaN"),
    ("'Infinity'", "double", "Infinity"),
    ("'-Infinity'", "double", "-Infinity"),
    ("NULL", "double", None),
    ("0.1", "real", "0.1"),
    ("16777216", "real", "1.6777216E7"),
    ("3.4028235e38", "real", "3.4028235E38"),
    ("'a, b'", "varchar", "a, b"),
    ("''", "varchar(3)", ""),
    ("'a'", "char(3)", "a  "),
    ("DATE '2013-01-01'", "date", "2013-01-01"),
    ("TIMESTAMP '2013-01-01 05:00:00'", "timestamp(3)", "2013-01-01 05:00:00.000"),
    ("TIMESTAMP '2013-01-01 05:00:00.1234'", "timestamp(6)", "2013-01-01 05:00:00.123400"),
    ("TIMESTAMP '2013-01-01 05:00:00'", "timestamp(0)", "2013-01-01 05:00:00.000"),
    ("TIMESTAMP '1969-12-31 23:59:59.999'", "timestamp(3)", "1969-12-31 23:59:59.999"),
    (
        "TIMESTAMPTZ '2013-01-01 05:00:00+00'",
        "timestamp(3) with time zone",
        "2013-01-01 05:00:00.000 UTC",
    ),
    ("TIME '01:02:03'", "time(3)", "01:02:03.000"),
    ("TIME '01:02:03.000456'", "time(6)", "01:02:03.000456"),
    ("'\\x01\\xFF\\x0A'::BLOB", "varbinary", "01 ff 0a"),
    ("''::BLOB", "varbinary", ""),
    ("'{\"a\": 1}'", "json", '{"a": 1}'),
    ("'12151fd2-7586-11e9-8f9e-2a86e4085a59'", "uuid", "12151fd2-7586-11e9-8f9e-2a86e4085a59"),
    ("273906789", "interval day to second", "3 04:05:06.789"),
    ("-86400000", "interval day to second", "-1 00:00:00.000"),
    ("14", "interval year to month", "1-2"),
    ("-1", "interval year to month", "-0-1"),
    ("NULL", "unknown", None),
    ("[1, NULL, 2]", "array(bigint)", "[1, null, 2]"),
    ("[]", "array(bigint)", "[]"),
    ("NULL", "array(bigint)", None),
    ("[1.5, 1e10]", "array(double)", "[1.5, 1.0E10]"),
    ("[[1], NULL, []]", "array(array(integer))", "[[1], null, []]"),
    ("{'a': 1, 'b': 'x'}", "row(a integer, b varchar)", "{a=1, b=x}"),
    ("{'a': NULL}", "row(a integer)", "{a=null}"),
    ("NULL", "row(a integer)", None),
    ("{'field0': 1, 'field1': 'x'}", "row(integer, varchar)", "{field0=1, field1=x}"),
    ("{'o''clock': 1}", 'row("o\'clock" integer)', "{o'clock=1}"),
    ("MAP {'k': 1, 'l': NULL}", "map(varchar, integer)", "{k=1, l=null}"),
    ("MAP {}", "map(varchar, integer)", "{}"),
    (
        "{'w': {'dir': 10, 'speed': 1e10}, 't': [TIMESTAMP '2013-01-01 05:00:00']}",
        "row(w row(dir bigint, speed double), t array(timestamp(3)))",
        "{w={dir=10, speed=1.0E10}, t=[2013-01-01 05:00:00.000]}",
    ),
    (
        "[{'m': MAP {'k': ['x', NULL]}}]",
        "array(row(m map(varchar, array(varchar))))",
        "[{m={k=[x, null]}}]",
    ),
    ("MAP {1: {'a': true}}", "map(integer, row(a boolean))", "{1={a=true}}"),
]


@pytest.mark.parametrize(("value_sql", "trino_type", "expected"), CASES)
def test_text(value_sql: str, trino_type: str, expected: str | None) -> None:
    assert text(value_sql, trino_type) == expected


def test_a_type_with_a_zone_is_shown_in_it() -> None:
    rows = "(SELECT TIMESTAMPTZ '2013-07-01 05:00:00+00' AS x)"
    shown = texts(rows, timestamp_tz(3, "America/New_York"))
    assert shown == ["2013-07-01 01:00:00.000 America/New_York"]


def test_a_text_that_names_no_type_is_an_error() -> None:
    with pytest.raises(InvalidType, match="struct<a:int>"):
        athena_text("x", "struct<a:int>")


@pytest.mark.parametrize("trino_type", ["bigint", "integer", "boolean", "varchar", "date"])
def test_plain_types_cost_one_cast_at_most(trino_type: str) -> None:
    assert athena_text("x", trino_type) in ("x", "CAST(x AS VARCHAR)")


def java(value: float, digits: str) -> str:
    """What Java's Double.toString or Float.toString gives, from the shortest digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, _, exponent = digits.lower().lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    number = (whole + fraction).lstrip("0").rstrip("0")
    if not number:
        return f"{sign}0.0"
    point = len(whole) + int(exponent or 0)
    lead = len(whole + fraction) - len((whole + fraction).lstrip("0"))
    power = point - lead - 1
    if -3 <= power < 7:
        padded = "0" * max(-power, 0) + number + "0" * max(power - len(number) + 1, 0)
        split = max(power, 0) + 1
        return f"{sign}{padded[:split]}.{padded[split:] or '0'}"
    return f"{sign}{number[0]}.{number[1:] or '0'}E{power}"


def printed(values: list[float], kind: str) -> list[str | None]:
    column = ", ".join(f"('{value!r}')" for value in values)
    rows = f"(SELECT CAST(y AS {duckdb_type(kind)}) AS x FROM (VALUES {column}) AS v(y))"
    return texts(rows, kind)


@given(st.lists(st.floats().filter(lambda x: x == 0 or abs(x) > 1e-300), min_size=1, max_size=50))
def test_doubles_are_printed_as_java_does(values: list[float]) -> None:
    assert printed(values, "double") == [java(value, repr(value)) for value in values]


def test_doubles_of_all_sizes_are_printed_as_java_does() -> None:
    dice = random.Random(7)
    values = [dice.uniform(-10, 10) * 10 ** dice.randint(-20, 20) for _ in range(2000)]
    assert printed(values, "double") == [java(value, repr(value)) for value in values]


@given(st.lists(st.floats(width=32).filter(lambda x: x == 0 or abs(x) > 1e-30), min_size=1))
def test_reals_are_printed_with_their_own_shortest_digits(values: list[float]) -> None:
    assert printed(values, "real") == [java(value, shortest_real(value)) for value in values]


def shortest_real(value: float) -> str:
    """The fewest digits that read back as the same 32-bit float."""
    if math.isnan(value) or math.isinf(value):
        return ""
    for digits in range(1, 10):
        tried = f"{value:.{digits - 1}e}"
        if struct.unpack("f", struct.pack("f", float(tried)))[0] == value:
            return tried
    raise AssertionError(value)
