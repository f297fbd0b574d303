"""Writing 10M rows x 8 columns from a folder of Parquet files, by how their keys come."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import fsql
from tests.benchmarks import report
from tests.benchmarks.data import events, group
from tests.benchmarks.measure import Work, in_processes, timed

ROWS = 10_000_000
FILES = 8
TITLE = "Writing 10M rows x 8 columns of a folder of Parquet files"
LIMIT = "pyarrow: read_table, then write_table, zstd"


def main(folder: Path) -> None:
    """Measure and write the section."""
    _prepare(folder)
    figures = in_processes(__name__, list(CONTENDERS), folder, rounds=3)
    report.section(TITLE, "make bench ARGS=large", report.table(figures, LIMIT))


def _prepare(folder: Path) -> None:
    """The same rows by key, and in no order."""
    table = events(ROWS)
    shuffled = table.take(pa.array(np.random.default_rng(2).permutation(ROWS)))
    for name, rows in {"sorted": table, "shuffled": shuffled}.items():
        (folder / name).mkdir()
        step = ROWS // FILES
        for number in range(FILES):
            part = rows.slice(number * step, step)
            pq.write_table(part, folder / name / f"{number}.parquet", compression="zstd")


def _plain(folder: Path) -> Work:
    target = folder / f"{uuid.uuid4()}.parquet"
    source = folder / "sorted"
    return lambda: pq.write_table(pq.read_table(source), target, compression="zstd")


def _fsql(name: str) -> Callable[[Path], Work]:
    def prepare(folder: Path) -> Work:
        store, table = fsql.FeatureStore(f"fsql:///{folder}/large-{uuid.uuid4()}"), group()
        store.create(table)
        return lambda: store.write(table, folder / name, progress=False)

    return prepare


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    LIMIT: _plain,
    "FeatureStore.write, files in the order of the keys": _fsql("sorted"),
    "FeatureStore.write, keys shuffled": _fsql("shuffled"),
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))
