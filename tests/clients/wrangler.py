"""What awswrangler does to ``fsql serve``, in awswrangler's own environment.

``python -m tests.clients.wrangler`` runs each scenario and prints what became of it, a line of
JSON each.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import awswrangler as wr
import pandas as pd

DATABASE = "wrangler"
FOLDER = "s3://fsql-local/wrangler"
STAGING = "s3://fsql-local/athena/"

SCENARIOS: dict[str, Callable[[], None]] = {}

FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3],
        "name": ["ann", None, 'o\'hara, "kim"'],
        "amount": [Decimal("1.50"), Decimal("-2.25"), None],
        "ok": pd.array([True, None, False], dtype="boolean"),
        "at": pd.to_datetime(
            pd.Series(["2024-01-01 01:02:03.456", None, "2024-01-03 00:00:00.000"])
        ),
        "day": [date(2024, 1, 1), date(2024, 1, 2), None],
        "raw": [b"\x00\xff", None, b""],
        "tags": [["a", "b"], [], None],
    }
)


def scenario(work: Callable[[], None]) -> Callable[[], None]:
    SCENARIOS[work.__name__] = work
    return work


def query(sql: str, **options: Any) -> Any:
    return wr.athena.read_sql_query(sql, **{"database": DATABASE, "s3_output": STAGING, **options})


def store(frame: pd.DataFrame, table: str, mode: str = "overwrite", **options: Any) -> None:
    wr.s3.to_parquet(
        frame,
        path=f"{FOLDER}/{table}/",
        dataset=True,
        database=DATABASE,
        table=table,
        mode=mode,
        **options,
    )


def ids(table: str) -> list[int]:
    sql = f"SELECT id FROM {table} ORDER BY id"
    return [int(x) for x in query(sql, ctas_approach=False)["id"]]


@scenario
def three_ways_of_reading() -> None:
    store(FRAME, "every")
    ways: list[dict[str, Any]] = [
        {"ctas_approach": True},
        {
            "ctas_approach": False,
            "unload_approach": True,
            "s3_output": f"{FOLDER}/unload/",  # which must be empty
        },
        {"ctas_approach": False, "unload_approach": False},
    ]
    columns = "id, name, amount, ok, at, day, raw"
    for way in ways:
        read = query(f"SELECT {columns} FROM every ORDER BY id", **way)
        assert list(read["id"]) == [1, 2, 3], (way, read)
        assert read["name"][0] == "ann", (way, read)
        assert pd.isna(read["name"][1]), (way, read)
        assert read["name"][2] == 'o\'hara, "kim"', (way, read)
        assert list(read["amount"])[:2] == [Decimal("1.50"), Decimal("-2.25")], (way, read)
        assert read["at"][0] == datetime(2024, 1, 1, 1, 2, 3, 456000), (way, read)
        assert read["day"][0] == date(2024, 1, 1), (way, read)
        if way != ways[2]:  # it takes the text of binary for its bytes
            assert read["raw"][0] == b"\x00\xff", (way, read)
        assert list(read["ok"].fillna(False)) == [True, False, False], (way, read)
    nested = query("SELECT tags FROM every ORDER BY id", ctas_approach=True)
    assert [None if x is None else list(x) for x in nested["tags"]] == [["a", "b"], [], None]


@scenario
def reading_in_chunks() -> None:
    store(pd.DataFrame({"id": range(2500)}), "many")
    for ctas in (True, False):
        chunks = list(query("SELECT id FROM many", ctas_approach=ctas, chunksize=1000))
        assert sum(map(len, chunks)) == 2500, (ctas, [len(chunk) for chunk in chunks])
        assert len(chunks) >= 3, (ctas, [len(chunk) for chunk in chunks])


@scenario
def parameters_and_empty_results() -> None:
    store(FRAME, "given")
    named = query(
        "SELECT id FROM given WHERE name = :name",
        params={"name": 'o\'hara, "kim"'},
        paramstyle="named",
    )
    assert list(named["id"]) == [3]
    marked = query("SELECT id FROM given WHERE id > ?", params=["1"], paramstyle="qmark")
    assert sorted(marked["id"]) == [2, 3]
    for ctas in (True, False):
        empty = query("SELECT id, name FROM given WHERE id < 0", ctas_approach=ctas)
        assert list(empty.columns) == ["id", "name"], (ctas, empty)
        assert empty.empty
    cached: dict[str, Any] = {
        "athena_cache_settings": {"max_cache_seconds": 900},
        "ctas_approach": False,
    }
    once = query("SELECT max(id) AS id FROM given", **cached)
    again = query("SELECT max(id) AS id FROM given", **cached)
    assert once.query_metadata["QueryExecutionId"] == again.query_metadata["QueryExecutionId"]


@scenario
def datasets_with_a_catalog() -> None:
    frame = pd.DataFrame({"id": [1, 2], "p": ["a", "b"]})
    options: dict[str, Any] = {"partition_cols": ["p"], "dtype": {"id": "bigint"}}
    store(frame, "parts", **options)
    store(pd.DataFrame({"id": [3], "p": ["b"]}), "parts", "append", **options)
    assert ids("parts") == [1, 2, 3]
    store(pd.DataFrame({"id": [4], "p": ["b"]}), "parts", "overwrite_partitions", **options)
    assert ids("parts") == [1, 4]
    # A new column joins the table with the rows that have it.
    store(pd.DataFrame({"id": [5], "extra": [1.5], "p": ["c"]}), "parts", "append", **options)
    assert ids("parts") == [1, 4, 5]
    read = wr.s3.read_parquet_table(table="parts", database=DATABASE, validate_schema=False)
    assert sorted(read["id"]) == [1, 4, 5]
    only = wr.s3.read_parquet_table(
        table="parts", database=DATABASE, partition_filter=lambda values: values["p"] == "c"
    )
    assert list(only["extra"]) == [1.5]
    store(frame, "parts", **options)
    assert ids("parts") == [1, 2]
    store(frame, "buckets", bucketing_info=(["id"], 2))
    assert ids("buckets") == [1, 2]
    table = next(t for t in wr.catalog.get_tables(database=DATABASE, name_contains="buckets"))
    assert table["StorageDescriptor"]["NumberOfBuckets"] == 2


@scenario
def text_with_a_catalog() -> None:
    frame = pd.DataFrame({"id": [1, 2], "name": ["a", "b c"]})
    common = {"dataset": True, "database": DATABASE, "index": False}
    wr.s3.to_csv(frame, f"{FOLDER}/csvs/", table="csvs", mode="overwrite", **common)
    wr.s3.to_json(
        frame,
        f"{FOLDER}/jsons/",
        table="jsons",
        mode="overwrite",
        dataset=True,
        database=DATABASE,
        orient="records",
        lines=True,
        index=False,
    )
    for table in ("csvs", "jsons"):
        read = query(f"SELECT id, name FROM {table} ORDER BY id", ctas_approach=False)
        assert read.to_dict("list") == {"id": [1, 2], "name": ["a", "b c"]}, (table, read)


@scenario
def catalog_functions() -> None:
    store(
        pd.DataFrame({"id": [1], "v": [0.5], "p": [1]}),
        "described",
        partition_cols=["p"],
        glue_table_settings={
            "description": "A table.",
            "parameters": {"owner": "me"},
            "columns_comments": {"id": "its number"},
        },
    )
    assert wr.catalog.does_table_exist(DATABASE, "described")
    assert not wr.catalog.does_table_exist(DATABASE, "nowhere")
    assert DATABASE in [x["Name"] for x in wr.catalog.get_databases()]
    assert DATABASE in list(wr.catalog.databases(limit=100)["Database"])
    types = {"id": "bigint", "v": "double", "p": "bigint"}
    assert wr.catalog.get_table_types(DATABASE, "described") == types
    assert wr.catalog.get_table_description(DATABASE, "described") == "A table."
    assert wr.catalog.get_table_parameters(DATABASE, "described")["owner"] == "me"
    assert wr.catalog.get_columns_comments(DATABASE, "described")["id"] == "its number"
    assert wr.catalog.get_table_location(DATABASE, "described").startswith(FOLDER)
    wr.catalog.upsert_table_parameters({"team": "us"}, DATABASE, "described")
    assert wr.catalog.get_table_parameters(DATABASE, "described")["team"] == "us"
    assert wr.catalog.get_table_number_of_versions(DATABASE, "described") >= 1
    partitions = wr.catalog.get_parquet_partitions(DATABASE, "described")
    assert list(partitions.values()) == [["1"]]
    place = f"{FOLDER}/elsewhere/p=2/"
    wr.s3.to_parquet(pd.DataFrame({"id": [2], "v": [1.5]}), path=f"{place}x.parquet")
    wr.catalog.add_parquet_partitions(DATABASE, "described", {place: ["2"]})
    assert ids("described") == [1, 2]
    wr.catalog.delete_partitions("described", DATABASE, [["2"]])
    assert ids("described") == [1]
    wr.catalog.add_column(DATABASE, "described", "more", "string", "new")
    assert "more" in wr.catalog.get_table_types(DATABASE, "described")
    wr.catalog.delete_column(DATABASE, "described", "more")
    assert wr.catalog.get_table_types(DATABASE, "described") == types
    assert list(wr.catalog.table(DATABASE, "described")["Column Name"]) == ["id", "v", "p"]
    found = list(wr.catalog.search_tables("described"))
    assert [table["Name"] for table in found] == ["described"]
    assert wr.catalog.delete_table_if_exists(DATABASE, "described")
    assert not wr.catalog.delete_table_if_exists(DATABASE, "described")


@scenario
def iceberg_tables() -> None:
    def put(frame: pd.DataFrame, **options: Any) -> None:
        wr.athena.to_iceberg(
            frame,
            database=DATABASE,
            table="ice",
            table_location=f"{FOLDER}/ice/",
            temp_path=f"{FOLDER}/tmp/",
            s3_output=STAGING,
            keep_files=False,
            **options,
        )

    put(pd.DataFrame({"id": [1, 2], "v": ["a", "b"], "p": [1, 2]}), partition_cols=["p"])
    put(pd.DataFrame({"id": [3], "v": ["c"], "p": [2]}))
    assert ids("ice") == [1, 2, 3]
    put(pd.DataFrame({"id": [3, 4], "v": ["C", "d"], "p": [2, 3]}), merge_cols=["id"])
    assert list(query("SELECT v FROM ice ORDER BY id")["v"]) == ["a", "b", "C", "d"]
    wider = pd.DataFrame({"id": [5], "v": ["e"], "p": [3], "w": [1.5]})
    put(wider, schema_evolution=True)
    assert list(query("SELECT w FROM ice WHERE id = 5")["w"]) == [1.5]
    wr.athena.delete_from_iceberg_table(
        pd.DataFrame({"id": [1, 5]}),
        database=DATABASE,
        table="ice",
        merge_cols=["id"],
        temp_path=f"{FOLDER}/tmp/",
        s3_output=STAGING,
        keep_files=False,
    )
    assert ids("ice") == [2, 3, 4]
    put(
        pd.DataFrame({"id": [9], "v": ["z"], "p": [2]}),
        mode="overwrite_partitions",
        partition_cols=["p"],
    )
    assert ids("ice") == [4, 9]
    assert not wr.s3.list_objects(f"{FOLDER}/tmp/")


@scenario
def athena_functions() -> None:
    store(pd.DataFrame({"id": [1, 2], "p": ["a", "b"]}), "source", partition_cols=["p"])
    wr.athena.create_ctas_table(
        "SELECT id FROM source",
        database=DATABASE,
        ctas_table="made",
        s3_output=f"{FOLDER}/made/",
        wait=True,
    )
    assert ids("made") == [1, 2]
    wr.athena.unload(
        "SELECT id, p FROM source",
        path=f"{FOLDER}/unloaded/",
        database=DATABASE,
        partitioned_by=["p"],
    )
    aside = [".csv", ".metadata"]  # Athena's notes on the query, which it puts there too
    unloaded = wr.s3.read_parquet(f"{FOLDER}/unloaded/", dataset=True, path_ignore_suffix=aside)
    assert sorted(unloaded["id"]) == [1, 2]
    wr.catalog.delete_all_partitions("source", DATABASE)
    assert ids("source") == []
    wr.athena.repair_table("source", database=DATABASE, s3_output=STAGING)
    assert ids("source") == [1, 2]
    described = wr.athena.describe_table("source", database=DATABASE, s3_output=STAGING)
    assert list(described["Column Name"])[:2] == ["id", "p"], described
    made = wr.athena.show_create_table("source", database=DATABASE, s3_output=STAGING)
    assert "PARTITIONED BY" in made, made
    number = wr.athena.start_query_execution(
        "SELECT id FROM source ORDER BY id", database=DATABASE, s3_output=STAGING
    )
    assert wr.athena.wait_query(number)["Status"]["State"] == "SUCCEEDED"
    assert list(wr.athena.get_query_results(number)["id"]) == [1, 2]
    assert wr.athena.get_query_execution(number)["StatementType"] == "DML"
    assert number in wr.athena.list_query_executions()
    wr.athena.create_prepared_statement("SELECT id FROM source WHERE id = ?", "one")
    read = query("EXECUTE one USING 2", ctas_approach=False)
    assert list(read["id"]) == [2]
    assert [x["StatementName"] for x in wr.athena.list_prepared_statements()] == ["one"]
    wr.athena.delete_prepared_statement("one")
    failed: str | None = None
    try:
        query("SELECT nothing FROM source", ctas_approach=False)
    except wr.exceptions.QueryFailed as error:
        failed = str(error)
    assert "COLUMN_NOT_FOUND" in str(failed), failed


@scenario
def objects() -> None:
    frame = pd.DataFrame({"id": [1, 2]})
    wr.s3.to_parquet(frame, f"{FOLDER}/objects/a b+c=é.parquet")
    assert wr.s3.list_objects(f"{FOLDER}/objects/") == [f"{FOLDER}/objects/a b+c=é.parquet"]
    copied = wr.s3.copy_objects(
        [f"{FOLDER}/objects/a b+c=é.parquet"], f"{FOLDER}/objects", f"{FOLDER}/copied"
    )
    assert wr.s3.does_object_exist(copied[0])
    assert list(wr.s3.read_parquet(copied[0])["id"]) == [1, 2]
    assert wr.s3.size_objects(copied)[copied[0]] > 0
    wr.s3.delete_objects(f"{FOLDER}/copied/")
    assert not wr.s3.list_objects(f"{FOLDER}/copied/")


def outcome(work: Callable[[], None]) -> str:
    try:
        work()
    except Exception:  # noqa: BLE001 - whatever it is, it is this scenario's outcome
        return traceback.format_exc()
    return "passed"


if __name__ == "__main__":
    wr.config.athena_query_wait_polling_delay = 0.05
    wr.catalog.create_database(DATABASE, exist_ok=True)
    for name in sys.argv[1:] or SCENARIOS:
        sys.stdout.write(json.dumps([name, outcome(SCENARIOS[name])]) + "\n")
        sys.stdout.flush()
