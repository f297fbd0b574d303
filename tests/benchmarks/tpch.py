"""TPC-H's 22 queries at scale factor 1: fsql beside plain DuckDB on the same Parquet files."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

import fsql
from tests.benchmarks import report
from tests.benchmarks.measure import Work, in_processes, timed
from tests.tpch import QUERIES, data_files, differences, generate, load, plain

SCALE = 1
ROUNDS = 3
TITLE = "TPC-H at scale factor 1"
DUCKDB = "plain DuckDB, the 22 queries"
FSQL = "fsql.read_arrow, the 22 queries"
NOTE = """The tables were made by CREATE TABLE AS and are Iceberg; plain DuckDB reads their Parquet
files with its own settings, by as many threads. The first table is of processes that run the 22
queries once, translation and all; the second is of one process, both in turn, after a round that
compares the answers: all 22 are DuckDB's own (its averages and quotients of decimals rounded as
Athena's are)."""

Ask = Callable[[str], pa.Table]


def main(folder: Path) -> None:
    """Measure and write the section."""
    generate(folder, SCALE)
    load(fsql.create_engine(_store(folder)), folder)
    once = in_processes(__name__, list(CONTENDERS), folder, ROUNDS)
    text = f"{report.table(once, DUCKDB)}\n\n{_each(folder)}\n\n{NOTE}"
    report.section(TITLE, "make bench ARGS=tpch", text)


def _each(folder: Path) -> str:
    ours, theirs = _fsql(folder), _duckdb(folder)
    lines = ["| query | plain DuckDB ms | fsql ms | ratio |", "|---|---|---|---|"]
    totals = [0.0, 0.0]
    for number, sql in QUERIES.items():
        wrong = differences(ours(sql), theirs(sql))
        if wrong:
            raise SystemExit(f"Query {number} is answered wrongly: {wrong[:5]}")
        pairs = [(_seconds(theirs, sql), _seconds(ours, sql)) for _ in range(ROUNDS)]
        plain_, fsql_ = (statistics.median(seconds) * 1000 for seconds in zip(*pairs, strict=True))
        totals = [totals[0] + plain_, totals[1] + fsql_]
        lines.append(_line(number, plain_, fsql_))
    return "\n".join([*lines, _line("all", *totals)])


def _line(name: str, theirs: float, ours: float) -> str:
    return f"| {name} | {theirs:.0f} | {ours:.0f} | {ours / theirs:.2f} |"


def _seconds(ask: Ask, sql: str) -> float:
    started = time.perf_counter()
    ask(sql)
    return time.perf_counter() - started


def _fsql(folder: Path) -> Ask:
    engine = fsql.create_engine(_store(folder))
    fsql.read_arrow("SELECT 1", engine)  # imports and the engine's start are not the question
    return lambda sql: fsql.read_arrow(sql, engine)


def _duckdb(folder: Path) -> Ask:
    connection = plain(data_files(folder / "store"))
    return lambda sql: connection.sql(sql).to_arrow_table()


def _store(folder: Path) -> str:
    return f"fsql:///{folder}/store"


def _all(prepare: Callable[[Path], Ask]) -> Callable[[Path], Work]:
    def prepared(folder: Path) -> Work:
        ask = prepare(folder)
        return lambda: [ask(sql) for sql in QUERIES.values()]

    return prepared


CONTENDERS = {DUCKDB: _all(_duckdb), FSQL: _all(_fsql)}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))
