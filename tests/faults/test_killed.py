"""A writer that is killed at any of its requests: old or new, and the next write works."""

from __future__ import annotations

import os
import signal
import uuid
from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.types import Timestamp
from tests.faults.killing import Killer, settle
from tests.faults.proxy import FaultyProxy
from tests.faults.writing import KEYS, PARTITIONS, rows, write
from tests.programs import forking

POINTS = int(os.environ.get("FSQL_KILL_POINTS", "6"))  # of the requests; even: the last dies after
MODES = ("append", "overwrite", "overwrite_partitions", "upsert")


@pytest.fixture(params=["iceberg", "hive"])
def table_format(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def group(store: fsql.FeatureStore, table_format: str) -> Iterator[fsql.FeatureGroup]:
    made = fsql.FeatureGroup(
        "killed",
        table_format,
        f"e{uuid.uuid4().hex[:8]}",
        "v0001",
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("ms")),
        sa.Column("p", sa.Integer),
        sa.Column("v", sa.BigInteger),
        keys=["p", "k"],
        event_time="t",
        partition_by=["p"],
        table_format=table_format,
    )
    store.create(made)
    yield made
    store.drop(made, purge=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", MODES)
def test_a_killed_write_is_whole_or_nothing(
    store: fsql.FeatureStore,
    group: fsql.FeatureGroup,
    table_format: str,
    url: str,
    proxy: FaultyProxy,
    mode: str,
) -> None:
    def run(at: int, afterwards: bool) -> tuple[int | None, int]:
        killer = Killer(at, afterwards)
        store.write(group, rows(1), mode="overwrite")
        with proxy.watched(killer.before, killer.after):
            process = forking().Process(target=write, args=(url, group.name, mode))
            process.start()
            killer.pid.set_result(process.pid or 0)
            process.join()
            settle(store)
        return process.exitcode, killer.count

    ended, whole = run(0, False)
    assert ended == 0
    assert seen(store, group) == after(mode)
    outcomes = set()
    for point in range(POINTS):
        at = 1 + point * (whole - 1) // (POINTS - 1)
        assert run(at, afterwards=point % 2 == 1)[0] == -signal.SIGKILL
        found = seen(store, group)
        check(found, mode, table_format)
        outcomes.add(found == after(mode))
        assert store.write(group, rows(3, PARTITIONS[:1])).rows == KEYS
        added = Counter({(PARTITIONS[0], 3): KEYS})
        assert seen(store, group) == found + added
    assert outcomes == {False, True}  # or the points were no points


def seen(store: fsql.FeatureStore, group: fsql.FeatureGroup) -> Counter[tuple[int, int]]:
    """How many rows of which generation each partition has, by engine and by scan alike."""
    found = []
    for transport in ("engine", "scan"):
        read: pa.Table = fsql.read_arrow(
            f"SELECT p, v FROM {group.name}", store.engine, transport=transport
        )
        pairs = zip(read["p"].to_pylist(), read["v"].to_pylist(), strict=True)
        found.append(Counter(pairs))
    assert found[0] == found[1]
    return found[0]


def before() -> Counter[tuple[int, int]]:
    return Counter({(p, 1): KEYS for p in PARTITIONS})


def after(mode: str) -> Counter[tuple[int, int]]:
    new = Counter({(p, 2): KEYS for p in PARTITIONS})
    return before() + new if mode == "append" else new


def check(found: Counter[tuple[int, int]], mode: str, table_format: str) -> None:
    """Old or new: of an Iceberg table all of it, of a Hive-style one each partition."""
    if table_format == "iceberg":
        assert found in (before(), after(mode))
        return
    for partition in PARTITIONS:
        mine = of(found, partition)
        assert mine in (of(before(), partition), of(after(mode), partition))


def of(found: Counter[tuple[int, int]], partition: int) -> Counter[tuple[int, int]]:
    return Counter({key: count for key, count in found.items() if key[0] == partition})
