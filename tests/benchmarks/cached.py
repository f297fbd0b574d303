"""A result of 5 GB read again from the cache, beside its query and beside mapping the same file."""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

import fsql
from fsql.cache import Cache
from tests.benchmarks import report
from tests.benchmarks.measure import Figure, Work, side_by_side

ROWS = int(os.environ.get("FSQL_BENCH_CACHED_ROWS", "6_000_000"))
BLOCK = 1_000_000
DOUBLES, INTEGERS, TEXTS, WORDS = 14, 6, 4, 5_000
QUERY = "query: UNLOAD, and its files read"
HIT, RAW = "found in the cache", "pyarrow.memory_map of the same file"
SUMMED = ", every value summed"
ROUNDS = {QUERY: 1, HIT: 3, RAW: 3, HIT + SUMMED: 2, RAW + SUMMED: 2}
TITLE = "A large result read again"

GROUP = fsql.FeatureGroup(
    "bench", "cache", "wide", "v0001", sa.MetaData(),
    sa.Column("id", sa.BigInteger),
    *(sa.Column(f"x{n}", sa.Double) for n in range(DOUBLES)),
    *(sa.Column(f"n{n}", sa.BigInteger) for n in range(INTEGERS)),
    *(sa.Column(f"s{n}", sa.String) for n in range(TEXTS)),
    keys="id",
)  # fmt: skip
SQL = f"SELECT * FROM {GROUP.name} WHERE id >= 0"


def main(folder: Path) -> None:
    """Measure and write the section."""
    _prepare(folder)
    command = [sys.executable, "-m", __name__]
    commands = {name: [*command, name, str(folder)] for name in ROUNDS}
    figures = side_by_side(commands, ROUNDS)
    size = sum(path.stat().st_size for path in (folder / "cache").glob("*.arrow"))
    report.section(TITLE, "make bench ARGS=cached", f"{_table(figures)}\n\n{_note(size)}")


def _table(figures: Mapping[str, Figure]) -> str:
    lines = [
        "| contender | median ms | fastest-slowest | anonymous MB | mapped MB |",
        "|---|---|---|---|---|",
    ]
    for name, figure in figures.items():
        low, high = (seconds * 1000 for seconds in figure.spread)
        lines.append(
            f"| {name} | {figure.seconds * 1000:,.1f} | {low:,.1f}-{high:,.1f}"
            f" | {figure.megabytes:,.0f} | {figure.added:,.0f} |"
        )
    quicker = figures[QUERY].seconds / figures[HIT].seconds
    slower = figures[HIT].seconds / figures[RAW].seconds
    summed = figures[HIT + SUMMED].seconds / figures[RAW + SUMMED].seconds
    lines += [
        "",
        f"A hit is {quicker:,.0f} times faster than the query, and takes {slower:.2f} times",
    ]
    lines += [f"as long as the bare file, {summed:.2f} times with every value summed."]
    return "\n".join(lines)


def _note(size: int) -> str:
    return (
        f"{ROWS:,} rows of {DOUBLES} doubles, {INTEGERS + 1} integers and {TEXTS} texts, as an"
        f" Arrow file of {size / 1e9:.1f} GB that the machine has in its page cache. Each process"
        " reads five times, the query's once; the medians of these are compared. *Anonymous* is"
        " by how much the process's own memory has grown (RssAnon of /proc/self/status) when it has"
        " the table, *mapped* by how much its share of the page cache has (RssFile), which other"
        " processes share and the kernel takes back when it needs it. A hit asks Glue once for the"
        " table (GetTable) and Athena nothing; it reads the last MB of the file, whose size, inode"
        " and time of change tell that nobody has touched it since its checksum was made."
        " `fsql cache check` reads every byte. Summing shows what the mapped pages cost."
    )


def _prepare(folder: Path) -> None:
    store = fsql.FeatureStore(_url(folder))
    store.create(GROUP)
    blocks = (_rows(start) for start in range(0, ROWS, BLOCK))
    first = next(blocks)
    rest = (batch for table in _after(first, blocks) for batch in table.to_batches())
    store.write(GROUP, pa.RecordBatchReader.from_batches(first.schema, rest), progress=False)
    for _ in fsql.read_batches(SQL, store.engine, transport="engine", cache=_cache(folder)):
        pass
    store.engine.dispose()


def _after(first: pa.Table, blocks: Any) -> Any:
    yield first
    yield from blocks


def _rows(start: int) -> pa.Table:
    """Values of which many are alike, as measurements and amounts are."""
    random = np.random.default_rng(start)
    rows = min(BLOCK, ROWS - start)
    columns: dict[str, Any] = {"id": np.arange(start, start + rows)}
    for n in range(DOUBLES):
        columns[f"x{n}"] = random.integers(0, 10_000, rows) / 100
    for n in range(INTEGERS):
        columns[f"n{n}"] = random.integers(0, 1_000, rows)
    words = pa.array([f"{n} " + "of a description " * (n % 19) for n in range(WORDS)])
    for n in range(TEXTS):
        columns[f"s{n}"] = words.take(pa.array(random.integers(0, WORDS, rows)))
    return pa.table(columns)


def _url(folder: Path) -> str:
    return f"fsql:///{folder}/store"


def _cache(folder: Path) -> Cache:
    return Cache(folder / "cache", size=50 << 30)


def _queried(folder: Path) -> Work:
    engine = _warm(folder)
    return lambda: fsql.read_arrow(SQL, engine, transport="engine", cache=False)


def _hit(folder: Path) -> Work:
    engine = _warm(folder)
    return lambda: fsql.read_arrow(SQL, engine, transport="engine", cache=_cache(folder))


def _warm(folder: Path) -> sa.Engine:
    """An engine that has read something, so that imports and connections are there."""
    engine = fsql.create_engine(_url(folder))
    fsql.read_arrow(f"SELECT id FROM {GROUP.name} LIMIT 0", engine)
    return engine


def _raw(folder: Path) -> Work:
    (file,) = (folder / "cache").glob("*.arrow")

    def mapped() -> pa.Table:
        with pa.memory_map(str(file)) as source:
            return pa.ipc.open_stream(source).read_all()

    return mapped


def _summed(prepare: Callable[[Path], Work]) -> Callable[[Path], Work]:
    def prepared(folder: Path) -> Work:
        work = prepare(folder)

        def run() -> pa.Table:
            table: pa.Table = work()
            for column in table.columns:
                pc.sum(pc.binary_length(column) if pa.types.is_string(column.type) else column)
            return table

        return run

    return prepared


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    QUERY: _queried,
    HIT: _hit,
    RAW: _raw,
    HIT + SUMMED: _summed(_hit),
    RAW + SUMMED: _summed(_raw),
}


def _measure(work: Work, again: int) -> None:
    """Print what the first reading took of memory, and what it and more took of time."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    before = _resident("RssAnon"), _resident("RssFile")
    started = time.perf_counter()
    kept = work()
    seconds = [time.perf_counter() - started]
    anonymous, mapped = _resident("RssAnon") - before[0], _resident("RssFile") - before[1]
    assert len(kept) == ROWS
    for _ in range(again):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    taken = statistics.median(seconds)
    found = {"seconds": taken, "megabytes": anonymous, "added": mapped}
    sys.stdout.write(json.dumps(found) + "\n")


def _resident(what: str) -> float:
    """MB of this process's memory of a kind, see proc(5)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


if __name__ == "__main__":
    name, place = sys.argv[1:]
    _measure(CONTENDERS[name](Path(place)), again=0 if name == QUERY else 4)
