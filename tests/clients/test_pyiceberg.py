"""pyiceberg's own Glue catalog; Athena reads and changes the same tables."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from pyathena import connect
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.types import LongType, StringType

from tests.benchmarks.served import STAGING, Endpoint

pytestmark = pytest.mark.slow

ROWS = pa.table(
    {
        "id": pa.array([1, 2], pa.int64()),
        "name": ["ann", "bob"],
        "at": pa.array([0, 86_400_000_000], pa.timestamp("us")),
    }
)


@pytest.fixture
def catalog(served: Endpoint, aws: Any) -> Any:
    """As users load it; pyarrow's S3 client takes its endpoint from `s3.endpoint` only."""
    made = load_catalog(
        "glue",
        **{
            "type": "glue",
            "warehouse": "s3://fsql-local/pyiceberg",
            "s3.endpoint": served.url,
            "s3.access-key-id": "local",
            "s3.secret-access-key": "local",
            "s3.region": "us-east-1",
        },
    )
    made.create_namespace_if_not_exists("iced", {"comment": "pyiceberg's"})
    return made


def rows(sql: str) -> list[Any]:
    with connect(s3_staging_dir=STAGING, schema_name="iced", poll_interval=0.02) as connection:
        return list(connection.cursor().execute(sql).fetchall())


def test_life_of_a_table(catalog: Any) -> None:
    table = catalog.create_table("iced.life", ROWS.schema)
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table("iced.life", ROWS.schema)
    table.append(ROWS)
    assert rows("SELECT id, name FROM life ORDER BY id") == [(1, "ann"), (2, "bob")]
    first = table.current_snapshot().snapshot_id
    table.overwrite(ROWS.slice(0, 1), "id = 2")
    assert rows("SELECT id FROM life") == [(1,), (1,)]
    table.delete("id = 1")
    assert rows("SELECT count(*) FROM life") == [(0,)]
    assert rows(f"SELECT id FROM life FOR VERSION AS OF {first} ORDER BY id") == [(1,), (2,)]
    assert table.scan(snapshot_id=first).to_arrow().num_rows == 2
    catalog.rename_table("iced.life", "iced.renamed")
    assert ("iced", "renamed") in catalog.list_tables("iced")
    catalog.drop_table("iced.renamed")
    with pytest.raises(NoSuchTableError):
        catalog.load_table("iced.renamed")


def test_a_schema_and_a_partitioning_that_change(catalog: Any) -> None:
    table = catalog.create_table("iced.changing", ROWS.schema)
    table.append(ROWS)
    with table.update_schema() as update:
        update.add_column("extra", LongType(), doc="new")
        update.rename_column("name", "title")
    with table.update_spec() as update:
        update.add_identity("id")
    wider = ROWS.rename_columns(["id", "title", "at"]).append_column("extra", pa.array([7, 8]))
    table.append(wider)
    assert rows("SELECT id, title, extra FROM changing ORDER BY extra, id") == [
        (1, "ann", 7),
        (2, "bob", 8),
        (1, "ann", None),
        (2, "bob", None),
    ]
    assert rows("SELECT extra FROM changing WHERE at >= TIMESTAMP '1970-01-02' ORDER BY 1") == [
        (8,),
        (None,),
    ]
    with table.update_schema() as update:
        update.delete_column("extra")
    assert rows("DESCRIBE changing")
    assert "extra" not in {name for name, *_ in rows("SHOW COLUMNS IN changing")}


def test_athena_and_pyiceberg_in_turns(catalog: Any) -> None:
    table = catalog.create_table("iced.turns", ROWS.schema)
    table.append(ROWS)
    rows("INSERT INTO turns VALUES (3, 'cem', TIMESTAMP '2024-01-01 00:00:00.123456')")
    rows("UPDATE turns SET name = 'BOB' WHERE id = 2")
    rows("DELETE FROM turns WHERE id = 1")
    read = table.refresh().scan().to_arrow().sort_by("id").select(["id", "name"])
    assert read.to_pylist() == [{"id": 2, "name": "BOB"}, {"id": 3, "name": "cem"}]
    table.append(ROWS.slice(0, 1))
    assert rows("SELECT count(*) FROM turns") == [(3,)]
    rows("ALTER TABLE turns ADD COLUMNS (note string)")
    assert table.refresh().schema().find_field("note").field_type == StringType()
    with table.transaction() as change:
        change.set_properties(owner="me")
    assert catalog.load_table("iced.turns").properties["owner"] == "me"


def test_writers_at_once(catalog: Any) -> None:
    catalog.create_table("iced.contended", ROWS.schema)

    def append(table: Any) -> bool:
        try:
            table.append(ROWS)
        except CommitFailedException:
            return False
        return True

    tables = [catalog.load_table("iced.contended") for _ in range(6)]
    with ThreadPoolExecutor(len(tables)) as threads:
        done = list(threads.map(append, tables))
    assert any(done)
    assert rows("SELECT count(*) FROM contended") == [(2 * sum(done),)]


def test_a_commit_on_what_another_changed(catalog: Any) -> None:
    table = catalog.create_table("iced.raced", ROWS.schema)
    table.append(ROWS)
    stale = catalog.load_table("iced.raced").transaction()
    stale.overwrite(ROWS.slice(0, 1))
    rows("INSERT INTO raced SELECT id + 10, name, at FROM raced")
    with pytest.raises((CommitFailedException, ValidationException)):
        stale.commit_transaction()
    assert rows("SELECT count(*) FROM raced") == [(4,)]


def test_a_table_that_athena_made(catalog: Any) -> None:
    rows(
        "CREATE TABLE made (id bigint, at timestamp) PARTITIONED BY (id)"
        " LOCATION 's3://fsql-local/pyiceberg/made/' TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    table = catalog.load_table("iced.made")
    table.append(ROWS.select(["id", "at"]))
    assert len({task.file.file_path for task in table.scan().plan_files()}) == 2
    asked = time.time()
    rows("INSERT INTO made SELECT id + 10, at FROM made")
    assert sorted(table.refresh().scan().to_arrow()["id"].to_pylist()) == [1, 2, 11, 12]
    assert table.current_snapshot().timestamp_ms / 1000 >= asked - 1
    catalog.drop_table("iced.made")
    with pytest.raises(Exception, match="TABLE_NOT_FOUND"):
        rows("SELECT * FROM made")
