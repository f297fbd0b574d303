"""An upsert that a token names counts once, whatever was killed, refused or done in between."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from botocore.awsrequest import AWSResponse, HTTPHeaders

import fsql
from fsql.errors import CommitConflict, PartlyWritten, StorageError
from fsql.types import Timestamp
from tests.programs import ran

DAY = 86_400_000_000


def group(**options: Any) -> fsql.FeatureGroup:
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        *("a", "b", "once", "v0001"),
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("ms")),
        sa.Column("s", sa.String),
        keys=["k"],
        event_time="t",
        **options,
    )
    return made


GROUP = group()


def rows(text: str, *keys: int, days: int = 1) -> pa.Table:
    """A row for each key and each of the first days."""
    each = [(key, day) for key in keys for day in range(days)]
    times = pa.array([day * DAY // 1000 for _, day in each], pa.timestamp("ms"))
    return pa.table({"k": [key for key, _ in each], "t": times, "s": [text] * len(each)})


@pytest.fixture
def store(tmp_path: Any) -> Iterator[fsql.FeatureStore]:
    """A store with the group, in which no test may leave anything staged."""
    made = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    made.create(GROUP)
    yield made
    assert not [entry.name for entry in made.catalog.entries() if "stage" in entry.name]
    assert made.catalog.storage.list(f"{made.catalog.aws.staging}stage/") == []


def texts(store: fsql.FeatureStore) -> dict[int, str]:
    """The text of each key's only row."""
    found = fsql.read_arrow(f"SELECT k, s FROM {GROUP.name}", store.engine).to_pydict()
    assert len(found["k"]) == len(set(found["k"]))
    return dict(zip(found["k"], found["s"], strict=True))


def upsert(store: fsql.FeatureStore, data: pa.Table, token: str | None = None) -> Any:
    return store.write(GROUP.name, data, mode="upsert", token=token)


@contextmanager
def refusing(store: fsql.FeatureStore, first: int) -> Iterator[list[str]]:
    """Athena takes no statement from the `first` on; those that it was sent."""
    sent: list[str] = []

    def refuse(params: Any, **_: Any) -> object:
        sent.append(params["body"].decode() if isinstance(params, dict) else "")
        if len(sent) < first:
            return None
        error = {"Code": "AccessDeniedException", "Message": "not you"}
        parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return AWSResponse("https://athena", 400, HTTPHeaders(), None), parsed

    events: Any = store.catalog.aws.session.events
    events.register_first("before-call.athena.StartQueryExecution", refuse)
    try:
        yield sent
    finally:
        events.unregister("before-call.athena.StartQueryExecution", refuse)


def test_a_token_counts_once_whoever_came_after(store: fsql.FeatureStore) -> None:
    first = upsert(store, rows("a", 1, 2), "monday")
    assert first.rows == 2
    upsert(store, rows("b", 2, 3))
    again = upsert(store, rows("a", 1, 2), "monday")
    assert again.rows == 0
    assert str(again) == (
        f"A write of this token is in {GROUP.name} already, in snapshot {first.snapshot_id};"
        " nothing was written."
    )
    assert texts(store) == {1: "a", 2: "b", 3: "b"}


def test_other_tokens_are_other_upserts(store: fsql.FeatureStore) -> None:
    upsert(store, rows("a", 1), "monday")
    upsert(store, rows("b", 1), "tuesday")
    assert texts(store) == {1: "b"}


def test_a_table_that_is_made_anew_knows_no_token(store: fsql.FeatureStore) -> None:
    upsert(store, rows("a", 1), "monday")
    store.drop(GROUP, purge=True)
    store.create(GROUP)
    assert upsert(store, rows("b", 1), "monday").rows == 1
    assert texts(store) == {1: "b"}


def test_no_rows_leave_the_token_free(store: fsql.FeatureStore) -> None:
    assert upsert(store, rows("a", 1).slice(1), "monday").rows == 0
    assert upsert(store, rows("a", 1), "monday").rows == 1


def test_what_athena_refused_is_not_done(store: fsql.FeatureStore) -> None:
    with refusing(store, first=1), pytest.raises(StorageError, match="not you"):
        upsert(store, rows("a", 1), "monday")
    assert texts(store) == {}
    assert upsert(store, rows("a", 1), "monday").rows == 1
    assert texts(store) == {1: "a"}


def test_two_at_once_count_once(store: fsql.FeatureStore) -> None:
    other = fsql.FeatureStore(store.engine.url)

    def once(which: fsql.FeatureStore) -> int:
        try:
            return int(upsert(which, rows("a", *range(50)), "monday").rows)
        except CommitConflict:
            return 0

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(once, (store, other)))
    upsert(store, rows("b", 1))
    assert upsert(other, rows("a", *range(50)), "monday").rows in (0, 50)
    assert upsert(other, rows("a", *range(50)), "monday").rows == 0
    assert len(texts(store)) == 50


def test_the_statements_that_were_done_are_not_done_again(tmp_path: Any) -> None:
    store = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    store.create(group(partition_by=["day(t)"]))
    with refusing(store, first=2), pytest.raises(PartlyWritten, match="with the same token"):
        upsert(store, rows("a", 1, days=150), "monday")
    counted = f"SELECT s, count(*) AS n FROM {GROUP.name} GROUP BY s ORDER BY s"
    assert fsql.read_arrow(counted, store.engine).to_pydict() == {"s": ["a"], "n": [100]}
    upsert(store, rows("b", 1, days=10))
    assert upsert(store, rows("a", 1, days=150), "monday").rows == 150
    assert fsql.read_arrow(counted, store.engine).to_pydict() == {"s": ["a", "b"], "n": [140, 10]}
    assert not [entry.name for entry in store.catalog.entries() if "stage" in entry.name]


def test_hive_style_groups_know_tokens_too(tmp_path: Any) -> None:
    store = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    store.create(group(partition_by=["day(t)"], table_format="hive"))
    assert upsert(store, rows("a", 1, 2), "monday").rows == 2
    upsert(store, rows("b", 2))
    assert upsert(store, rows("a", 1, 2), "monday").rows == 0
    assert texts(store) == {1: "a", 2: "b"}


KILLED = """
import importlib, os, signal, sys
import pyarrow as pa
import fsql
from fsql.writer.upsert_once import UpsertOnce

def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

upsert = importlib.import_module("fsql.writer.upsert")
where = sys.argv[2]
store = fsql.FeatureStore(sys.argv[1])
if where == "staging":
    UpsertOnce.keep = die
elif where == "noted":
    upsert._executed = die
elif where == "merging":
    events = store.catalog.aws.session.events
    events.register_first("before-call.athena.GetQueryExecution", die)
elif where == "merged":
    UpsertOnce.mark = die
elif where == "marked":
    UpsertOnce.discard = die
times = pa.array([0, 0], pa.timestamp("ms"))
data = pa.table({"k": [1, 2], "t": times, "s": ["a", "a"]})
store.write("a_b_once_v0001", data, mode="upsert", token="monday")
"""


@pytest.mark.parametrize("where", ["staging", "noted", "merging", "merged", "marked"])
def test_one_that_was_killed_is_gone_on_with(store: fsql.FeatureStore, where: str) -> None:
    assert ran(KILLED, store.engine.url.render_as_string(), where) == -signal.SIGKILL
    there = texts(store)
    done = {1: "a", 2: "a"}
    assert there in (
        {"merging": [{}, done]}.get(where, [done if where in ("merged", "marked") else {}])
    )
    upsert(store, rows("b", 2))
    again = upsert(store, rows("a", 1, 2), "monday")
    assert texts(store) == {1: "a", 2: "b" if there else "a"}
    if where == "marked":
        assert again.rows == 0
        # Nothing but a tidying up remains to be done.
        result = store.compact(GROUP.name, older_than=dt.timedelta(0))
        assert len(result.leftovers) == 1
