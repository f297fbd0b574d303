from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.local.trino_sql import Case, assert_gives, each, failure

NUMBERS: list[Case] = [
    ("CAST('12' AS bigint)", 12, "bigint"),
    ("CAST(' 12 ' AS integer)", 12, "integer"),
    ("CAST('-7' AS tinyint)", -7, "tinyint"),
    ("CAST(2.5 AS integer)", 3, "integer"),
    ("CAST(-2.5 AS integer)", -3, "integer"),
    ("CAST(2.5e0 AS integer)", 3, "integer"),
    ("CAST(2.4e0 AS bigint)", 2, "bigint"),
    ("CAST(true AS integer)", 1, "integer"),
    ("CAST(0 AS boolean)", False, "boolean"),
    ("CAST(1.5e0 AS boolean)", True, "boolean"),
    ("CAST('true' AS boolean)", True, "boolean"),
    ("CAST('F' AS boolean)", False, "boolean"),
    ("CAST('1' AS boolean)", True, "boolean"),
    ("CAST('1.5' AS double)", 1.5, "double"),
    ("CAST('Infinity' AS double)", float("inf"), "double"),
    ("CAST('1e3' AS double)", 1000.0, "double"),
    ("CAST(1.005 AS decimal(10,2))", Decimal("1.01"), "decimal(10,2)"),
    ("CAST('1.25' AS decimal(10,1))", Decimal("1.3"), "decimal(10,1)"),
    ("CAST(5 AS decimal)", Decimal(5), "decimal(38,0)"),
    ("CAST(1 AS real)", 1.0, "real"),
    ("CAST(REAL '0.1' AS double)", 0.10000000149011612, "double"),
    ("CAST(NULL AS bigint)", None, "bigint"),
]

TEXTS: list[Case] = [
    ("CAST(12 AS varchar)", "12", "varchar"),
    ("CAST(true AS varchar)", "true", "varchar"),
    ("CAST(1.50 AS varchar)", "1.50", "varchar"),
    ("CAST(0.5 AS varchar)", "0.5", "varchar"),
    ("CAST(1e0 AS varchar)", "1.0E0", "varchar"),
    ("CAST(123456.789e0 AS varchar)", "1.23456789E5", "varchar"),
    ("CAST(1e10 AS varchar)", "1.0E10", "varchar"),
    ("CAST(1e-5 AS varchar)", "1.0E-5", "varchar"),
    ("CAST(0e0 AS varchar)", "0E0", "varchar"),
    ("CAST(-0e0 AS varchar)", "-0E0", "varchar"),
    ("CAST(nan() AS varchar)", "NaN", "varchar"),
    ("CAST(-infinity() AS varchar)", "-Infinity", "varchar"),
    ("CAST(REAL '0.1' AS varchar)", "1.0E-1", "varchar"),
    ("CAST(REAL '16777216' AS varchar)", "1.6777216E7", "varchar"),
    ("CAST(DATE '2020-01-02' AS varchar)", "2020-01-02", "varchar"),
    ("CAST(TIMESTAMP '2020-01-02 03:04:05' AS varchar)", "2020-01-02 03:04:05", "varchar"),
    ("CAST(TIMESTAMP '2020-01-02 03:04:05.1' AS varchar)", "2020-01-02 03:04:05.1", "varchar"),
    ("CAST(TIMESTAMP '2020-01-02 03:04' AS varchar)", "2020-01-02 03:04:00", "varchar"),
    (
        "CAST(CAST('2020-01-02 03:04:05' AS timestamp) AS varchar)",
        "2020-01-02 03:04:05.000",
        "varchar",
    ),
    (
        "CAST(TIMESTAMP '2020-01-02 03:04:05.123456' AS varchar)",
        "2020-01-02 03:04:05.123456",
        "varchar",
    ),
    (
        "CAST(TIMESTAMP '2020-01-02 03:04:05 America/New_York' AS varchar)",
        "2020-01-02 03:04:05 America/New_York",
        "varchar",
    ),
    ("CAST(TIME '01:02:03.123' AS varchar)", "01:02:03.123", "varchar"),
    ("CAST('abcdef' AS varchar(3))", "abc", "varchar(3)"),
    ("CAST('a' AS char(3))", "a  ", "char(3)"),
    ("CAST('abcd' AS char(3))", "abc", "char(3)"),
    ("length(CAST('a' AS char(3)))", 3, "bigint"),
    ("CAST(CAST('a' AS char(3)) AS varchar)", "a", "varchar"),
    ("CAST(123 AS varchar(3))", "123", "varchar(3)"),
    ("CAST(INTERVAL '3' DAY AS varchar)", "3 00:00:00.000", "varchar"),
    ("CAST(INTERVAL '-1 02:03:04.567' DAY TO SECOND AS varchar)", "-1 02:03:04.567", "varchar"),
    ("CAST(INTERVAL '14' MONTH AS varchar)", "1-2", "varchar"),
    ("CAST('ab' AS varbinary)", b"ab", "varbinary"),
]

TIMES: list[Case] = [
    ("CAST('2020-01-02' AS date)", datetime.date(2020, 1, 2), "date"),
    ("CAST(' 2020-1-2 ' AS date)", datetime.date(2020, 1, 2), "date"),
    (
        "CAST('2020-01-02 03:04:05.6789' AS timestamp)",
        datetime.datetime(2020, 1, 2, 3, 4, 5, 679000),
        "timestamp(3)",
    ),
    (
        "CAST('2020-01-02 03:04:05.6789' AS timestamp(6))",
        datetime.datetime(2020, 1, 2, 3, 4, 5, 678900),
        "timestamp(6)",
    ),
    ("CAST('2020-01-02' AS timestamp)", datetime.datetime(2020, 1, 2), "timestamp(3)"),
    (
        "CAST(TIMESTAMP '1969-12-31 23:59:59.9996' AS timestamp(3))",
        datetime.datetime(1970, 1, 1),
        "timestamp(3)",
    ),
    (
        "CAST(TIMESTAMP '2020-01-02 03:04:05.6' AS timestamp(0))",
        datetime.datetime(2020, 1, 2, 3, 4, 6),
        "timestamp(0)",
    ),
    ("CAST(TIMESTAMP '2020-01-02 03:04:05' AS date)", datetime.date(2020, 1, 2), "date"),
    ("CAST(DATE '2020-01-02' AS timestamp)", datetime.datetime(2020, 1, 2), "timestamp(3)"),
    (
        "CAST(TIMESTAMP '2020-01-01 23:00:00 America/New_York' AS date)",
        datetime.date(2020, 1, 1),
        "date",
    ),
    (
        "CAST(TIMESTAMP '2020-01-01 23:00:00 America/New_York' AS timestamp)",
        datetime.datetime(2020, 1, 1, 23),
        "timestamp(3)",
    ),
    (
        "CAST('2020-01-02 03:04:05 UTC' AS timestamp with time zone)",
        datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        "timestamp(3) with time zone",
    ),
    (
        "CAST('2020-01-02 03:04:05' AS timestamp(6) with time zone)",
        datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        "timestamp(6) with time zone",
    ),
    ("CAST('03:04:05.1' AS time)", datetime.time(3, 4, 5, 100000), "time(3)"),
]

NESTED: list[Case] = [
    ("CAST(ARRAY['1', '2'] AS array(bigint))", [1, 2], "array(bigint)"),
    ("CAST(ARRAY[1, NULL] AS array(varchar))", ["1", None], "array(varchar)"),
    ("CAST(map(ARRAY['1'], ARRAY[2]) AS map(bigint, varchar))", {1: "2"}, "map(bigint, varchar)"),
    (
        "CAST(ROW(1, 'x') AS row(a bigint, b varchar))",
        {"a": 1, "b": "x"},
        "row(a bigint, b varchar)",
    ),
    (
        "CAST(CAST(ROW(1, '2') AS row(a bigint, b varchar)) AS row(b varchar, a bigint))",
        {"b": "1", "a": 2},
        "row(b varchar, a bigint)",
    ),
    (
        "CAST(ARRAY[ROW(1, 2)] AS array(row(a double, b decimal(3,1))))",
        [{"a": 1.0, "b": Decimal("2.0")}],
        "array(row(a double, b decimal(3,1)))",
    ),
    ("CAST(NULL AS row(a bigint))", None, "row(a bigint)"),
    (
        "CAST('12151fd2-7586-11e9-8f9e-2a86e4085a59' AS uuid)",
        UUID("12151fd2-7586-11e9-8f9e-2a86e4085a59"),
        "uuid",
    ),
]

TRIES: list[Case] = [
    ("TRY_CAST('x' AS integer)", None, "integer"),
    ("TRY_CAST('5' AS integer)", 5, "integer"),
    ("TRY_CAST('5.5' AS integer)", None, "integer"),
    ("TRY_CAST(300 AS tinyint)", None, "tinyint"),
    ("TRY_CAST('2020-13-01' AS date)", None, "date"),
    ("TRY_CAST('2020-01-01T00:00:00Z' AS timestamp)", None, "timestamp(3)"),
    ("TRY_CAST(max(x) AS tinyint)", 1, "tinyint"),
    ("TRY_CAST(1234 AS varchar(3))", None, "varchar(3)"),
]

LITERALS: list[Case] = [
    ("1", 1, "integer"),
    ("2147483648", 2147483648, "bigint"),
    ("-9223372036854775808", -(2**63), "bigint"),
    ("1.5", Decimal("1.5"), "decimal(2,1)"),
    ("0.05", Decimal("0.05"), "decimal(2,2)"),
    (".5", Decimal("0.5"), "decimal(1,1)"),
    ("1.", Decimal(1), "decimal(1,0)"),
    ("000123.0", Decimal("123.0"), "decimal(4,1)"),
    ("1e0", 1.0, "double"),
    ("1E-2", 0.01, "double"),
    ("DOUBLE '1.5'", 1.5, "double"),
    ("REAL '1.5'", 1.5, "real"),
    ("BIGINT '5'", 5, "bigint"),
    ("DECIMAL '-1.20'", Decimal("-1.20"), "decimal(3,2)"),
    ("''", "", "varchar(0)"),
    ("'it''s'", "it's", "varchar(4)"),
    (r"'a\nb'", r"a\nb", "varchar(4)"),
    ("U&'\\0041\\00e9'", "Aé", "varchar(2)"),
    ("VARCHAR 'abc'", "abc", "varchar(3)"),
    ("CHAR 'abc'", "abc", "char(3)"),
    ("X'00ff'", b"\x00\xff", "varbinary"),
    ("X'00 FF'", b"\x00\xff", "varbinary"),
    ("true", True, "boolean"),
    ("NULL", None, "unknown"),
    ("DATE '2020-01-02'", datetime.date(2020, 1, 2), "date"),
    ("TIME '01:02:03'", datetime.time(1, 2, 3), "time(0)"),
    ("TIMESTAMP '2020-01-02'", datetime.datetime(2020, 1, 2), "timestamp(0)"),
    (
        "TIMESTAMP '2020-01-02 03:04:05.123'",
        datetime.datetime(2020, 1, 2, 3, 4, 5, 123000),
        "timestamp(3)",
    ),
    (
        "TIMESTAMP '2020-07-01 00:00:00 America/New_York'",
        datetime.datetime(2020, 7, 1, 4, tzinfo=datetime.UTC),
        "timestamp(0) with time zone",
    ),
    (
        "TIMESTAMP '2020-07-01 00:00:00.000 +05:30'",
        datetime.datetime(2020, 6, 30, 18, 30, tzinfo=datetime.UTC),
        "timestamp(3) with time zone",
    ),
    ("INTERVAL '2' DAY", 172_800_000, "interval day to second"),
    ("INTERVAL '1 02' DAY TO HOUR", 93_600_000, "interval day to second"),
    ("-INTERVAL '1' HOUR", -3_600_000, "interval day to second"),
    ("INTERVAL '1-2' YEAR TO MONTH", 14, "interval year to month"),
    ("ARRAY[1, 2.5]", [Decimal("1.0"), Decimal("2.5")], "array(decimal(11,1))"),
    ("ARRAY[]", [], "array(unknown)"),
    ("ARRAY[NULL, 1]", [None, 1], "array(integer)"),
    ("ROW(1, 'a')", {"field0": 1, "field1": "a"}, "row(integer, varchar(1))"),
    ("(1, 2)", {"field0": 1, "field1": 2}, "row(integer, integer)"),
    ("""JSON '{"b": 1,"a":2}'""", '{"a":2,"b":1}', "json"),
]


@each(NUMBERS)
def test_cast_to_a_number(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(TEXTS)
def test_cast_to_text(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(TIMES)
def test_cast_to_a_time(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(NESTED)
def test_cast_of_nested_values(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@each(TRIES)
def test_try_cast(expression: str, value: Any, type_: str) -> None:
    assert_gives(f"{expression} FROM (VALUES 1) AS t(x)", value, type_)


@each(LITERALS)
def test_literal(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("CAST('abc' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'abc' to INT"),
        ("CAST('5.5' AS bigint)", "INVALID_CAST_ARGUMENT: Cannot cast '5.5' to BIGINT"),
        ("CAST('300' AS tinyint)", "INVALID_CAST_ARGUMENT: Cannot cast '300' to TINYINT"),
        ("CAST('yes' AS boolean)", "INVALID_CAST_ARGUMENT: Cannot cast 'yes' to BOOLEAN"),
        ("CAST('x' AS double)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to DOUBLE"),
        (
            "CAST('x' AS decimal(5,2))",
            "INVALID_CAST_ARGUMENT: Cannot cast VARCHAR 'x' to DECIMAL(5, 2)",
        ),
        ("CAST(300 AS tinyint)", "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for tinyint: 300"),
        (
            "CAST(123.45 AS decimal(3,2))",
            "INVALID_CAST_ARGUMENT: Cannot cast '123.45' to DECIMAL(3, 2)",
        ),
        ("CAST(nan() AS bigint)", "INVALID_CAST_ARGUMENT: Unable to cast NaN to bigint"),
        ("CAST('abc' AS date)", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: abc"),
        (
            "CAST('2020-13-01' AS date)",
            "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2020-13-01",
        ),
        (
            "CAST('2020-01-01T00:00:00Z' AS timestamp)",
            "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: 2020-01-01T00:00:00Z",
        ),
        (
            "CAST(1234 AS varchar(3))",
            "INVALID_CAST_ARGUMENT: Value 1234 cannot be represented as varchar(3)",
        ),
        ("CAST(1 AS date)", "TYPE_MISMATCH: line 1:8: Cannot cast integer to date"),
        (
            "CAST(ARRAY[1] AS bigint)",
            "TYPE_MISMATCH: line 1:8: Cannot cast array(integer) to bigint",
        ),
        ("CAST(1 AS string)", "TYPE_NOT_FOUND: line 1:8: Unknown type: string"),
        ("CAST(1 AS nope(3))", "TYPE_NOT_FOUND: line 1:8: Unknown type: nope(3)"),
        ("CAST(1 AS decimal(39))", "TYPE_NOT_FOUND: line 1:8: Unknown type: decimal(39)"),
        (
            "DATE '2020-02-30'",
            "INVALID_LITERAL: line 1:8: '2020-02-30' is not a valid date literal",
        ),
        ("TIMESTAMP 'soon'", "INVALID_LITERAL: line 1:8: 'soon' is not a valid timestamp literal"),
        (
            "TIMESTAMP '2020-01-01 00:00:00.1234567'",
            "NOT_SUPPORTED: line 1:8: timestamp(7) is not supported, only up to 6 digits",
        ),
        ("INTERVAL 'x' DAY", "INVALID_LITERAL: line 1:8: 'x' is not a valid interval literal"),
        (
            "9223372036854775808",
            "SYNTAX_ERROR: line 1:8: Invalid numeric literal: 9223372036854775808",
        ),
        (
            "X'0'",
            "SYNTAX_ERROR: line 1:8: Binary literal must contain an even number of hex digits",
        ),
        (
            "CAST('2020-01-01 00:00:00 Nowhere/Land' AS timestamp with time zone)",
            "INVALID_FUNCTION_ARGUMENT: 'Nowhere/Land' is not a valid time zone",
        ),
    ],
)
def test_cast_errors(expression: str, message: str) -> None:
    assert failure(f"SELECT {expression}") == message
