"""JSON lines under Hive tables: the OpenX SerDe and Hive's own ones."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Mapping
from decimal import Decimal

import pytest

from tests.local.hive_store import TEXT_OUTPUT, HiveStore
from tests.local.test_hive_csv import TEXT_INPUT

OPENX = "org.openx.data.jsonserde.JsonSerDe"
HCATALOG = "org.apache.hive.hcatalog.data.JsonSerDe"
HIVE = "org.apache.hadoop.hive.serde2.JsonSerDe"


def json_table(
    hive: HiveStore,
    columns: Mapping[str, str],
    serde: str = OPENX,
    serde_parameters: Mapping[str, str] | None = None,
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
    )


@pytest.mark.parametrize("serde", [OPENX, HCATALOG, HIVE])
def test_every_type(hive: HiveStore, serde: str) -> None:
    columns = {
        "b": "boolean", "i": "int", "l": "bigint", "f": "float", "d": "double",
        "dec": "decimal(10,2)", "s": "string", "v": "varchar(2)", "day": "date",
        "at": "timestamp", "void": "string",
    }  # fmt: skip
    value = {
        "b": True, "I": -5, "l": 2**62, "f": 0.5, "d": 1e300, "dec": 1.25, "s": 'é "x"\n',
        "v": "abc", "day": "2013-01-02", "at": "2013-01-02 03:04:05.678", "void": None,
        "other": [1],
    }  # fmt: skip
    hive.put("t/a.json", json.dumps(value) + "\n{}\n")
    json_table(hive, columns, serde)
    assert hive.rows("SELECT * FROM t") == [
        (
            True, -5, 2**62, 0.5, 1e300, Decimal("1.25"), 'é "x"\n', "ab", dt.date(2013, 1, 2),
            dt.datetime(2013, 1, 2, 3, 4, 5, 678000), None,
        ),
        (None,) * 11,
    ]  # fmt: skip


@pytest.mark.parametrize("serde", [OPENX, HCATALOG, HIVE])
def test_nested_values(hive: HiveStore, serde: str) -> None:
    inner = "struct<Name:string,at:timestamp,n:array<array<int>>>"
    columns = {"x": f"struct<a:array<{inner}>,m:map<string,{inner}>,k:map<int,double>>"}
    one = {"name": "q", "AT": "2013-01-02 03:04:05", "n": [[1, None], None, []]}
    value = {"x": {"a": [one, None, {}], "M": {"k,1": one}, "k": {"7": 1.5}}}
    lines = [json.dumps(value), '{"x": null}', '{"x": {"a": []}}']
    hive.put("t/a.json.gz", gzip.compress("\n".join(lines).encode()))
    json_table(hive, columns, serde)
    at = dt.datetime(2013, 1, 2, 3, 4, 5)
    row = (
        "x.a[1].name, x.a[1].at, x.a[1].n[1][1], cardinality(x.a[1].n), x.a[2] IS NULL,"
        " x.a[3].name, x.m['k,1'].at, x.k[7]"
    )
    assert hive.rows(f"SELECT {row} FROM t LIMIT 1") == [("q", at, 1, 3, True, None, at, 1.5)]
    rest = "SELECT x IS NULL, cardinality(x.a), x.m IS NULL FROM t OFFSET 1"
    assert hive.rows(rest) == [(True, None, True), (False, 0, True)]


def test_partitioned_json(hive: HiveStore) -> None:
    json_table(hive, {"x": "int"}, partitioned={"y": "int"})
    hive.put("t/y=1/a", '{"x":1,"y":9}\n')
    hive.put("t/y=2/a", '{"x":2}\n')
    for value in "12":
        hive.partition("t", [value], f"t/y={value}/")
    assert hive.rows("SELECT x, y FROM t WHERE y = 1") == [(1, 1)]
    assert hive.rows("SELECT sum(x) AS s FROM t") == [(3,)]


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("int", '"12"', 12),
        ("int", "1.9", 1),
        ("int", '"-3.7"', -3),
        ("bigint", "1e3", 1000),
        ("boolean", '"TRUE"', True),
        ("boolean", "1", False),
        ("double", '"1.5"', 1.5),
        ("string", "1.5", "1.5"),
        ("string", "true", "true"),
        ("string", '{"a": [1, "x"]}', '{"a":[1,"x"]}'),
        ("array<int>", "7", [7]),
        ("array<int>", '""', None),
        ("struct<a:int,b:string>", '[1, "x"]', (1, "x")),
        ("struct<a:int,b:string>", '" "', None),
        ("timestamp", "1357095845678", dt.datetime(2013, 1, 2, 3, 4, 5, 678000)),
        ("timestamp", "1357095845", dt.datetime(2013, 1, 2, 3, 4, 5)),
        ("timestamp", "1357095845.678", dt.datetime(2013, 1, 2, 3, 4, 5, 678000)),
        ("timestamp", '"2013-01-02T03:04:05.678Z"', dt.datetime(2013, 1, 2, 3, 4, 5, 678000)),
        ("timestamp", '"2013-01-02T04:04:05+0100"', dt.datetime(2013, 1, 2, 3, 4, 5)),
        ("timestamp", '"2013-01-02T04:04:05+01:00"', dt.datetime(2013, 1, 2, 3, 4, 5)),
        ("binary", '"aGk="', b"hi"),
    ],
)
def test_openx_takes_much(hive: HiveStore, type_: str, text: str, value: object) -> None:
    hive.put("t/a.json", f'{{"v": {text}}}\n')
    json_table(hive, {"v": type_})
    if isinstance(value, tuple):
        assert hive.rows("SELECT v.a, v.b FROM t") == [value]
    else:
        assert hive.rows("SELECT v FROM t") == [(value,)]


@pytest.mark.parametrize(
    ("serde", "type_", "text", "shown"),
    [
        (OPENX, "int", '"x"', '"x"'),
        (OPENX, "int", "3000000000", "3000000000"),
        (OPENX, "date", '"yesterday"', '"yesterday"'),
        (OPENX, "map<string,int>", "5", "5"),
        (HIVE, "array<int>", "7", "7"),
        (HIVE, "struct<a:int>", "[1]", "[1]"),
        (HIVE, "string", '{"a":1}', '{"a":1}'),
        (HCATALOG, "bigint", '"x"', '"x"'),
    ],
)
def test_a_value_of_another_type(
    hive: HiveStore, serde: str, type_: str, text: str, shown: str
) -> None:
    hive.put("t/a.json", f'{{"k": 1, "v": {text}}}\n')
    json_table(hive, {"k": "int", "v": type_}, serde)
    assert hive.rows("SELECT k FROM t") == [(1,)]
    assert hive.fails("SELECT v FROM t") == (
        f"HIVE_BAD_DATA: Error parsing field value '{shown}' for field 1: For input string:"
        f' "{shown}"'
    )


@pytest.mark.parametrize("serde", [OPENX, HIVE])
def test_a_line_that_is_no_json(hive: HiveStore, serde: str) -> None:
    hive.put("t/a.json", '{"x": 1}\n{"x": \n')
    json_table(hive, {"x": "int"}, serde)
    error = hive.fails("SELECT x FROM t")
    assert error == 'HIVE_CURSOR_ERROR: Row is not a valid JSON Object: {"x": '


def test_malformed_lines_can_be_ignored(hive: HiveStore) -> None:
    hive.put("t/a.json", '{"x": 1}\n{"x": \n\nplain\n[5]\n')
    json_table(hive, {"x": "int"}, serde_parameters={"ignore.malformed.json": "TRUE"})
    assert hive.rows("SELECT x FROM t") == [(1,), (None,), (None,), (None,), (5,)]


def test_names_of_fields(hive: HiveStore) -> None:
    hive.put("t/a.json", '{"userId": 1, "userid": 2, "a.b": 3, "Time": {"Zone.Id": 4}}\n')
    parameters = {
        "case.insensitive": "FALSE",
        "mapping.upper": "userId",
        "mapping.time_": "Time",
        "mapping.zone_id": "Zone_Id",
        "dots.in.keys": "true",
    }
    columns = {"upper": "int", "userid": "int", "a_b": "int", "time_": "struct<zone_id:int>"}
    json_table(hive, columns, serde_parameters=parameters)
    assert hive.rows("SELECT upper, userid, a_b, time_.zone_id FROM t") == [(1, 2, 3, 4)]


def test_a_name_that_is_there_twice(hive: HiveStore) -> None:
    hive.put("t/a.json", '{"Username": 1, "username": 2}\n')
    json_table(hive, {"username": "int"})
    error = hive.fails("SELECT username FROM t")
    assert error == (
        "HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException:"
        ' Duplicate key "username"'
    )
    hive.glue.delete_table(DatabaseName="feature_store", Name="t")
    json_table(hive, {"username": "int"}, HIVE)
    assert hive.rows("SELECT username FROM t") == [(2,)]
