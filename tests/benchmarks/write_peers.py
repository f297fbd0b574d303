"""Writing rows of ten columns and a struct: fsql, awswrangler and plain pyarrow."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.fs as pafs
import pyarrow.parquet as pq

import fsql
from tests.benchmarks import report, wide
from tests.benchmarks.measure import Work, timed
from tests.benchmarks.served import Endpoint, endpoint, serving
from tests.benchmarks.side import measured, note
from tests.benchmarks.wrangler import CONTENDERS as WRANGLER

TITLE = "Writing ten columns and a struct, beside awswrangler"
LIMIT = "awswrangler s3.to_parquet"
ROUNDS = int(os.environ.get("FSQL_BENCH_ROUNDS", "3"))


def main(folder: Path) -> None:
    """Measure and write the section."""
    wide.save(wide.table(), folder / wide.FILE)
    names = [*CONTENDERS, *(name for name in WRANGLER if "to_parquet" in name)]
    with serving(folder) as served:
        figures = measured(__name__, names, folder, dict.fromkeys(names, ROUNDS), served)
        text = note(served, wide.ROWS)
    table = report.table(figures, LIMIT)
    report.section(TITLE, "make bench ARGS=write_peers", f"{table}\n\n{text}")


def _fsql(url: Callable[[Endpoint], str], load: Callable[[Path], Any]) -> Callable[[Path], Work]:
    def prepare(folder: Path) -> Work:
        data, store = load(folder / wide.FILE), fsql.FeatureStore(url(endpoint(folder)))
        table = wide.group(entity=f"w{uuid.uuid4().hex[:12]}")
        store.create(table)
        return lambda: store.write(table, data, progress=False)

    return prepare


def _plain(folder: Path) -> Work:
    data, target = pq.read_table(folder / wide.FILE), folder / f"{uuid.uuid4().hex}.parquet"
    return lambda: pq.write_table(data, target, compression="zstd")


def _plain_served(folder: Path) -> Work:
    data, target = pq.read_table(folder / wide.FILE), f"fsql-local/plain/{uuid.uuid4().hex}.parquet"
    files = pafs.S3FileSystem(
        access_key="local",
        secret_key="local",
        region="us-east-1",
        endpoint_override=endpoint(folder).address,
        scheme="http",
    )
    return lambda: pq.write_table(data, target, compression="zstd", filesystem=files)


def _served(found: Endpoint) -> str:
    return found.fsql_url


def _embedded(found: Endpoint) -> str:
    return found.store


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    "pyarrow.parquet.write_table, a local file": _plain,
    "pyarrow.parquet.write_table, served": _plain_served,
    "fsql, a pandas frame, embedded": _fsql(_embedded, wide.frame),
    "fsql, an Arrow table, embedded": _fsql(_embedded, pq.read_table),
    "fsql, the Parquet file, embedded": _fsql(_embedded, str),
    "fsql, a pandas frame, served": _fsql(_served, wide.frame),
    "fsql, an Arrow table, served": _fsql(_served, pq.read_table),
    "fsql, the Parquet file, served": _fsql(_served, str),
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))
