"""A one-row query on a warm engine."""

from __future__ import annotations

from pathlib import Path

import duckdb

import fsql
from fsql.dialect import catalog_of
from tests.benchmarks import peers, report
from tests.benchmarks.data import events, group
from tests.benchmarks.measure import interleaved

ROWS = 100_000
TITLE = "A one-row query"


def main(folder: Path) -> None:
    """Measure and write the section."""
    store = fsql.FeatureStore(f"fsql:///{folder}/one-row")
    table = group()
    store.create(table)
    store.write(table, events(ROWS), progress=False)
    engine, aws = store.engine, catalog_of(store.engine).aws
    sql = f"SELECT id, price, country, seen FROM {table.name} WHERE id = 4711"
    files = [str(path) for path in (folder / "one-row").rglob("*.parquet")]
    plain = duckdb.connect()
    theirs = sql.replace(table.name, f"read_parquet({files})")
    cursor = peers.connect(aws).cursor()
    figures = interleaved(
        {
            "plain DuckDB on the file": lambda: plain.execute(theirs).fetchall(),
            "fsql.read_sql (scan)": lambda: fsql.read_sql(sql, engine),
            "fsql.read_sql (engine)": lambda: fsql.read_sql(sql, engine, transport="engine"),
            "PyAthena's cursor": lambda: cursor.execute(sql).fetchall(),
        },
        rounds=100,
    )
    text = report.table(figures, "PyAthena's cursor", milliseconds=True)
    report.section(TITLE, "make bench ARGS=one_row", f"{text}\n\n{ROWS:,} rows in the table.")
