from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsql.local.transpile.coercion import can_coerce, common_type
from fsql.local.transpile.types import (
    BIGINT,
    UNKNOWN,
    InvalidType,
    Type,
    array,
    char,
    decimal,
    duckdb_type,
    map_of,
    parse_type,
    row,
    time,
    timestamp,
    timestamp_tz,
    trino_type,
    varchar,
)


@pytest.mark.parametrize(
    ("text", "printed", "duckdb_text"),
    [
        ("bigint", "bigint", "BIGINT"),
        ("INT", "integer", "INTEGER"),
        ("Double Precision", "double", "DOUBLE"),
        ("real", "real", "FLOAT"),
        ("decimal", "decimal(38,0)", "DECIMAL(38,0)"),
        ("decimal(5)", "decimal(5,0)", "DECIMAL(5,0)"),
        ("decimal(5, 2)", "decimal(5,2)", "DECIMAL(5,2)"),
        ("varchar", "varchar", "VARCHAR"),
        ("varchar(3)", "varchar(3)", "VARCHAR"),
        ("char", "char(1)", "VARCHAR"),
        ("varbinary", "varbinary", "BLOB"),
        ("timestamp", "timestamp(3)", "TIMESTAMP"),
        ("timestamp(6)", "timestamp(6)", "TIMESTAMP"),
        ("timestamp(9)", "timestamp(9)", "TIMESTAMP_NS"),
        ("timestamp with time zone", "timestamp(3) with time zone", "TIMESTAMPTZ"),
        ("timestamp(6) with time zone", "timestamp(6) with time zone", "TIMESTAMPTZ"),
        ("timestamp without time zone", "timestamp(3)", "TIMESTAMP"),
        ("time", "time(3)", "TIME"),
        ("interval day to second", "interval day to second", "BIGINT"),
        ("array(bigint)", "array(bigint)", "BIGINT[]"),
        ("map(varchar(2), array(real))", "map(varchar(2), array(real))", "MAP(VARCHAR, FLOAT[])"),
        (
            "row(dir bigint, speed double)",
            "row(dir bigint, speed double)",
            'STRUCT("dir" BIGINT, "speed" DOUBLE)',
        ),
        (
            "row(bigint, timestamp with time zone)",
            "row(bigint, timestamp(3) with time zone)",
            'STRUCT("field0" BIGINT, "field1" TIMESTAMPTZ)',
        ),
        (
            'row("a b" row("say ""x""" date), date date)',
            'row("a b" row("say ""x""" date), date date)',
            'STRUCT("a b" STRUCT("say ""x""" DATE), "date" DATE)',
        ),
    ],
)
def test_a_types_text(text: str, printed: str, duckdb_text: str) -> None:
    parsed = parse_type(text)
    assert str(parsed) == printed
    assert parse_type(printed) == parsed
    assert duckdb_type(text) == duckdb_type(parsed) == duckdb_text


@pytest.mark.parametrize(
    "text",
    [
        *("", "nope", "bigint bigint", "array", "array(", "array(bigint", "row()", "map(bigint)"),
        *("varchar(x)", "decimal(39,0)", "decimal(5,6)", "bigint(3)", "struct<a:int>", "a.b"),
        "row(a bigint",
    ],
)
def test_a_text_that_is_no_type(text: str) -> None:
    with pytest.raises(InvalidType):
        parse_type(text)


SCALARS = st.sampled_from(
    [
        *(Type(base) for base in ("boolean", "tinyint", "bigint", "real", "double", "date")),
        *(Type(base) for base in ("varbinary", "json", "uuid", "varchar")),
        *(varchar(5), char(3), decimal(10, 2), decimal(38, 38), time(6)),
        *(timestamp(3), timestamp(6), timestamp_tz(3), timestamp_tz(6)),
    ]
)
NAMES = st.none() | st.text(min_size=1, max_size=5).map(str.lower).filter(str.strip)
TYPES = st.recursive(
    SCALARS,
    lambda inner: (
        st.builds(array, inner)
        | st.builds(map_of, inner, inner)
        | st.lists(st.tuples(NAMES, inner), min_size=1, max_size=3).map(row)
    ),
    max_leaves=6,
)


@given(TYPES)
def test_every_type_reads_back_from_its_text(type_: Type) -> None:
    assert parse_type(str(type_)) == type_


@given(TYPES)
def test_every_type_coerces_to_itself(type_: Type) -> None:
    assert can_coerce(type_, type_)
    assert can_coerce(UNKNOWN, type_)
    assert common_type(type_, UNKNOWN) == type_


@given(TYPES, TYPES)
def test_a_common_type_is_the_same_from_both_sides(one: Type, other: Type) -> None:
    assert common_type(one, other) == common_type(other, one)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1::TINYINT", "tinyint"),
        ("1::UINTEGER", "bigint"),
        ("1::HUGEINT", "decimal(38,0)"),
        ("1.5", "decimal(2,1)"),
        ("1::FLOAT", "real"),
        ("'a'::BLOB", "varbinary"),
        ("DATE '2020-01-01'", "date"),
        ("TIMESTAMP '2020-01-01'", "timestamp(6)"),
        ("TIMESTAMP_MS '2020-01-01'", "timestamp(3)"),
        ("TIMESTAMPTZ '2020-01-01'", "timestamp(6) with time zone"),
        ("'{}'::JSON", "json"),
        ("NULL", "unknown"),
        ("[1]", "array(integer)"),
        ("[1]::INTEGER[1]", "array(integer)"),
        ("MAP {'a': [1.5]}", "map(varchar, array(decimal(2,1)))"),
        ("{'Dir': 1, 'a, b': {'x': 'y'}}", 'row(dir integer, "a, b" row(x varchar))'),
        ("row(1, 'a')", "row(integer, varchar)"),
        ("[{'a': MAP {1: [NULL]}}]", "array(row(a map(integer, array(unknown))))"),
    ],
)
def test_the_trino_type_of_duckdbs(value: str, expected: str) -> None:
    with duckdb.connect() as connection:
        described = connection.execute(f"SELECT {value}").description
    assert trino_type(str(described[0][1])) == expected


@pytest.mark.parametrize("text", ["BIT", "UNION(a INTEGER)", "ENUM('a')", "", "STRUCT(a)"])
def test_types_of_duckdb_that_trino_lacks(text: str) -> None:
    with pytest.raises(InvalidType):
        trino_type(text)


@pytest.mark.parametrize(
    ("source", "target", "allowed"),
    [
        ("tinyint", "bigint", True),
        ("bigint", "integer", False),
        ("integer", "decimal(10,0)", True),
        ("integer", "decimal(9,0)", False),
        ("bigint", "double", True),
        ("double", "decimal(38,10)", False),
        ("varchar(3)", "varchar(5)", True),
        ("varchar(5)", "varchar(3)", False),
        ("varchar", "date", False),
        ("date", "timestamp(3)", True),
        ("timestamp(3)", "timestamp(6)", True),
        ("timestamp(6)", "timestamp(3)", False),
        ("timestamp(3)", "timestamp(3) with time zone", True),
        ("array(integer)", "array(bigint)", True),
        ("map(integer, varchar(2))", "map(bigint, varchar)", True),
        ("row(integer, varchar(1))", "row(a bigint, b varchar)", True),
        ("row(integer)", "row(a bigint, b varchar)", False),
        ("array(integer)", "integer", False),
    ],
)
def test_coercions(source: str, target: str, allowed: bool) -> None:
    assert can_coerce(parse_type(source), parse_type(target)) is allowed


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("integer", "bigint", "bigint"),
        ("bigint", "decimal(5,2)", "decimal(21,2)"),
        ("decimal(10,2)", "decimal(5,4)", "decimal(12,4)"),
        ("decimal(38,2)", "decimal(38,10)", "decimal(38,10)"),
        ("decimal(5,2)", "real", "real"),
        ("real", "double", "double"),
        ("varchar(3)", "varchar(5)", "varchar(5)"),
        ("varchar(3)", "varchar", "varchar"),
        ("varchar(5)", "char(3)", "char(5)"),
        ("date", "timestamp(6)", "timestamp(6)"),
        ("timestamp(6)", "timestamp(3) with time zone", "timestamp(6) with time zone"),
        ("row(a integer, b varchar)", "row(a bigint, c varchar)", "row(a bigint, varchar)"),
        ("bigint", "varchar", None),
        ("array(bigint)", "array(varchar)", None),
        ("boolean", "integer", None),
    ],
)
def test_common_types(one: str, other: str, common: str | None) -> None:
    found = common_type(parse_type(one), parse_type(other))
    assert (found and str(found)) == common


def test_types_are_values() -> None:
    assert array(BIGINT) == parse_type("array(bigint)")
    assert hash(array(BIGINT)) == hash(parse_type("array(bigint)"))
    assert timestamp_tz(3, "America/New_York") == timestamp_tz(3)
