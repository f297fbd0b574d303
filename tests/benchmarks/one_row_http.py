"""A one-row query over HTTP: what fsql, PyAthena and awswrangler take on the same server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsql
from fsql.dialect import catalog_of
from tests.benchmarks import peers, report
from tests.benchmarks.data import events, group
from tests.benchmarks.measure import Work, timed
from tests.benchmarks.served import Endpoint, endpoint, serving
from tests.benchmarks.side import measured
from tests.benchmarks.wrangler import CONTENDERS as WRANGLER
from tests.benchmarks.wrangler import ONE_ROWS

TIMES = 40
TABLES = (1_000, 100_000)  # rows
ROUNDS = int(os.environ.get("FSQL_BENCH_ROUNDS", "3"))
TITLE = "A one-row query over HTTP, beside PyAthena and awswrangler"
LIMIT = "PyAthena's cursor, polling every 10 ms"
NOTE = f"""Each round is a process of its own that asks {TIMES} times (awswrangler: {ONE_ROWS},
since it makes boto3's clients anew for each query), on a warm connection to the same `fsql serve`,
whose work on the same two cores counts too. *As it comes*: PyAthena and awswrangler poll once a
second, which costs little here, as the server keeps a client's poll waiting until a short query
has ended. *Scan* is what fsql does by itself: it asks Glue for the table and reads its file;
*engine* starts a query as PyAthena does. The larger table is one row group of 100,000 rows, which
whoever answers has to read."""


def main(folder: Path) -> None:
    """Measure and write the section."""
    names = [*CONTENDERS, *(name for name in WRANGLER if "one row" in name)]
    shown = []
    for rows in TABLES:
        place = folder / str(rows)
        place.mkdir()
        (place / "one-row.sql").write_text(_sql(rows))
        with serving(place) as served:
            store, table = fsql.FeatureStore(served.store), group()
            store.create(table)
            store.write(table, events(rows), progress=False)
            figures = measured(__name__, names, place, dict.fromkeys(names, ROUNDS), served)
        shown.append(f"A table of {rows:,} rows:\n\n")
        shown[-1] += report.table(figures, LIMIT, milliseconds=True)
    text = "\n\n".join([*shown, NOTE])
    report.section(TITLE, "make bench ARGS=one_row_http", text)


def _sql(rows: int) -> str:
    return f"SELECT id, price, country, seen FROM {group().name} WHERE id = {rows // 2}"


def _asking(connect: Callable[[Endpoint], Callable[[str], Any]]) -> Callable[[Path], Work]:
    def prepare(folder: Path) -> Work:
        ask, sql = connect(endpoint(folder)), (folder / "one-row.sql").read_text()
        ask(sql)
        return lambda: ask(sql)

    return prepare


def _fsql(transport: str) -> Callable[[Path], Work]:
    def connect(served: Endpoint) -> Callable[[str], Any]:
        engine = fsql.create_engine(served.fsql_url)
        read: Any = fsql.read_sql
        return lambda sql: read(sql, engine, transport=transport)

    return _asking(connect)


def _pyathena(poll_interval: float) -> Callable[[Path], Work]:
    def connect(served: Endpoint) -> Callable[[str], Any]:
        aws = catalog_of(fsql.create_engine(served.fsql_url)).aws
        cursor = peers.connect(aws, poll_interval=poll_interval).cursor()
        return lambda sql: cursor.execute(sql).fetchall()

    return _asking(connect)


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    "fsql.read_sql (scan)": _fsql("auto"),
    "fsql.read_sql (engine)": _fsql("engine"),
    LIMIT: _pyathena(0.01),
    "PyAthena's cursor, as it comes": _pyathena(1.0),
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)), TIMES)
