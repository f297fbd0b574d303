"""Reading a whole table to pandas: fsql, awswrangler, PyAthena and plain pyarrow."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import fsql
from fsql.dialect import catalog_of
from tests.benchmarks import peers, report, wide
from tests.benchmarks.measure import Work, timed
from tests.benchmarks.served import Endpoint, endpoint, serving
from tests.benchmarks.side import measured, note
from tests.benchmarks.wrangler import CONTENDERS as WRANGLER

TITLE = "Reading ten columns and a struct, beside awswrangler and PyAthena"
LIMIT = "awswrangler read_sql_query (UNLOAD)"
ROUNDS = int(os.environ.get("FSQL_BENCH_ROUNDS", "3"))
SLOW = ("regular", "PandasCursor", "ArrowCursor,")
SQL = "SELECT * FROM bench_web_wide_v0001"
# Athena's UNLOAD and CTAS refuse the six digits of Iceberg's timestamps; fsql carries them whole.
MILLISECONDS = (
    "SELECT id, clicks, price, score, weight, country, session,"
    " CAST(seen AS timestamp(3)) AS seen, active, day, place FROM bench_web_wide_v0001"
)
NOTE = """What unloads or creates a table, but for fsql, is given a query that cuts timestamps to
milliseconds, since Athena refuses to write timestamp(6) to Parquet. CSV results hold structs as
text, which nobody can take apart again. pandas' own types make dicts of structs, Arrow's do not.
PyAthena's default cursor, 1,000 rows a request, is left out."""


def main(folder: Path) -> None:
    """Measure and write the section."""
    (folder / "milliseconds.sql").write_text(MILLISECONDS)
    names = [*CONTENDERS, *(name for name in WRANGLER if "read_sql" in name)]
    rounds = {name: 1 if any(part in name for part in SLOW) else ROUNDS for name in names}
    with serving(folder) as served:
        store = fsql.FeatureStore(served.store)
        table = wide.group()
        store.create(table)
        store.write(table, wide.table(), progress=False)
        figures = measured(__name__, names, folder, rounds, served)
        text = note(served, wide.ROWS)
    shown = report.table(figures, LIMIT)
    report.section(TITLE, "make bench ARGS=read_peers", f"{shown}\n\n{text}\n\n{NOTE}")


def _plain(folder: Path) -> Work:
    files = sorted(
        path for path in (folder / "store/s3").rglob("*.parquet") if "data" in path.parts
    )
    return lambda: [pq.read_table(path) for path in files]


def _plain_pandas(folder: Path) -> Work:
    read = _plain(folder)
    return lambda: [each.to_pandas() for each in read()]


def _fsql(
    url: Callable[[Endpoint], str], read: Callable[..., Any], transport: str, **options: Any
) -> Callable[[Path], Work]:
    def prepare(folder: Path) -> Work:
        engine = fsql.create_engine(url(endpoint(folder)))
        fsql.read_arrow("SELECT 1", engine)  # imports and the engine's start are not the question
        return lambda: read(SQL, engine, transport=transport, **options)

    return prepare


def _pyathena(
    cursor: Callable[[Any], Any], result: Callable[[Any], Any], sql: str
) -> Callable[[Path], Work]:
    def prepare(folder: Path) -> Work:
        made = cursor(catalog_of(fsql.create_engine(endpoint(folder).fsql_url)).aws)
        made.execute("SELECT 1 AS one")
        return lambda: result(made.execute(sql))

    return prepare


def _to_pandas(cursor: Any) -> Any:
    return cursor.as_arrow().to_pandas()


def _served(found: Endpoint) -> str:
    return found.fsql_url


def _embedded(found: Endpoint) -> str:
    return found.store


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    "pyarrow.parquet.read_table, local files": _plain,
    "pyarrow.parquet.read_table, to pandas": _plain_pandas,
    "fsql.read_arrow, scan, embedded": _fsql(_embedded, fsql.read_arrow, "scan"),
    "fsql.read_arrow, scan, served": _fsql(_served, fsql.read_arrow, "scan"),
    "fsql.read_sql, scan, embedded": _fsql(_embedded, fsql.read_sql, "scan"),
    "fsql.read_sql, scan, served": _fsql(_served, fsql.read_sql, "scan"),
    "fsql.read_arrow, engine, served": _fsql(_served, fsql.read_arrow, "engine"),
    "fsql.read_sql, engine, embedded": _fsql(_embedded, fsql.read_sql, "engine"),
    "fsql.read_sql, engine, served": _fsql(_served, fsql.read_sql, "engine"),
    "fsql.read_sql to Arrow's types, scan, served": _fsql(
        _served, fsql.read_sql, "scan", dtype_backend="pyarrow"
    ),
    "fsql.read_sql to Arrow's types, engine, served": _fsql(
        _served, fsql.read_sql, "engine", dtype_backend="pyarrow"
    ),
    "PyAthena ArrowCursor(unload=True), to pandas": _pyathena(
        lambda aws: peers.arrow_cursor(aws, unload=True), _to_pandas, MILLISECONDS
    ),
    "PyAthena ArrowCursor, to pandas": _pyathena(
        lambda aws: peers.arrow_cursor(aws, unload=False), _to_pandas, SQL
    ),
    "PyAthena PandasCursor": _pyathena(peers.pandas_cursor, lambda made: made.as_pandas(), SQL),
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))
