"""Uploading 5M rows x 8 columns."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

import fsql
from tests.benchmarks import report
from tests.benchmarks.data import ROWS, events, group
from tests.benchmarks.measure import Work, in_processes, timed

TITLE = "Uploading 5M rows x 8 columns"


def main(folder: Path) -> None:
    """Measure and write the section."""
    figures = in_processes(__name__, list(CONTENDERS), folder, rounds=3)
    text = report.table(figures, "pyarrow.parquet.write_table, zstd")
    report.section(TITLE, "make bench ARGS=upload", text)


def _plain(folder: Path) -> Work:
    data = events(ROWS)
    target = folder / f"{uuid.uuid4()}.parquet"
    return lambda: pq.write_table(data, target, compression="zstd")


def _fsql_arrow(folder: Path) -> Work:
    data = events(ROWS)
    store, table = fsql.FeatureStore(f"fsql:///{folder}/upload-{uuid.uuid4()}"), group()
    store.create(table)
    return lambda: store.write(table, data, progress=False)


def _fsql_pandas(folder: Path) -> Work:
    data = events(ROWS).to_pandas()
    store, table = fsql.FeatureStore(f"fsql:///{folder}/upload-{uuid.uuid4()}"), group()
    store.create(table)
    return lambda: store.write(table, data, progress=False)


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    "pyarrow.parquet.write_table, zstd": _plain,
    "FeatureStore.write of an Arrow table": _fsql_arrow,
    "FeatureStore.write of a pandas frame": _fsql_pandas,
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))
