"""Tables put straight into Glue: hostile locations, names, values and views."""

from __future__ import annotations

import base64
import gzip
import io
import json
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.security.place import BUCKET, DATABASE, SECRET, Place

OUTSIDE = [
    "{folder}/",
    "file://{folder}/",
    "file:///{folder}/secret.csv",
    "s3://../",
    "s3://..%2f/",
    "s3://fsql-local/../../../",
    "s3://fsql-local/%2e%2e/%2e%2e/%2e%2e/",
    "s3://fsql-local//{folder}/",
    "s3:///{folder}/",
    "s3a://../../",
    "S3://fsql-local/..\\..\\..\\",
    "s3://fsql-local@../../../",
    "hdfs://x/",
    "http://127.0.0.1:1/",
    "'; SELECT 1 --",
    "s3://fsql-local/a'b\"c\\d*?[e]{f}\n/",
    "s3://fsql-local/x\x00y/",
    "",
]
SYMLINKS = "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"
HOSTILE = [
    "it's",
    "'; DROP TABLE x; --",
    '"; SELECT 1; --',
    "a\\",
    "\\'",
    "a\nb",
    "tab\there",
    "\x00",
    "x\x00' || (SELECT 1) || '",
    "{0} {1} @x <sum(1)>",
    "%s %d {}",
    "${{x}} $1 $$a$$",
    "\u202eevil\u202c",
    "\uff33\uff25\uff2c\uff07",
    "é\u0301\u200b\ufeff",
    "\U0001f600",
    "') FROM read_text('/etc/hostname') --",
    "*/ /* -- #",
    "..",
    "a/../../b",
    "x=y/z=w",
    "__HIVE_DEFAULT_PARTITION__'",
]


def parquet(**columns: list[Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


@pytest.mark.parametrize("location", OUTSIDE)
@pytest.mark.parametrize("kind", ["data", "partition", "symlink", "symlinked"])
def test_locations_outside(attacked: Place, location: str, kind: str) -> None:
    where = location.format(folder=attacked.folder) if "{folder}" in location else location
    table = attacked.table("t", Location=where)
    if kind == "partition":
        table["StorageDescriptor"]["Location"] = "s3://fsql-local/t/"
        table["PartitionKeys"] = [{"Name": "p", "Type": "string"}]
    if kind.startswith("symlink"):
        table["StorageDescriptor"]["InputFormat"] = SYMLINKS
    if kind == "symlinked":
        attacked.put("t/links", f"{where}secret.csv\n{where}\n{attacked.secret}\n")
        table["StorageDescriptor"]["Location"] = "s3://fsql-local/t/"
    try:
        attacked.create(table)
        if kind == "partition":
            part = {**table["StorageDescriptor"], "Location": where}
            attacked.glue.create_partition(
                DatabaseName=DATABASE,
                TableName="t",
                PartitionInput={"Values": ["x"], "StorageDescriptor": part},
            )
    except ClientError as error:  # Glue itself takes no such text
        told = error.response["Error"]["Code"]
    else:
        told = ""
    assert told in ("", "ValidationException")
    for sql in ("SELECT * FROM t", 'SELECT a, "$path" FROM t', "SHOW CREATE TABLE t"):
        attacked.ask(sql)
    attacked.ask("INSERT INTO t VALUES ('x', 1)" if kind == "data" else "MSCK REPAIR TABLE t")
    attacked.ask("DROP TABLE t")
    assert not list((attacked.folder / "elsewhere").iterdir())
    attacked.s3.delete_object(Bucket=BUCKET, Key="t/links")


def iceberg(attacked: Place, change: Callable[[str], str]) -> str:
    """Make an Iceberg table and put it into the catalog with its metadata changed; the answer."""
    attacked.ask("DROP TABLE ice")
    made = attacked.ask(
        "CREATE TABLE ice WITH (table_type = 'ICEBERG', is_external = false,"
        " location = 's3://fsql-local/ice/') AS SELECT 'mine' AS a"
    )
    assert made == [], made
    table = attacked.glue.get_table(DatabaseName=DATABASE, Name="ice")["Table"]
    location = table["Parameters"]["metadata_location"]
    key = location.removeprefix("s3://fsql-local/")
    text = attacked.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    changed = attacked.put(f"ice/metadata/{uuid.uuid4()}.metadata.json", change(text))
    hostile = attacked.table("hostile")
    hostile["Parameters"] = {"table_type": "ICEBERG", "metadata_location": changed}
    attacked.create(hostile)
    for sql in (
        'SELECT * FROM "hostile$files"',
        'SELECT * FROM "hostile$snapshots"',
        "DESCRIBE hostile",
    ):
        attacked.ask(sql)
    told = attacked.ask("SELECT * FROM hostile")
    for sql in ("INSERT INTO hostile VALUES ('x')", "DELETE FROM hostile", "VACUUM hostile"):
        attacked.ask(sql)
    return told if isinstance(told, str) else str(told)


@pytest.mark.parametrize(
    "where", ["file://{secret}", "{secret}", "s3://../../secret.csv", "s3://x"]
)
def test_metadata_that_names_files_outside(attacked: Place, where: str) -> None:
    outside = where.format(secret=attacked.secret)

    def change(text: str) -> str:
        metadata = json.loads(text)
        for snapshot in metadata["snapshots"]:
            snapshot["manifest-list"] = outside
        metadata["location"] = outside
        return json.dumps(metadata)

    assert "mine" not in iceberg(attacked, change)
    table = attacked.table("hostile")
    table["Parameters"] = {"table_type": "ICEBERG", "metadata_location": outside}
    attacked.create(table)
    assert isinstance(attacked.ask("SELECT * FROM hostile"), str)
    assert not list((attacked.folder / "elsewhere").iterdir())


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "[" * 100_000,
        lambda text: text.replace('"string"', '"list<' * 50 + "string" + '>"' * 50),
        lambda text: text.replace('"a"', '"a\\"; DROP--"'),
        lambda text: text.replace('"format-version": 2', '"format-version": 99'),
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"last-column-id"', '"x"'),
        lambda text: "null",
    ],
    ids=range(8),
)
def test_metadata_that_is_none(attacked: Place, change: Callable[[str], str]) -> None:
    iceberg(attacked, change)


def rewritten(avro: bytes, old: bytes, new: bytes) -> bytes:
    """An Avro file with its one block's bytes changed to as many others."""
    sync = avro[-16:]
    head, _, rest = avro.partition(sync)
    block = rest.removesuffix(sync)
    at = 0
    for _ in ("count", "size"):
        while block[at] & 0x80:
            at += 1
        at += 1
    data = zlib.decompress(block[at:], wbits=-15)
    assert old in data
    assert len(old) == len(new)
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(data.replace(old, new)) + packer.flush()
    count = block[: next(i for i, byte in enumerate(block) if not byte & 0x80) + 1]
    return head + sync + count + _long(len(packed)) + packed + sync


def _long(value: int) -> bytes:
    value, found = value << 1, bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def test_manifests_that_name_files_outside(attacked: Place) -> None:
    assert "mine" in iceberg(attacked, str)
    pq.write_table(pa.table({"a": [SECRET]}), attacked.folder / "store/canary")
    for number, start in enumerate(
        [f"{attacked.folder}/store/", "s3://../", "file://", "s3://x/../"]
    ):
        attacked.ask("DROP TABLE ice")
        attacked.ask(
            "CREATE TABLE ice WITH (table_type = 'ICEBERG', is_external = false,"
            f" location = 's3://fsql-local/ice{number}/') AS SELECT 'mine' AS a"
        )
        root = attacked.folder / f"store/s3/fsql-local/ice{number}"
        data = next(root.rglob("*.parquet"))
        uri = f"s3://fsql-local/{data.relative_to(root.parent)}"
        outside = start + "./" * ((len(uri) - len(start) - 6) // 2)
        outside = (outside + "/" * len(uri))[: len(uri) - 6] + "canary"
        for manifest in root.glob("metadata/*.avro"):
            if not manifest.name.startswith("snap-"):
                changed = rewritten(manifest.read_bytes(), uri.encode(), outside.encode())
                manifest.write_bytes(changed)
        attacked.ask("OPTIMIZE ice REWRITE DATA USING BIN_PACK")
        for sql in ("SELECT * FROM ice", "UPDATE ice SET a = 'x'"):
            told = attacked.ask(sql)
            assert isinstance(told, str), (sql, told)
        attacked.ask('SELECT * FROM "ice$files"')


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_values_are_no_sql(attacked: Place, text: str) -> None:
    attacked.put("plain/x.parquet", parquet(a=[text], b=[1]))
    table = attacked.table("plain")
    serde = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
    table["StorageDescriptor"] |= {"SerdeInfo": serde, "Location": "s3://fsql-local/plain/"}
    if text.replace("\u202e", "").replace("\u202c", "").isprintable():  # or else Glue takes none
        table["StorageDescriptor"]["Columns"][0]["Comment"] = text
        table["Parameters"] = {"comment": text, text: text}
    table["PartitionKeys"] = [{"Name": "p", "Type": "string"}]
    attacked.create(table)
    part = {"Values": [text], "StorageDescriptor": table["StorageDescriptor"]}
    attacked.glue.create_partition(DatabaseName=DATABASE, TableName="plain", PartitionInput=part)
    assert attacked.ask("SELECT a, p FROM plain") == [["a", "p"], [text, text]]
    quoted = text.replace("'", "''")
    found = attacked.ask(f"SELECT a FROM plain WHERE a = '{quoted}' AND p = '{quoted}'")
    assert found == [["a"], [text]]
    more = attacked.ask("SELECT a FROM plain WHERE p = ?", ExecutionParameters=[f"'{quoted}'"])
    assert more == [["a"], [text]]
    for sql in ("SHOW PARTITIONS plain", "SHOW TBLPROPERTIES plain", "SHOW CREATE TABLE plain"):
        assert isinstance(attacked.ask(sql), list)
    assert isinstance(attacked.ask(f"SELECT CAST('{quoted}' AS bigint)"), str)
    array = f"SELECT array_agg('{quoted}'), max_by('{quoted}', 1), histogram('{quoted}')"
    assert isinstance(attacked.ask(array), list)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_things_are_no_sql(attacked: Place, text: str) -> None:
    name = text.replace('"', '""')
    low = text.lower()
    assert attacked.ask(f'SELECT x."{name}" FROM (SELECT 1 AS "{name}") x') == [[text], ["1"]]
    row = f'SELECT CAST(ROW(1) AS ROW("{name}" bigint))."{name}"'
    assert isinstance(attacked.ask(row), list)
    table = attacked.table("named")
    table["StorageDescriptor"]["Columns"][0]["Name"] = text
    table["StorageDescriptor"]["Columns"][1]["Type"] = f"struct<`{text}`:int>"
    attacked.put("named/x.csv", "v,1\n")
    if any(letter in text for letter in "\x00\n"):
        with pytest.raises(ClientError, match="ValidationException"):
            attacked.create(table)
    else:
        attacked.create(table)
    told = attacked.ask("SELECT * FROM named")
    assert isinstance(told, str) or told[0][0] == low
    attacked.ask(f'SELECT "{name}" FROM "{name}"."{name}"')
    attacked.ask(f"SHOW TABLES IN `{text.replace('`', '``')}`")
    attacked.ask(f"CREATE DATABASE `{text}`")
    attacked.ask(f"DROP DATABASE `{text}`")


VIEWS = [
    "SELECT * FROM read_text('{secret}')",
    "SELECT content AS a FROM read_csv('{secret}')",
    "SELECT 1 AS a; COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "SET lock_configuration = false",
    "SELECT * FROM hostile_view",
    "(" * 5000 + "SELECT 1" + ")" * 5000,
    "",
    "\x00",
]


@pytest.mark.parametrize("sql", VIEWS, ids=range(len(VIEWS)))
def test_views_stored_straight_in_the_catalog(attacked: Place, sql: str) -> None:
    view = {
        "originalSql": sql.format(secret=attacked.secret, folder=attacked.folder),
        "catalog": "awsdatacatalog",
        "schema": DATABASE,
        "columns": [{"name": "a", "type": "varchar"}],
    }
    text = base64.b64encode(json.dumps(view).encode()).decode()
    hostile = attacked.table("hostile_view")
    hostile |= {"TableType": "VIRTUAL_VIEW", "ViewOriginalText": f"/* Presto View: {text} */"}
    attacked.create(hostile)
    assert isinstance(attacked.ask("SELECT * FROM hostile_view"), str)
    attacked.ask("SHOW CREATE VIEW hostile_view")
    for bad in ("/* Presto View: !! */", "/* Presto View: W10= */", "SELECT 1", "/* Presto View: "):
        attacked.create(hostile | {"ViewOriginalText": bad})
        assert isinstance(attacked.ask("SELECT * FROM hostile_view"), str)


OPEN = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
SERDES = [
    (OPEN, {"separatorChar": "'", "quoteChar": "\\"}),
    (OPEN, {"separatorChar": "]", "quoteChar": "^"}),
    (OPEN, {"separatorChar": "\x00", "escapeChar": ""}),
    (LAZY, {"field.delim": "', header=true, x='"}),
    (LAZY, {"field.delim": "(a+)+", "escape.delim": "'"}),
    (LAZY, {"serialization.null.format": "'||(SELECT 1)||'"}),
    (LAZY, {"skip.header.line.count": "9" * 20}),
    (LAZY, {"skip.header.line.count": "1, x=1"}),
    (LAZY, {"timestamp.formats": "'||1||'"}),
    ("org.openx.data.jsonserde.JsonSerDe", {"mapping.a": "'||(SELECT 1)||'", "paths": "$'"}),
    ("org.apache.hadoop.hive.serde2.RegexSerDe", {"input.regex": "(a+)+$"}),
    ("com.amazonaws.glue.serde.GrokSerDe", {"input.format": "%{x}"}),
    ("'; DROP", {"'": "'"}),
]  # fmt: skip


@pytest.mark.parametrize(("serde", "parameters"), SERDES)
def test_serdes(attacked: Place, serde: str, parameters: dict[str, str]) -> None:
    attacked.put("serde/x", 'v,1\n{"a": "v"}\n' + "a" * 100_000 + "!\n")
    info = {"SerializationLibrary": serde, "Parameters": parameters}
    attacked.create(attacked.table("serde", SerdeInfo=info))
    attacked.ask("SELECT * FROM serde")
    attacked.ask("SHOW CREATE TABLE serde")


def test_projections(attacked: Place) -> None:
    table = attacked.table("projected")
    table["PartitionKeys"] = [{"Name": "p", "Type": "string"}]
    for template in (
        "s3://../${p}/",
        f"file://{attacked.folder}/${{p}}/",
        "(a+)+${p}",
        "${p",
    ):
        for own in ({"type": "enum", "values": "..,../..,secret.csv"}, {"type": "injected"}):
            table["Parameters"] = {
                "projection.enabled": "true",
                "storage.location.template": template,
                **{f"projection.p.{name}": value for name, value in own.items()},
            }
            attacked.create(table)
            told = attacked.ask("SELECT * FROM projected WHERE p = '..'")
            assert isinstance(told, str) or len(told) == 1
    numbers = {"type": "integer", "range": "0,99999999999999999999", "digits": "999999999"}
    table["Parameters"] = {f"projection.p.{name}": value for name, value in numbers.items()}
    table["Parameters"]["projection.enabled"] = "true"
    attacked.put("projected/p=1/x", "v,1\n")
    attacked.create(table)
    attacked.ask("SELECT * FROM projected")


def test_damaged_files(attacked: Place) -> None:
    table = attacked.table("damaged")
    serde = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
    table["StorageDescriptor"]["SerdeInfo"] = serde
    attacked.create(table)
    good = parquet(a=["x"] * 100, b=list(range(100)))
    for start in range(4, len(good) - 8, 23):
        attacked.put("damaged/x", good[:start] + b"\xff\x7f\x00" + good[start + 3 :])
        attacked.ask("SELECT * FROM damaged")
    for bad in (b"PAR1", b"PAR1PAR1", b"\x00" * 100, good[:-8] + b"\xff\xff\xff\x7fPAR1", b"x"):
        attacked.put("damaged/x", bad)
        assert isinstance(attacked.ask("SELECT * FROM damaged"), str)


def test_gzip_that_is_none(attacked: Place) -> None:
    attacked.create(attacked.table("zipped"))
    whole = gzip.compress(b"v,1\n" * 1000)
    for body in (b"x", whole[:50], whole[:-4], whole + b"junk"):
        attacked.put("zipped/x.gz", body)
        attacked.ask("SELECT count(*) FROM zipped")
