"""CSV and other delimited text under Hive tables: LazySimpleSerDe and OpenCSVSerde."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Mapping
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsql.local import opencsv
from fsql.local.scalars import Taught
from fsql.local.tables.hive_csv import parts_of_line
from tests.local.hive_store import TEXT_OUTPUT, HiveStore

TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
QUOTED = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


def text_table(
    hive: HiveStore,
    columns: Mapping[str, str],
    serde: str = SIMPLE,
    serde_parameters: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
    partitioned: Mapping[str, str] | None = None,
) -> None:
    hive.table(
        "t",
        columns,
        "t/",
        partitioned=partitioned,
        serde=serde,
        takes=TEXT_INPUT,
        gives=TEXT_OUTPUT,
        serde_parameters=serde_parameters,
        parameters=parameters,
    )


# --- LazySimpleSerDe -----------------------------------------------------------------------------


def test_the_default_separator_and_null(hive: HiveStore) -> None:
    hive.put("t/a", "1\x01a\x01x\n\\N\x01\\N\x01extra\x01more\n\n3\n")
    text_table(hive, {"i": "int", "s": "string", "r": "string"})
    assert hive.rows("SELECT * FROM t") == [
        (1, "a", "x"),
        (None, None, "extra"),
        (None, None, None),
        (3, None, None),
    ]


def test_csv_with_a_header_compressed_and_partitioned(hive: HiveStore) -> None:
    text_table(
        hive,
        {"i": "int", "s": "string"},
        serde_parameters={"field.delim": ",", "serialization.format": ","},
        parameters={"skip.header.line.count": "2"},
        partitioned={"p": "string"},
    )
    head = "# comment\ni,s\n"
    hive.put("t/p=a/a.csv", head + "1,x\r\n2,\r\n")
    hive.put("t/p=b/b.csv.gz", gzip.compress(f'{head}3,"y"\n'.encode()))
    hive.put("t/p=c/c.csv.zst", pa.compress(f"{head}4,é".encode(), "zstd", asbytes=True))
    for value in "abc":
        hive.partition("t", [value], f"t/p={value}")
    expected = [(1, "x", "a"), (2, "", "a"), (3, '"y"', "b"), (4, "é", "c")]
    assert hive.rows("SELECT i, s, p FROM t ORDER BY i") == expected
    assert hive.rows("SELECT i FROM t WHERE p = 'b'") == [(3,)]
    assert hive.rows('SELECT "$path" AS p FROM t WHERE i = 3')[0][0].endswith("/t/p=b/b.csv.gz")


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("int", "007", 7),
        ("int", "-1.9", -1),
        ("int", "+5", 5),
        ("int", ".5", 0),
        ("int", "1e3", None),
        ("int", " 1", None),
        ("int", "", None),
        ("int", "3000000000", None),
        ("tinyint", "128", None),
        ("bigint", "9223372036854775807", 2**63 - 1),
        ("boolean", "TRUE", True),
        ("boolean", "fAlse", False),
        ("boolean", "1", None),
        ("double", "1e-3", 0.001),
        ("double", " 2.5d", 2.5),
        ("double", "-Infinity", float("-inf")),
        ("double", "inf", None),
        ("double", "abc", None),
        ("float", "0.5", 0.5),
        ("decimal(5,2)", "1.005", Decimal("1.01")),
        ("decimal(5,2)", "12345", None),
        ("decimal(5,2)", "x", None),
        ("date", "2013-1-2", dt.date(2013, 1, 2)),
        ("date", "2013-01-02 10:00:00", dt.date(2013, 1, 2)),
        ("date", "01/02/2013", None),
        ("timestamp", "2013-01-02 03:04:05", dt.datetime(2013, 1, 2, 3, 4, 5)),
        ("timestamp", "2013-1-2 3:4:5.6785", dt.datetime(2013, 1, 2, 3, 4, 5, 679000)),
        ("timestamp", "2013-01-02T03:04:05.5", dt.datetime(2013, 1, 2, 3, 4, 5, 500000)),
        ("timestamp", "2013-01-02", dt.datetime(2013, 1, 2)),
        ("timestamp", "1357095845000", None),
        ("varchar(2)", "abc", "ab"),
        ("char(4)", "ab", "ab  "),
        ("string", 'a "b" \\n', 'a "b" \\n'),
        ("binary", "aGk=", b"hi"),
    ],
)
def test_text_that_is_no_value_is_null(
    hive: HiveStore, type_: str, text: str, value: object
) -> None:
    hive.put("t/a.csv", f"{text};x\n")
    text_table(hive, {"v": type_, "x": "string"}, serde_parameters={"field.delim": ";"})
    assert hive.rows("SELECT v, x FROM t") == [(value, "x")]


def test_nested_values(hive: HiveStore) -> None:
    columns = {
        "tags": "array<string>",
        "by": "map<string,int>",
        "pos": "struct<lat:double,names:array<string>>",
    }
    hive.put(
        "t/a",
        "a|\\N|c,k:1|l:x|k:2,0.5|p:q\n"  # the second k is not the first
        ",,\n"
        "\\N,\\N,\\N\n",
    )
    text_table(
        hive,
        columns,
        serde_parameters={"field.delim": ",", "collection.delim": "|", "mapkey.delim": ":"},
    )
    rows = hive.rows("SELECT tags, by, pos.lat, pos.names, pos IS NULL FROM t")
    assert rows == [
        (["a", None, "c"], {"k": 1, "l": None}, 0.5, ["p", "q"], False),
        ([], {}, None, None, False),
        (None, None, None, None, True),
    ]


def test_escaped_separators(hive: HiveStore) -> None:
    hive.put("t/a", "a\\,b,1\n\\\\,2\nx\\ny,3\nend\\,4\n")
    parameters = {"field.delim": ",", "escape.delim": "\\"}
    text_table(hive, {"s": "string", "i": "int"}, serde_parameters=parameters)
    expected = [("a,b", 1), ("\\", 2), ("x\ny", 3), ("end,4", None)]
    assert hive.rows("SELECT s, i FROM t") == expected


def test_another_null_and_a_separator_by_number(hive: HiveStore) -> None:
    hive.put("t/a", "\tNA\n1\t\n")
    parameters = {"field.delim": "9", "serialization.null.format": "NA"}
    text_table(hive, {"i": "int", "s": "string"}, serde_parameters=parameters)
    assert hive.rows("SELECT i, s FROM t") == [(None, None), (1, "")]


def test_text_that_is_not_read_here(hive: HiveStore) -> None:
    hive.put("t/a.csv.bz2", "x")
    text_table(hive, {"s": "string"})
    assert "NOT_SUPPORTED: .bz2 files are read on AWS only" in hive.fails("SELECT * FROM t")


def test_text_that_is_no_utf8(hive: HiveStore) -> None:
    hive.put("t/a.csv", b"a\xffb\n")
    text_table(hive, {"s": "string"})
    error = hive.fails("SELECT * FROM t")
    assert error == "HIVE_CURSOR_ERROR: Failed to read text file: line 1 is not UTF-8"


# --- OpenCSVSerde --------------------------------------------------------------------------------


def test_quotes_and_escapes(hive: HiveStore) -> None:
    hive.put(
        "t/a.csv",
        'id,name\n1,"a, ""b"""\n2,\n3,"x\\"y"\n4,plain\\"\n\n5\n6, "lead"\n7,a"b"c,more\n8,"open\n',
    )
    text_table(
        hive, {"id": "string", "name": "string"}, QUOTED, {}, {"skip.header.line.count": "1"}
    )
    assert hive.rows("SELECT id, name FROM t") == [
        ("1", 'a, "b"'),
        ("2", ""),
        ("3", 'x"y'),
        ("4", 'plain"'),
        (None, None),
        ("5", None),
        ("6", "lead"),
        ("7", 'a"b"c'),
        ("8", None),
    ]


def test_types_of_quoted_csv(hive: HiveStore) -> None:
    hive.put("t/a.tsv", "'true'\t'-7'\t1.5\t1579059880000\t15000\t'2.25'\n")
    columns = {
        "b": "boolean", "i": "bigint", "d": "double", "at": "timestamp", "day": "date",
        "dec": "decimal(5,1)",
    }  # fmt: skip
    text_table(hive, columns, QUOTED, {"separatorChar": "\t", "quoteChar": "'"})
    assert hive.rows("SELECT * FROM t") == [
        (True, -7, 1.5, dt.datetime(2020, 1, 15, 3, 44, 40), dt.date(2011, 1, 26), Decimal("2.3"))
    ]
    assert hive.types("SELECT i, at, day FROM t") == ["bigint", "timestamp", "date"]


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("int", ""),
        ("int", "12345678901"),
        ("bigint", "1.5"),
        ("double", "x"),
        ("date", "2013-01-02"),
        ("timestamp", "2013-01-02 03:04:05"),
    ],
)
def test_text_that_is_no_value_is_an_error(hive: HiveStore, type_: str, text: str) -> None:
    hive.put("t/a.csv", f'"k","{text}"\n')
    text_table(hive, {"k": "string", "v": type_}, QUOTED)
    assert hive.rows("SELECT k FROM t") == [("k",)]
    said = f"HIVE_BAD_DATA: Error parsing field value '{text}' for field 1: For input string:"
    assert hive.fails("SELECT v FROM t") == f'{said} "{text}"'


def test_null_for_invalid_data(hive: HiveStore) -> None:
    hive.put("t/a.csv", "x\n")
    text_table(hive, {"v": "int"}, QUOTED, parameters={"use.null.for.invalid.data": "TRUE"})
    assert hive.rows("SELECT v FROM t") == [(None,)]


def test_nested_columns_are_refused(hive: HiveStore) -> None:
    hive.put("t/a.csv", "x\n")
    text_table(hive, {"v": "array<int>"}, QUOTED)
    assert "OpenCSVSerde does not read columns of type array" in hive.fails("SELECT v FROM t")


@settings(max_examples=20)
@given(lines=st.lists(st.text('a b,"\\', max_size=14), min_size=1, max_size=200))
def test_patterns_take_lines_apart_as_opencsv_does(lines: list[str]) -> None:
    with duckdb.connect() as connection:
        connection.register("given", pa.table({"line": lines}))
        marks = (",", '"', "\\")
        sql = f"SELECT line, {parts_of_line('line', *marks)} FROM given"
        Taught(connection).teach(sql)
        rows = connection.sql(sql).fetchall()
    for line, parts in rows:
        assert parts == (opencsv.taken_apart(line, *marks) if line else []), line


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ('a,b"c"d', ["a", 'b"c"d']),
        ('ab,  "c"', ["ab", "c"]),
        ('"a"b,c', ["ab", "c"]),
        ('"a,b', []),
        ('x,"a\\\\",b', ["x", "a\\", "b"]),
        ("a\\b", ["ab"]),
    ],
)
def test_habits_of_opencsv(line: str, values: list[str]) -> None:
    assert opencsv.taken_apart(line, ",", '"', "\\") == values
