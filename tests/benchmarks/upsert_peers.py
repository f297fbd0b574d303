"""Upserting one row in a hundred, half of them new: fsql and awswrangler."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import fsql
from tests.benchmarks import report, wide
from tests.benchmarks.measure import Work, timed
from tests.benchmarks.served import Endpoint, endpoint, serving
from tests.benchmarks.side import measured, note
from tests.benchmarks.wrangler import CONTENDERS as WRANGLER

TITLE = "Upserting 1 % into ten columns and a struct, beside awswrangler"
LIMIT = "awswrangler athena.to_iceberg (MERGE)"
ROUNDS = int(os.environ.get("FSQL_BENCH_ROUNDS", "3"))
NOTE = "By key and event time, the same changes; each has a table of its own, which fsql wrote."


def main(folder: Path) -> None:
    """Measure and write the section."""
    names = [*CONTENDERS, *(name for name in WRANGLER if "to_iceberg" in name)]
    with serving(folder) as served:
        store = fsql.FeatureStore(served.store)
        for version in VERSIONS.values():
            store.create(wide.group(version))
            store.write(wide.group(version), wide.table(), progress=False)

        def before(name: str, turn: int) -> None:
            wide.save(wide.changes(turn), folder / wide.CHANGES)

        rounds = dict.fromkeys(names, ROUNDS)
        figures = measured(__name__, names, folder, rounds, served, before)
        counts = {name: _count(store, version) for name, version in VERSIONS.items()}
        text = note(served, wide.ROWS)
    assert len(set(counts.values())) == 1, counts
    shown = report.table(figures, LIMIT)
    report.section(TITLE, "make bench ARGS=upsert_peers", f"{shown}\n\n{text}\n\n{NOTE}")


VERSIONS = {
    LIMIT: "v0002",
    "fsql, mode=upsert, embedded": "v0003",
    "fsql, mode=upsert, served": "v0004",
}


def _count(store: fsql.FeatureStore, version: str) -> int:
    name = wide.group(version).name
    found = fsql.read_arrow(f"SELECT count(*), count(DISTINCT id) FROM {name}", store.engine)
    rows, ids = (column[0].as_py() for column in found.columns)
    assert rows == ids, (name, rows, ids)
    return int(rows)


def _fsql(url: Callable[[Endpoint], str], version: str) -> Callable[[Path], Work]:
    def prepare(folder: Path) -> Work:
        store, data = fsql.FeatureStore(url(endpoint(folder))), wide.frame(folder / wide.CHANGES)
        fsql.read_arrow("SELECT 1", store.engine)
        return lambda: store.write(wide.group(version), data, mode="upsert", progress=False)

    return prepare


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    "fsql, mode=upsert, embedded": _fsql(lambda found: found.store, "v0003"),
    "fsql, mode=upsert, served": _fsql(lambda found: found.fsql_url, "v0004"),
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))
