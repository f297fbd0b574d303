"""Tables registered over files that lie on S3 already, and their partitions."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

import fsql
from fsql.clients.aws_glue import add_partitions, register_table
from fsql.errors import (
    CatalogError,
    ConfigError,
    InvalidData,
    InvalidName,
    StorageError,
    TableExists,
    TableNotFound,
)

DB = "feature_store"
RAW = "s3://fsql-local/raw/"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('glue') / 'store'}")


@pytest.fixture
def engine(store: fsql.FeatureStore) -> Iterator[sa.Engine]:
    """One store for all tests, emptied after each."""
    yield store.engine
    for entry in list(store.catalog.entries()):
        store.catalog.glue.delete_table(DatabaseName=DB, Name=entry.name)
    store.catalog.storage.delete_prefix(RAW)


@pytest.fixture
def glue(engine: sa.Engine) -> Any:
    return fsql.FeatureStore(engine).catalog.glue


def put(engine: sa.Engine, uri: str, data: bytes | pa.Table) -> None:
    """Make an object as any other tool would: through S3."""
    if isinstance(data, pa.Table):
        buffer = io.BytesIO()
        pq.write_table(data, buffer)
        data = buffer.getvalue()
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    client = fsql.FeatureStore(engine).catalog.aws.client("s3")
    client.put_object(Bucket=bucket, Key=key, Body=data)


def columns(table: dict[str, Any]) -> dict[str, str]:
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


def made(glue: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = glue.get_table(DatabaseName=DB, Name=name)["Table"]
    return found


def events(*ids: int, type_: pa.DataType | None = None) -> pa.Table:
    places = [{"City": f"c{i}", "pos": {"lat": i / 2}} for i in ids]
    return pa.table({"Id": pa.array(ids, type_ or pa.int64()), "place": places})


# --- Parquet -------------------------------------------------------------------------------------


def test_parquet_is_read_through_sql(engine: sa.Engine, glue: Any) -> None:
    put(engine, f"{RAW}events/a.parquet", events(1, 2, type_=pa.int32()))
    put(engine, f"{RAW}events/sub/b.parquet", events(2**40))
    put(engine, f"{RAW}events/_SUCCESS", b"done")
    put(engine, f"{RAW}events/_delta_log/0.json", b"{}")
    result = register_table(DB, "events", f"{RAW}events", engine=engine)
    assert result.columns == {
        "id": "bigint",
        "place": "struct<city:string,pos:struct<lat:double>>",
    }
    assert (result.format, result.files, result.location) == ("parquet", 2, f"{RAW}events/")
    assert "2 columns, 2 files" in str(result)
    sql = "SELECT id, place.city AS city, place.pos.lat AS lat FROM events ORDER BY id"
    frame = pd.read_sql(sql, engine)
    assert frame.to_dict("list") == {
        "id": [1, 2, 2**40],
        "city": ["c1", "c2", f"c{2**40}"],
        "lat": [0.5, 1.0, 2.0**39],
    }
    storage = made(glue, "events")["StorageDescriptor"]
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    assert storage["InputFormat"].endswith("MapredParquetInputFormat")
    assert storage["OutputFormat"].endswith("MapredParquetOutputFormat")
    assert made(glue, "events")["TableType"] == "EXTERNAL_TABLE"


def test_every_type_that_athena_reads(engine: sa.Engine) -> None:
    table = pa.table(
        {
            "b": [True],
            "i8": pa.array([1], pa.int8()),
            "i16": pa.array([1], pa.int16()),
            "u8": pa.array([1], pa.uint8()),
            "u32": pa.array([2**32 - 1], pa.uint32()),
            "f": pa.array([1.5], pa.float32()),
            "dec": pa.array([1], pa.decimal128(12, 2)),
            "day": pa.array([0], pa.date32()),
            "at": pa.array([0], pa.timestamp("us", "UTC")),
            "bin": [b"x"],
            "cat": pa.array(["x"]).dictionary_encode(),
            "nothing": pa.nulls(1),
            "tags": [["a"]],
            "props": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        }
    )
    put(engine, f"{RAW}t/a.parquet", table)
    assert register_table(DB, "t", f"{RAW}t", engine=engine).columns == {
        "b": "boolean",
        "i8": "tinyint",
        "i16": "smallint",
        "u8": "smallint",
        "u32": "bigint",
        "f": "float",
        "dec": "decimal(12,2)",
        "day": "date",
        "at": "timestamp",
        "bin": "binary",
        "cat": "string",
        "nothing": "string",
        "tags": "array<string>",
        "props": "map<string,bigint>",
    }
    assert pd.read_sql("SELECT u32, i8, cat FROM t", engine).iloc[0].tolist() == [
        2**32 - 1,
        1,
        "x",
    ]


def test_files_of_several_shapes_are_widened(engine: sa.Engine) -> None:
    put(engine, f"{RAW}w/a.parquet", pa.table({"x": pa.array([1], pa.int8()), "n": [{"a": 1}]}))
    late = pa.table({"x": pa.array([300], pa.int32()), "y": ["new"], "n": [{"a": 2, "b": "x"}]})
    put(engine, f"{RAW}w/b.parquet", late)
    assert register_table(DB, "w", f"{RAW}w", engine=engine).columns == {
        "x": "int",
        "n": "struct<a:bigint,b:string>",
        "y": "string",
    }
    assert pd.read_sql("SELECT sum(x) AS s, max(y) AS y FROM w", engine).iloc[0].tolist() == [
        301,
        "new",
    ]


def test_conflicts_name_files_and_columns(engine: sa.Engine) -> None:
    put(engine, f"{RAW}c/a.parquet", pa.table({"x": [1], "y": pa.array([1], pa.uint64())}))
    put(engine, f"{RAW}c/b.parquet", pa.table({"x": ["one"]}))
    with pytest.raises(InvalidData) as caught:
        register_table(DB, "c", f"{RAW}c", engine=engine)
    assert {problem.column for problem in caught.value.problems} == {"x", "y"}
    said = str(caught.value)
    for word in (f"{RAW}c/a.parquet", f"{RAW}c/b.parquet", "int64", "string", "uint64"):
        assert word in said
    with pytest.raises(TableNotFound):
        fsql.FeatureStore(engine).catalog.get("c")


# --- partitions ----------------------------------------------------------------------------------


@pytest.fixture
def days(engine: sa.Engine) -> sa.Engine:
    for day, ids in (("01", (1, 2)), ("22", (3,))):
        put(engine, f"{RAW}days/y=2026/m=11/d={day}/part=0.parquet", events(*ids))
    return engine


def test_partitions_are_registered_with_the_table(days: sa.Engine) -> None:
    result = register_table(DB, "days", f"{RAW}days/", ["y", "m", "d"], engine=days)
    assert result.partition_keys == {"y": "int", "m": "int", "d": "int"}
    assert result.partitions == 2
    frame = pd.read_sql("SELECT d, count(*) AS n FROM days GROUP BY d ORDER BY d", days)
    assert frame.to_dict("list") == {"d": [1, 22], "n": [2, 1]}
    assert pd.read_sql("SELECT id FROM days WHERE d = 22", days)["id"].tolist() == [3]


def test_partition_types_can_be_given(days: sa.Engine) -> None:
    types = {"y": "smallint", "m": "string", "d": "string"}
    assert register_table(DB, "days", f"{RAW}days", types, engine=days).partition_keys == types
    assert pd.read_sql("SELECT id FROM days WHERE d = '01' ORDER BY id", days)["id"].tolist() == [
        1,
        2,
    ]


def test_values_of_folders_are_unquoted(engine: sa.Engine) -> None:
    put(engine, f"{RAW}q/at=2026-11-22/who=a%2Fb%20c/x.parquet", events(1))
    result = register_table(DB, "q", f"{RAW}q", ["at", "who"], engine=engine)
    assert result.partition_keys == {"at": "date", "who": "string"}
    assert pd.read_sql("SELECT who FROM q", engine)["who"].tolist() == ["a/b c"]


@pytest.mark.parametrize(
    ("partition", "error", "said"),
    [
        (["y", "d"], InvalidData, "has the keys y, m, d; expected y=…/d=…"),
        (["h"], InvalidData, "expected h=…"),
        ({"y": "int", "m": "int", "d": "date"}, InvalidData, "d=01, which is no date"),
        ({"y": "int", "m": "int", "d": "array<int>"}, ConfigError, "d: array<int>"),
        (["y", "y"], ConfigError, "each once"),
        ("y", ConfigError, "Expected names such as"),
    ],
)
def test_wrong_partitions_leave_no_table(
    days: sa.Engine, partition: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        register_table(DB, "days", f"{RAW}days", partition, engine=days)
    assert fsql.FeatureStore(days).catalog.find("days") is None


def test_folders_that_become_no_columns_are_told(days: sa.Engine) -> None:
    result = register_table(DB, "days", f"{RAW}days", engine=days)
    assert result.ignored == ("y", "m", "d")
    assert "pass partition=" in str(result)


def test_thousands_of_partitions_are_added(days: sa.Engine, glue: Any, capfd: Any) -> None:
    register_table(DB, "days", f"{RAW}days", ["y", "m", "d"], engine=days)
    wanted = [
        f"y={y}/m={m:02}/d={d:02}"
        for y in range(2020, 2027)
        for m in range(1, 13)
        for d in range(1, 29)
    ]
    sizes: list[int] = []
    glue.meta.events.register(
        "provide-client-params.glue.BatchCreatePartition",
        lambda params, **kw: sizes.append(len(params["PartitionInputList"])),
    )
    result = add_partitions(DB, "days", wanted, engine=days)
    assert sum(sizes) == len(wanted)
    assert max(sizes) <= 99
    assert (len(result.added), result.existing) == (
        len(wanted) - 2,
        ("y=2026/m=11/d=01", "y=2026/m=11/d=22"),
    )
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=DB, TableName="days")
    assert sum(len(page["Partitions"]) for page in pages) == len(wanted)
    again = add_partitions(DB, "days", wanted, engine=days)
    assert (again.added, len(again.existing), dict(again.failed)) == ((), len(wanted), {})
    assert pd.read_sql("SELECT count(*) AS n FROM days", days)["n"][0] == 3
    assert capfd.readouterr().err == ""  # no bar where nobody watches


def test_added_partitions_can_be_queried(days: sa.Engine) -> None:
    register_table(DB, "days", f"{RAW}days", ["y", "m", "d"], engine=days)
    put(days, f"{RAW}days/y=2026/m=11/d=23/a.parquet", events(9))
    uri = f"{RAW}days/y=2026/m=11/d=23/"
    same = "/y=2026/m=11/d=23"
    assert add_partitions(DB, "days", [uri, same, uri], engine=days).added == (uri,)
    assert pd.read_sql("SELECT id FROM days WHERE d = 23", days)["id"].tolist() == [9]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("y=2026/m=11", "has the keys y, m; expected y=…/m=…/d=…"),
        ("d=1/m=1/y=1", "has the keys d, m, y"),
        ("y=2026/m=11/d=1/h=2", "has the keys y, m, d, h"),
        ("2026/11/23", "has the keys none"),
        ("y=2026/m=nov/d=1", "m=nov, which is no int"),
        (f"y=2026/m=1/d={2**31}", "which is no int"),
        ("y=2026/m=/d=1", "has no value for m"),
        ("s3://elsewhere/y=2026/m=1/d=1", "does not lie below the table's location"),
        ("https://x/y=2026/m=1/d=1", "no S3 location"),
    ],
)
def test_bad_partitions_are_named_and_good_ones_added(days: sa.Engine, path: str, why: str) -> None:
    register_table(DB, "days", f"{RAW}days", ["y", "m", "d"], engine=days)
    result = add_partitions(DB, "days", [path, "y=1111/m=11/d=11"], engine=days)
    assert result.added == ("y=1111/m=11/d=11",)
    assert why in result.failed[path]
    assert f"  - {path}: " in str(result)


def test_a_partition_in_two_places(days: sa.Engine) -> None:
    register_table(DB, "days", f"{RAW}days", ["y", "m", "d"], engine=days)
    one, other = "y=1/m=1/d=1", "copy/y=1/m=1/d=1"
    result = add_partitions(DB, "days", [one, other], engine=days)
    assert result.added == (one,)
    assert "which came first" in result.failed[other]


def test_tables_that_take_no_partitions(days: sa.Engine) -> None:
    register_table(DB, "days", f"{RAW}days", engine=days)
    with pytest.raises(CatalogError, match=r"'days' .* has no partition columns"):
        add_partitions(DB, "days", ["y=1"], engine=days)
    with pytest.raises(TableNotFound, match="Did you mean 'days'"):
        add_partitions(DB, "day", ["y=1"], engine=days)
    with pytest.raises(CatalogError, match="Did you mean 'feature_store'"):
        add_partitions("feature_stor", "days", ["y=1"], engine=days)


# --- CSV and JSON --------------------------------------------------------------------------------


def test_plain_csv(engine: sa.Engine, glue: Any) -> None:
    head = b"Id;zip;amount;day;at;ok;name\n"
    put(engine, f"{RAW}csv/a.csv", head + b"1;0123;2;2026-11-22;2026-11-22 10:00:00;true;x\n")
    row = b"2;99999;2.5;2026-11-23;2026-11-23 10:00:00.5;FALSE;\n"
    put(engine, f"{RAW}csv/b.csv.gz", gzip.compress(head + row))
    result = register_table(DB, "csv", f"{RAW}csv", engine=engine)
    table = made(glue, "csv")
    assert columns(table) == result.columns
    assert result.columns == {
        "id": "bigint",
        "zip": "string",
        "amount": "double",
        "day": "date",
        "at": "timestamp",
        "ok": "boolean",
        "name": "string",
    }
    serde = table["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"].endswith("LazySimpleSerDe")
    assert serde["Parameters"]["field.delim"] == ";"
    assert table["Parameters"]["skip.header.line.count"] == "1"
    assert table["StorageDescriptor"]["InputFormat"].endswith("TextInputFormat")


def test_quoted_csv_takes_the_serde_that_knows_quotes(engine: sa.Engine, glue: Any) -> None:
    put(engine, f"{RAW}csv/a.csv", b'id,n,day,name\n1,,2026-11-22,"a, b"\n2,5,2026-11-22,c\n')
    register_table(DB, "csv", f"{RAW}csv", engine=engine)
    table = made(glue, "csv")
    serde = table["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"].endswith("OpenCSVSerde")
    assert serde["Parameters"]["separatorChar"] == ","
    # What OpenCSVSerde cannot read otherwise is text: dates, and numbers with gaps.
    assert columns(table) == {"id": "bigint", "n": "string", "day": "string", "name": "string"}


def test_json_lines(engine: sa.Engine, glue: Any) -> None:
    put(engine, f"{RAW}j/a.jsonl", b'{"Id":1,"n":{"a":[1],"at":"2026-11-22"}}\n{"Id":2}\n')
    put(engine, f"{RAW}j/b.json.gz", gzip.compress(b'{"Id":1.5,"n":{"b":true},"void":null}\n'))
    register_table(DB, "j", f"{RAW}j", engine=engine)
    table = made(glue, "j")
    assert columns(table) == {
        "id": "double",
        "n": "struct<a:array<bigint>,at:string,b:boolean>",
        "void": "string",
    }
    library = table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]
    assert library == "org.openx.data.jsonserde.JsonSerDe"
    assert table["StorageDescriptor"]["Compressed"]


def both_ways(sql: str, engine: sa.Engine) -> list[pd.DataFrame]:
    """A query's frame, read by pandas and by fsql."""
    return [pd.read_sql(sql, engine), fsql.read_sql(sql, engine)]


def test_registered_csv_is_read_through_sql(engine: sa.Engine) -> None:
    head = b"Id;amount;day;at;ok;name\n"
    put(
        engine,
        f"{RAW}csv/k=1/a.csv",
        head + b"1;2.5;2026-11-22;2026-11-22 10:00:00.25;true;\xc3\xa9\n",
    )
    put(engine, f"{RAW}csv/k=2/b.csv.gz", gzip.compress(head + b"2;;;;;\n"))
    register_table(DB, "csv", f"{RAW}csv", partition=["k"], engine=engine)
    for frame in both_ways("SELECT * FROM csv ORDER BY id", engine):
        first, second = frame.astype(object).to_dict("records")
        assert first == {
            "id": 1,
            "amount": 2.5,
            "day": dt.date(2026, 11, 22),
            "at": pd.Timestamp("2026-11-22 10:00:00.25"),
            "ok": True,
            "name": "é",
            "k": 1,
        }
        assert (second.pop("id"), second.pop("k")) == (2, 2)
        assert all(pd.isna(value) for value in second.values())
    table = fsql.read_arrow("SELECT * FROM csv", engine)
    types = [str(field.type) for field in table.schema]
    assert types == ["int64", "double", "date32[day]", "timestamp[us]", "bool", "string", "int32"]


def test_registered_quoted_csv_is_read_through_sql(engine: sa.Engine) -> None:
    put(engine, f"{RAW}csv/a.csv", b'id,n,name\n1,,"a, ""b"""\n2,5,c\n')
    register_table(DB, "csv", f"{RAW}csv", engine=engine)
    for frame in both_ways("SELECT * FROM csv ORDER BY id", engine):
        assert frame.to_dict("list") == {"id": [1, 2], "n": ["", "5"], "name": ['a, "b"', "c"]}


def test_registered_json_is_read_through_sql(engine: sa.Engine) -> None:
    lines = b'{"Id":1,"n":{"a":[1,null],"B":{"c":"x, {y=z}"}}}\n{"Id":2,"n":null}\n'
    put(engine, f"{RAW}j/a.jsonl", lines)
    put(engine, f"{RAW}j/b.json.gz", gzip.compress(b'{"Id":3,"n":{"a":[]}}\n'))
    register_table(DB, "j", f"{RAW}j", engine=engine)
    table = fsql.read_arrow("SELECT id, n FROM j ORDER BY id", engine)
    assert table.to_pylist() == [
        {"id": 1, "n": {"a": [1, None], "b": {"c": "x, {y=z}"}}},
        {"id": 2, "n": None},
        {"id": 3, "n": {"a": [], "b": None}},
    ]
    inner = pa.struct([("c", pa.string())])
    assert table.schema.field("n").type == pa.struct([("a", pa.list_(pa.int64())), ("b", inner)])
    for frame in both_ways("SELECT id, n.b.c AS c FROM j WHERE id = 1", engine):
        assert frame.to_dict("list") == {"id": [1], "c": ["x, {y=z}"]}


@pytest.mark.parametrize(
    ("files", "error", "said"),
    [
        ({"a.jsonl": b'{"x":1}\n', "b.jsonl": b'{"x":"y"}\n'}, InvalidData, "'x': is int64 in"),
        ({"a.json": b'[{"x":1}]'}, InvalidData, "no JSON lines"),
        ({"a.json": b'{\n"x": 1\n}'}, InvalidData, "no JSON lines"),
        ({"a.csv": b'x,y\n1,"a\nb"\n'}, InvalidData, "line breaks inside"),
        ({"a.csv": b"x,y\n", "b.csv": b"y,x\n"}, InvalidData, "b.csv. Athena reads CSV by"),
        ({"a.csv": b"x,X\n1,2\n"}, InvalidData, "twice"),
        ({"a.csv": b"x\n1\n", "b.jsonl": b"{}"}, ConfigError, "several formats: csv .*a.csv"),
        ({"a.xls": b"?"}, ConfigError, "a.xls has no known format"),
        ({"a.parquet": b"PAR1" + bytes(20)}, InvalidData, "a.parquet: Parquet magic"),
        ({"a.csv": b""}, StorageError, "holds no data"),
    ],
)
def test_files_that_are_no_table(
    engine: sa.Engine, files: dict[str, bytes], error: type[Exception], said: str
) -> None:
    for name, data in files.items():
        put(engine, f"{RAW}bad/{name}", data)
    with pytest.raises(error, match=said):
        register_table(DB, "bad", f"{RAW}bad", engine=engine)


def test_files_without_a_suffix(engine: sa.Engine) -> None:
    put(engine, f"{RAW}p/000000_0", events(1))
    assert register_table(DB, "p", f"{RAW}p", engine=engine).format == "parquet"
    put(engine, f"{RAW}o/part-0", b'{"x": 1}\n')
    assert register_table(DB, "o", f"{RAW}o", engine=engine).format == "json"


# --- names and places ----------------------------------------------------------------------------


def test_names_and_places(engine: sa.Engine) -> None:
    put(engine, f"{RAW}e/a.parquet", events(1))
    with pytest.raises(CatalogError, match=r"'feature_stor' does not exist\. Did you mean"):
        register_table("feature_stor", "e", f"{RAW}e", engine=engine)
    with pytest.raises(CatalogError, match="CREATE DATABASE"):
        register_table("zzz", "e", f"{RAW}e", engine=engine)
    with pytest.raises(InvalidName, match="lower-case"):
        register_table(DB, "My-Table", f"{RAW}e", engine=engine)
    with pytest.raises(StorageError, match="give the folder"):
        register_table(DB, "e", f"{RAW}e/a.parquet", engine=engine)
    with pytest.raises(StorageError, match="Expected s3://bucket/key"):
        register_table(DB, "e", "/some/folder", engine=engine)
    register_table(DB, "e", f"{RAW}e", engine=engine)
    with pytest.raises(TableExists, match="'e' already exists in database 'feature_store'"):
        register_table(DB, "e", f"{RAW}e", engine=engine)


def test_the_default_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"fsql:///{tmp_path / 'store'}"
    put(fsql.create_engine(url), f"{RAW}e/k=1/a.parquet", events(1))
    monkeypatch.setenv("FSQL_URL", url)
    register_table(DB, "e", f"{RAW}e", ["k"])
    assert add_partitions(DB, "e", ["k=2"], engine=url).added == ("k=2",)
    assert add_partitions(DB, "e", "k=3").added == ("k=3",)
