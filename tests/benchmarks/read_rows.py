"""Reading 5M rows x 8 columns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import fsql
from fsql.dialect import catalog_of
from tests.benchmarks import peers, report
from tests.benchmarks.data import ROWS, events, group
from tests.benchmarks.measure import Work, in_processes, timed

TITLE = "Reading 5M rows x 8 columns"
SQL = "SELECT * FROM bench_web_event_v0001"
# Athena's UNLOAD refuses the six digits of Iceberg's timestamps; fsql carries them as integers.
MILLISECONDS = (
    "SELECT id, clicks, price, score, weight, country, session,"
    " CAST(seen AS timestamp(3)) AS seen FROM bench_web_event_v0001"
)
NOTE = """PyAthena's unload is given a query that cuts the timestamps to milliseconds, since
Athena refuses to unload timestamp(6); the others read them whole."""


def main(folder: Path) -> None:
    """Measure and write the section."""
    store = fsql.FeatureStore(f"fsql:///{folder}/read")
    table = group()
    store.create(table)
    store.write(table, events(ROWS), progress=False)
    quick, slow = list(CONTENDERS)[:2], list(CONTENDERS)[2:]
    figures = in_processes(__name__, quick, folder / "read", rounds=11)
    figures |= in_processes(__name__, slow, folder / "read", rounds=3)
    text = report.table(figures, "pyarrow.parquet.read_table")
    report.section(TITLE, "make bench ARGS=read_rows", f"{text}\n\n{NOTE}")


def _plain(folder: Path) -> Work:
    files = sorted(path for path in folder.rglob("*.parquet") if "warehouse" in path.parts)
    return lambda: [pq.read_table(path) for path in files]


def _fsql(read: Callable[..., Any], transport: str) -> Callable[[Path], Work]:
    def prepare(folder: Path) -> Work:
        engine = fsql.create_engine(f"fsql:///{folder}")
        fsql.read_arrow("SELECT 1", engine)  # imports and the engine's start are not the question
        return lambda: read(SQL, engine, transport=transport)

    return prepare


def _pyathena(cursor: Callable[[Any], Any], result: str, sql: str = SQL) -> Callable[[Path], Work]:
    def prepare(folder: Path) -> Work:
        made = cursor(catalog_of(fsql.create_engine(f"fsql:///{folder}")).aws)
        made.execute("SELECT 1 AS one")
        return lambda: getattr(made.execute(sql), result)()

    return prepare


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    "pyarrow.parquet.read_table": _plain,
    "fsql.read_arrow (scan)": _fsql(fsql.read_arrow, "scan"),
    "fsql.read_arrow (engine)": _fsql(fsql.read_arrow, "engine"),
    "fsql.read_sql to pandas (scan)": _fsql(fsql.read_sql, "scan"),
    "fsql.read_sql to pandas (engine)": _fsql(fsql.read_sql, "engine"),
    "PyAthena ArrowCursor(unload=True)": _pyathena(
        lambda aws: peers.arrow_cursor(aws, unload=True), "as_arrow", MILLISECONDS
    ),
    "PyAthena ArrowCursor": _pyathena(
        lambda aws: peers.arrow_cursor(aws, unload=False), "as_arrow"
    ),
    "PyAthena PandasCursor": _pyathena(peers.pandas_cursor, "as_pandas"),
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))
