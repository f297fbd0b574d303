"""TPC-H: its tables in a store, its 22 queries in Athena's SQL, and DuckDB's own answers.

The queries are those of the TPC-H specification with its validation parameters. The same text
means the same to Athena and to DuckDB, but for averages and quotients of decimals: Athena's are
decimals, rounded, and DuckDB's are doubles.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from fsql.dialect import catalog_of

__all__ = ["QUERIES", "TABLES", "data_files", "differences", "generate", "load", "plain"]

TABLES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")
QUERIES: Mapping[str, str] = {
    path.stem: path.read_text() for path in sorted((Path(__file__).parent / "queries").iterdir())
}
_HIVE = {
    "int32": "int",
    "int64": "bigint",
    "date32[day]": "date",
    "decimal128(15, 2)": "decimal(15,2)",
}


def generate(folder: Path, scale: float) -> None:
    """Make ``<table>.parquet`` of each table."""
    program = Path(sys.executable).with_name("tpchgen-cli")
    options = ["--scale-factor", str(scale), "--format", "parquet", "--output-dir", str(folder)]
    subprocess.run([str(program), *options], check=True, capture_output=True)


def load(engine: sa.Engine, folder: Path) -> None:
    """Make Iceberg tables of generated files as on Athena: put on S3, then CREATE TABLE AS."""
    aws = catalog_of(engine).aws
    assert aws.warehouse is not None
    s3, bucket = aws.client("s3"), aws.warehouse.split("/")[2]
    with engine.connect() as connection:
        for table in TABLES:
            path = folder / f"{table}.parquet"
            s3.upload_file(str(path), bucket, f"tpch/staged/{table}/{path.name}")
            for statement in _statements(table, pq.read_schema(path), f"s3://{bucket}/tpch"):
                connection.execute(sa.text(statement))


def _statements(table: str, schema: pa.Schema, folder: str) -> Iterator[str]:
    types = {field.name: str(field.type) for field in schema}
    columns = ", ".join(f"{name} {_HIVE.get(type_, type_)}" for name, type_ in types.items())
    yield (
        f"CREATE EXTERNAL TABLE staged_{table} ({columns}) STORED AS PARQUET"
        f" LOCATION '{folder}/staged/{table}/'"
    )
    yield (
        f"CREATE TABLE {table} WITH (table_type = 'ICEBERG', is_external = false,"
        f" location = '{folder}/{table}/') AS SELECT * FROM staged_{table}"
    )
    yield f"DROP TABLE staged_{table}"


def data_files(store: Path) -> dict[str, list[str]]:
    """The Parquet files of each loaded table, in the folder of an embedded store."""
    return {t: [str(p) for p in store.glob(f"s3/*/tpch/{t}/data/*.parquet")] for t in TABLES}


def plain(files: Mapping[str, list[str]]) -> duckdb.DuckDBPyConnection:
    """DuckDB as it comes, a view on the Parquet files of each table."""
    connection = duckdb.connect()
    for table, paths in files.items():
        connection.read_parquet(paths).create_view(table)
    return connection


def differences(ours: pa.Table, theirs: pa.Table) -> list[str]:
    """Where an answer is not DuckDB's; rows must come in the same order."""
    if ours.num_rows != theirs.num_rows:
        return [f"{ours.num_rows} rows, not {theirs.num_rows}"]
    return [
        f"{field.name}[{row}]: {value!r}, not {expected!r}"
        for field, mine, other in zip(ours.schema, ours.columns, theirs.columns, strict=True)
        for row, (value, expected) in enumerate(
            zip(mine.to_pylist(), other.to_pylist(), strict=True)
        )
        if not _same(value, expected)
    ]


def _same(value: Any, expected: Any) -> bool:
    if isinstance(value, Decimal) and isinstance(expected, float):
        last = Decimal(1).scaleb(int(value.as_tuple().exponent))
        return abs(value - Decimal(expected)) <= last * Decimal("0.500001")
    return bool(value == expected)
