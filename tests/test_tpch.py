"""TPC-H's 22 queries in Athena's SQL: the embedded engine's answers are DuckDB's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

import fsql
from tests.tpch import QUERIES, TABLES, differences, generate, load, plain


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tpch")
    generate(folder, 0.01)
    return folder


@pytest.fixture(scope="module")
def engine(files: Path) -> Iterator[sa.Engine]:
    made = fsql.create_engine(f"fsql:///{files}/store")
    load(made, files)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def theirs(files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with plain({table: [f"{files}/{table}.parquet"] for table in TABLES}) as connection:
        yield connection


def test_there_are_22_queries() -> None:
    assert list(QUERIES) == [f"{number:02}" for number in range(1, 23)]


@pytest.mark.parametrize("number", QUERIES)
def test_an_answer_is_duckdbs(
    number: str, engine: sa.Engine, theirs: duckdb.DuckDBPyConnection
) -> None:
    found = fsql.read_arrow(QUERIES[number], engine)
    expected = theirs.sql(QUERIES[number]).to_arrow_table()
    assert differences(found, expected) == []
    assert found.column_names == expected.column_names
    assert found.num_rows > 0


def test_a_wrong_answer_is_told(engine: sa.Engine, theirs: duckdb.DuckDBPyConnection) -> None:
    found = fsql.read_arrow(QUERIES["01"], engine)
    expected = theirs.sql(QUERIES["01"].replace("'90' DAY", "'900' DAY")).to_arrow_table()
    assert differences(found, expected)
