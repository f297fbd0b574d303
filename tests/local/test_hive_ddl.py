"""Hive DDL: formats of external tables, their columns, partitions and places."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tests.local.hive_store import BUCKET, DB, SYMLINKS, TEXT_OUTPUT, HiveStore

DELIMITED = r"""ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' ESCAPED BY '\\'
    COLLECTION ITEMS TERMINATED BY '|' MAP KEYS TERMINATED BY '\003'
    LINES TERMINATED BY '\n' NULL DEFINED AS ''"""
OPENCSV = r"""ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
    WITH SERDEPROPERTIES ('separatorChar' = ';', 'quoteChar' = '\'', 'escapeChar' = '\\')
    STORED AS TEXTFILE"""
OPENX = """ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
    WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true')"""
SYMLINK = f"""ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
    STORED AS INPUTFORMAT '{SYMLINKS}' OUTPUTFORMAT '{TEXT_OUTPUT}'"""


def storage(hive: HiveStore, name: str = "t") -> dict[str, Any]:
    table = hive.glue.get_table(DatabaseName=DB, Name=name)["Table"]
    found: dict[str, Any] = table["StorageDescriptor"]
    return found


def create(hive: HiveStore, columns: str, clauses: str, rest: str = "") -> None:
    hive.rows(f"CREATE EXTERNAL TABLE t ({columns}) {clauses} LOCATION 's3://{BUCKET}/t/' {rest}")


@pytest.mark.parametrize("clauses", [DELIMITED, OPENCSV, OPENX, SYMLINK, "STORED AS JSONFILE", ""])
def test_show_create_table_makes_the_same_table(hive: HiveStore, clauses: str) -> None:
    rest = "TBLPROPERTIES ('skip.header.line.count'='1', 'k'='a\\\\b')"
    more = f"COMMENT 'x' PARTITIONED BY (p int) {clauses}"
    create(hive, "a int COMMENT 'it\\'s', b string", more, rest)
    first = hive.glue.get_table(DatabaseName=DB, Name="t")["Table"]
    shown = "\n".join(str(line) for (line,) in hive.rows("SHOW CREATE TABLE t"))
    hive.rows("DROP TABLE t")
    hive.rows(shown.replace(f"`{DB}.t`", "`t`"))
    second = hive.glue.get_table(DatabaseName=DB, Name="t")["Table"]
    for kept in ("StorageDescriptor", "PartitionKeys", "Parameters", "TableType"):
        assert first[kept] == second[kept]


def test_clauses_become_glue_s_words(hive: HiveStore) -> None:
    create(hive, "a int", DELIMITED)
    assert storage(hive)["SerdeInfo"] == {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {
            "field.delim": "\t",
            "serialization.format": "\t",
            "escape.delim": "\\",
            "collection.delim": "|",
            "mapkey.delim": "\x03",
            "line.delim": "\n",
            "serialization.null.format": "",
        },
    }
    hive.rows("DROP TABLE t")
    create(hive, "a int", SYMLINK)
    assert storage(hive)["InputFormat"] == SYMLINKS
    assert storage(hive)["OutputFormat"] == TEXT_OUTPUT
    hive.rows("DROP TABLE t")
    create(hive, "a int", "STORED AS PARQUET")
    assert storage(hive)["InputFormat"].endswith("MapredParquetInputFormat")
    hive.rows("DROP TABLE t")
    with_serde = SYMLINK[: SYMLINK.index("STORED")]
    create(hive, "a int", with_serde)
    assert storage(hive)["InputFormat"].endswith("MapredParquetInputFormat")
    assert "STORED AS NONSENSE is not supported" in hive.fails(
        f"CREATE EXTERNAL TABLE x (a int) STORED AS NONSENSE LOCATION 's3://{BUCKET}/x/'"
    )


def test_tables_of_text_made_and_read_in_sql(hive: HiveStore) -> None:
    hive.put("t/a.csv", "a;b\n'1';'x;y'\n")
    create(hive, "a int, b string", OPENCSV, "TBLPROPERTIES ('skip.header.line.count'='1')")
    assert hive.rows("SELECT a, b FROM t") == [(1, "x;y")]
    assert "runs on AWS only" in hive.fails("INSERT INTO t VALUES (2, 'z')")
    hive.rows("DROP TABLE t")
    hive.put("t/a.csv", "1\tx\\\ty\t1|2\tk\x035\n")
    create(hive, "a int, b string, c array<int>, d map<string,int>", DELIMITED)
    assert hive.rows("SELECT * FROM t") == [(1, "x\ty", [1, 2], {"k": 5})]


# --- Columns and places --------------------------------------------------------------------------


def test_columns_are_added_and_replaced(hive: HiveStore) -> None:
    hive.put("t/a.parquet", pa.table({"a": [1], "b": ["x"], "c": [0.5]}))
    create(hive, "a bigint", "STORED AS PARQUET")
    hive.rows("ALTER TABLE t ADD COLUMNS (b string COMMENT 'the b', d int)")
    assert hive.rows("SELECT * FROM t") == [(1, "x", None)]
    assert storage(hive)["Columns"][1] == {"Name": "b", "Type": "string", "Comment": "the b"}
    hive.rows("ALTER TABLE t REPLACE COLUMNS (c double, a int)")
    assert hive.rows("SELECT * FROM t") == [(0.5, 1)]
    assert "Duplicate column name: a" in hive.fails("ALTER TABLE t ADD COLUMNS (a int)")
    assert "nonsense" in hive.fails("ALTER TABLE t ADD COLUMNS (e nonsense)")
    assert "Table not found" in hive.fails("ALTER TABLE nope ADD COLUMNS (e int)")
    hive.rows("CREATE VIEW v AS SELECT 1 AS a")
    assert "is a view" in hive.fails("ALTER TABLE v ADD COLUMNS (e int)")
    hive.rows("DROP VIEW v")


def test_columns_are_added_to_an_iceberg_table(hive: HiveStore) -> None:
    hive.rows(
        f"CREATE TABLE t (a bigint) LOCATION 's3://{BUCKET}/t'"
        " TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    hive.rows("INSERT INTO t VALUES (1)")
    hive.rows("ALTER TABLE t ADD COLUMNS (b string, c struct<x:int,y:array<string>>)")
    assert hive.rows("SELECT a, b, c.x FROM t") == [(1, None, None)]
    hive.rows("INSERT INTO t VALUES (2, 'x', ROW(3, ARRAY['y']))")
    assert hive.rows("SELECT a, b, c.y[1] FROM t WHERE b = 'x'") == [(2, "x", "y")]
    assert "not supported" in hive.fails("ALTER TABLE t REPLACE COLUMNS (a bigint)")
    assert "not supported" in hive.fails(f"ALTER TABLE t SET LOCATION 's3://{BUCKET}/u'")


def test_tables_and_partitions_move(hive: HiveStore) -> None:
    hive.put("t/a.parquet", pa.table({"a": [1]}))
    hive.put("u/a.parquet", pa.table({"a": [2]}))
    create(hive, "a bigint", "STORED AS PARQUET")
    hive.rows(f"ALTER TABLE t SET LOCATION 's3://{BUCKET}/u/'")
    assert hive.rows("SELECT a FROM t") == [(2,)]
    assert "no scheme" in hive.fails("ALTER TABLE t SET LOCATION '/u'")
    hive.rows("DROP TABLE t")
    create(hive, "a bigint", "PARTITIONED BY (p int, q string) STORED AS PARQUET")
    hive.rows(f"ALTER TABLE t ADD PARTITION (p=1, q='x') LOCATION 's3://{BUCKET}/nowhere/'")
    assert hive.rows("SELECT count(*) AS n FROM t") == [(0,)]
    hive.rows(f"ALTER TABLE t PARTITION (p=1, q='x') SET LOCATION 's3://{BUCKET}/u/'")
    assert hive.rows("SELECT * FROM t") == [(2, 1, "x")]
    hive.rows("ALTER TABLE t PARTITION (p=1, q='x') RENAME TO PARTITION (p=7, q='y')")
    assert hive.rows("SELECT * FROM t") == [(2, 7, "y")]
    hive.rows(f"ALTER TABLE t ADD PARTITION (p=8, q='y') LOCATION 's3://{BUCKET}/t/'")
    assert "already exists" in hive.fails(
        "ALTER TABLE t PARTITION (p=8, q='y') RENAME TO PARTITION (p=7, q='y')"
    )
    assert "not found" in hive.fails(
        "ALTER TABLE t PARTITION (p=9, q='y') RENAME TO PARTITION (p=7, q='z')"
    )
    assert "does not match" in hive.fails(
        f"ALTER TABLE t PARTITION (p=9) SET LOCATION 's3://{BUCKET}/x'"
    )
    hive.rows("ALTER TABLE t DROP PARTITION (p=8, q='y'), PARTITION (p=7, q='y')")
    assert hive.rows("SHOW PARTITIONS t") == []


def test_repair_finds_folders_of_any_format(hive: HiveStore) -> None:
    for day in (1, 2):
        hive.put(f"t/d={day}/a.json", f'{{"a": {day}}}')
    create(hive, "a int", f"PARTITIONED BY (d int) {OPENX}")
    hive.rows("MSCK REPAIR TABLE t")
    assert hive.rows("SELECT a, d FROM t ORDER BY a") == [(1, 1), (2, 2)]
    hive.rows("MSCK REPAIR TABLE t")
    assert hive.rows("SELECT count(*) AS n FROM t") == [(2,)]
