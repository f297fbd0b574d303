"""Data files are read by name where they have just their table's columns, else by field id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg import types as it
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table import Table

import fsql
from fsql.dialect import catalog_of
from fsql.local.tables.iceberg_readings import Reading, Readings
from fsql.local.tables.iceberg_shapes import Footer, table_shape

LOCATION = "'s3://fsql-local/shapes/t/'"
NESTED = Schema(
    it.NestedField(1, "id", it.LongType(), True),
    it.NestedField(2, "price", it.DecimalType(12, 2)),
    it.NestedField(3, "seen", it.TimestamptzType()),
    it.NestedField(4, "tags", it.ListType(5, it.StringType(), False)),
    it.NestedField(6, "place", it.StructType(it.NestedField(7, "lat", it.DoubleType()))),
    it.NestedField(8, "by", it.MapType(9, it.StringType(), 10, it.IntegerType(), False)),
)


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[Any]:
    with fsql.connect(f"fsql:///{tmp_path}/store") as connection:
        made = connection.cursor()
        made.execute(
            f"CREATE TABLE t (a int, b int, n string) LOCATION {LOCATION}"
            " TBLPROPERTIES ('table_type' = 'ICEBERG')"
        )
        made.execute("INSERT INTO t VALUES (1, 10, 'x'), (2, 20, 'y')")
        yield made


@pytest.fixture
def table(cursor: Any, tmp_path: Path) -> Table:
    """What `cursor` made, for changes of its schema."""
    engine = fsql.create_engine(f"fsql:///{tmp_path}/store")
    return catalog_of(engine).iceberg.load_table(("feature_store", "t"))


def rows(cursor: Any, sql: str) -> list[Any]:
    return list(cursor.execute(sql).fetchall())


def test_swapped_names_are_found_by_id(cursor: Any, table: Table) -> None:
    for old, new in (("a", "c"), ("b", "a"), ("c", "b")):
        with table.update_schema() as update:
            update.rename_column(old, new)
    cursor.execute("INSERT INTO t (b, a, n) VALUES (3, 30, 'z')")
    assert rows(cursor, "SELECT a, b, n FROM t ORDER BY b") == [
        (10, 1, "x"),
        (20, 2, "y"),
        (30, 3, "z"),
    ]


def test_a_column_dropped_and_added_again_is_another_one(cursor: Any, table: Table) -> None:
    with table.update_schema() as update:
        update.delete_column("b")
    with table.update_schema() as update:
        update.add_column("b", it.IntegerType())
    cursor.execute("INSERT INTO t (a, b, n) VALUES (3, 30, 'z')")
    assert rows(cursor, "SELECT a, b FROM t ORDER BY a") == [(1, None), (2, None), (3, 30)]


def test_a_widened_column_keeps_its_values(cursor: Any, table: Table) -> None:
    with table.update_schema() as update:
        update.update_column("a", it.LongType())
    cursor.execute("INSERT INTO t VALUES (5000000000, 30, 'z')")
    assert rows(cursor, "SELECT max(a), typeof(max(a)) FROM t") == [(5_000_000_000, "bigint")]


def test_a_folder_that_looks_like_a_partition_is_no_column(tmp_path: Path) -> None:
    with fsql.connect(f"fsql:///{tmp_path}/store") as connection:
        made = connection.cursor()
        made.execute(
            "CREATE TABLE t (a int) LOCATION 's3://fsql-local/shapes/z=1/t/'"
            " TBLPROPERTIES ('table_type' = 'ICEBERG')"
        )
        made.execute("INSERT INTO t VALUES (1)")
        assert rows(made, "SELECT * FROM t") == [(1,)]


def test_files_of_pyiceberg_and_of_an_insert_have_the_tables_shape(
    cursor: Any, tmp_path: Path
) -> None:
    found = schema_to_pyarrow(NESTED).empty_table()
    pq.write_table(found, tmp_path / "one.parquet")
    assert Footer(pq.read_schema(tmp_path / "one.parquet")).shape == table_shape(NESTED.fields)
    (written,) = (tmp_path / "store").rglob("data/*.parquet")
    flat = Schema(
        it.NestedField(1, "a", it.IntegerType()),
        it.NestedField(2, "b", it.IntegerType()),
        it.NestedField(3, "n", it.StringType()),
    )
    assert Footer(pq.read_schema(written)).shape == table_shape(flat.fields)


@pytest.mark.parametrize(
    "other",
    [
        pa.field("ID", pa.int64(), metadata={"PARQUET:field_id": "1"}),
        pa.field("id", pa.int64(), metadata={"PARQUET:field_id": "2"}),
        pa.field("id", pa.int64()),
        pa.field("id", pa.int32(), metadata={"PARQUET:field_id": "1"}),
        pa.field("id", pa.timestamp("ns"), metadata={"PARQUET:field_id": "1"}),
    ],
    ids=["name", "id", "no id", "type", "unit"],
)
def test_another_shape_is_told(other: pa.Field) -> None:
    wanted = Schema(it.NestedField(1, "id", it.LongType()))
    assert Footer(pa.schema([other])).shape != table_shape(wanted.fields)


@pytest.mark.parametrize("type_", [it.TimeType(), it.UUIDType(), it.FixedType(4)])
def test_types_of_several_readings_are_found_by_id(type_: it.IcebergType) -> None:
    inside = it.StructType(it.NestedField(2, "x", it.ListType(3, type_, False)))
    assert table_shape([it.NestedField(1, "s", inside)]) is None


def test_files_of_older_columns_are_read_by_the_names_of_then(
    cursor: Any, table: Table, tmp_path: Path
) -> None:
    """By field id DuckDB takes a file for one of a single row, and joins it badly."""
    with table.update_schema() as update:
        update.rename_column("a", "c").update_column("b", it.LongType()).delete_column("n")
        update.add_column("more", it.StructType(it.NestedField(1, "x", it.LongType())))
        update.move_first("b")
    (written,) = (tmp_path / "store").rglob("data/*.parquet")
    (task,) = table.scan().plan_files()
    footer = Footer(pq.read_schema(written))

    def reading() -> Reading:
        return Readings(table.metadata, table.schema(), lambda uri: footer).of(task.file)

    assert reading().found == "hive_partitioning=false"
    assert rows(cursor, "SELECT * FROM t ORDER BY b") == [(10, 1, None), (20, 2, None)]
    cursor.execute("INSERT INTO t VALUES (30, 3, CAST(ROW(1) AS ROW(x bigint)))")
    found = "SELECT c, b, more.x FROM t WHERE b >= 20 ORDER BY b"
    assert rows(cursor, found) == [(2, 20, None), (3, 30, 1)]
