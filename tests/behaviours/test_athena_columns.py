"""ALTER TABLE on columns: of Hive tables in the catalog, of Iceberg tables by field id."""

from __future__ import annotations

import boto3
import pytest

from tests.behaviours.athena_client import AthenaClient


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client in a database with an Iceberg table of one row."""
    client = AthenaClient(aws, "db", f"s3://{bucket}/results/")
    client.run("CREATE DATABASE db")
    client.run(
        "CREATE TABLE t (id int, price float, amount decimal(5,2), note string, day date,"
        " point struct<x:int,y:int>, points array<struct<a:int>>, tags map<string,int>)"
        f" PARTITIONED BY (day) LOCATION 's3://{bucket}/t/'"
        " TBLPROPERTIES ('table_type'='iceberg')"
    )
    client.run(
        "INSERT INTO t VALUES (1, REAL '1.5', DECIMAL '1.25', 'n', DATE '2024-01-01',"
        " CAST(ROW(1, 2) AS row(x int, y int)),"
        " CAST(ARRAY[ROW(7)] AS array(row(a int))), MAP(ARRAY['k'], ARRAY[3]))"
    )
    return client


def described(athena: AthenaClient, table: str = "t") -> list[tuple[str, str]]:
    metadata = athena.client.get_table_metadata(
        CatalogName="AwsDataCatalog", DatabaseName="db", TableName=table
    )["TableMetadata"]
    return [(column["Name"], column["Type"]) for column in metadata["Columns"]]


def names(athena: AthenaClient) -> list[str]:
    return athena.run("SELECT * FROM t").names


# Iceberg


def test_a_dropped_column_is_gone_and_a_new_one_of_its_name_is_another(
    athena: AthenaClient,
) -> None:
    execution = athena.execute("ALTER TABLE t DROP COLUMN note")
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["StatementType"] == "DDL"
    assert "note" not in names(athena)
    assert ("note",) not in athena.rows("SHOW COLUMNS IN t")
    listed = "SELECT column_name FROM information_schema.columns WHERE table_name = 't'"
    assert ("note",) not in athena.rows(listed)
    athena.run("ALTER TABLE t ADD COLUMNS (note string)")
    assert athena.rows("SELECT id, note FROM t") == [("1", None)]


def test_a_renamed_column_keeps_its_values(athena: AthenaClient) -> None:
    athena.run("ALTER TABLE t CHANGE COLUMN note remark string COMMENT 'said'")
    assert athena.rows("SELECT remark FROM t") == [("n",)]
    assert ("remark", "string") in described(athena)
    assert "remark\tstring\tsaid" in [row[0] for row in athena.rows("DESCRIBE t")]


@pytest.mark.parametrize(
    ("column", "type_", "shown"),
    [("id", "bigint", "1"), ("price", "double", "1.5"), ("amount", "decimal(9,2)", "1.25")],
)
def test_types_are_widened(athena: AthenaClient, column: str, type_: str, shown: str) -> None:
    athena.run(f"ALTER TABLE t CHANGE {column} {column} {type_}")
    assert (column, type_) in described(athena)
    assert athena.rows(f"SELECT {column} FROM t") == [(shown,)]


def test_columns_are_moved(athena: AthenaClient) -> None:
    athena.run("ALTER TABLE t CHANGE COLUMN note note string FIRST")
    athena.run("ALTER TABLE t CHANGE COLUMN price cost float AFTER amount")
    assert names(athena)[:4] == ["note", "id", "amount", "cost"]
    assert athena.rows("SELECT note, id, amount, cost FROM t") == [("n", "1", "1.25", "1.5")]


def test_fields_of_structs_are_added_widened_and_dropped(athena: AthenaClient) -> None:
    athena.run("ALTER TABLE t CHANGE COLUMN point point struct<x:bigint,y:int,z:double>")
    assert athena.rows("SELECT point.x, point.y, point.z FROM t") == [("1", "2", None)]
    athena.run(
        "INSERT INTO t (id, point) VALUES (2,"
        " CAST(ROW(9999999999, 5, 6e0) AS row(x bigint, y int, z double)))"
    )
    assert athena.rows("SELECT point.x, point.z FROM t WHERE id = 2") == [("9999999999", "6.0")]
    athena.run("ALTER TABLE t CHANGE COLUMN point point struct<x:bigint,z:double>")
    assert athena.rows("SELECT point FROM t WHERE id = 2") == [("{x=9999999999, z=6.0}",)]


def test_structs_in_lists_and_values_of_maps_change(athena: AthenaClient) -> None:
    athena.run("ALTER TABLE t CHANGE COLUMN points points array<struct<a:int,b:string>>")
    athena.run("ALTER TABLE t CHANGE COLUMN tags tags map<string,bigint>")
    assert athena.rows("SELECT points[1].a, points[1].b, tags['k'] FROM t") == [("7", None, "3")]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CHANGE COLUMN nope x int", "Invalid column reference nope"),
        ("CHANGE COLUMN id note int", "Duplicate column name: note"),
        ("CHANGE COLUMN id id string", "Cannot change column id"),
        ("CHANGE COLUMN id id int AFTER nope", "Invalid column reference nope"),
        ("CHANGE COLUMN amount amount decimal(3,2)", "Cannot change column amount"),
        ("CHANGE COLUMN point point struct<x:int,z:int>", "two statements"),
        ("CHANGE COLUMN point point int", "Cannot change column point"),
        ("DROP COLUMN nope", "Invalid column reference nope"),
        ("DROP COLUMN day", "partition field: day"),
    ],
)
def test_what_can_not_be_changed_is_left_alone(
    athena: AthenaClient, statement: str, said: str
) -> None:
    before = described(athena)
    assert said in athena.reason(f"ALTER TABLE t {statement}")
    assert described(athena) == before
    assert athena.rows("SELECT id, note, point FROM t") == [("1", "n", "{x=1, y=2}")]


def test_the_only_column_stays(athena: AthenaClient, bucket: str) -> None:
    athena.run(
        f"CREATE TABLE one (a int) LOCATION 's3://{bucket}/one/'"
        " TBLPROPERTIES ('table_type'='iceberg')"
    )
    assert "only column" in athena.reason("ALTER TABLE one DROP COLUMN a")


# Hive


@pytest.fixture
def hive(athena: AthenaClient, bucket: str) -> AthenaClient:
    """With a Hive table of text."""
    body = b"1,one\n2,two\n"
    athena.session.client("s3").put_object(Bucket=bucket, Key="h/x.csv", Body=body)
    athena.run(
        "CREATE EXTERNAL TABLE h (a int, b string) PARTITIONED BY (p string)"
        f" ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://{bucket}/none/'"
    )
    athena.run(f"ALTER TABLE h ADD PARTITION (p = 'x') LOCATION 's3://{bucket}/h/'")
    return athena


def test_columns_of_a_hive_table_change_in_the_catalog(hive: AthenaClient) -> None:
    hive.run("ALTER TABLE h CHANGE COLUMN b text string COMMENT 'words'")
    assert hive.rows("SELECT a, text, p FROM h") == [("1", "one", "x"), ("2", "two", "x")]
    hive.run("ALTER TABLE h CHANGE a a bigint AFTER text")
    assert described(hive, "h") == [("text", "string"), ("a", "bigint")]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CHANGE COLUMN nope x int", "Invalid column reference nope"),
        ("CHANGE COLUMN a p int", "Duplicate column name: p"),
        ("DROP COLUMN a", "REPLACE COLUMNS"),
    ],
)
def test_what_hive_can_not_change(hive: AthenaClient, statement: str, said: str) -> None:
    assert said in hive.reason(f"ALTER TABLE h {statement}")
    assert described(hive, "h") == [("a", "int"), ("b", "string")]


def test_a_view_has_no_columns_to_change(athena: AthenaClient) -> None:
    athena.run("CREATE VIEW v AS SELECT 1 AS a")
    assert "view" in athena.reason("ALTER TABLE v DROP COLUMN a")
