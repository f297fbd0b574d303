"""Writers of Hive-style groups at once, failing or killed: each partition is old or new."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

import fsql
from fsql.errors import CommitConflict, StorageError, TableNotFound
from fsql.formats.hive import publishing
from tests.programs import Program

PARTS = 12
ROWS = 100


def declared(entity: str) -> fsql.FeatureGroup:
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a",
        "b",
        entity,
        "v0001",
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("p", sa.String),
        sa.Column("v", sa.BigInteger),
        keys=["k"],
        partition_by="p",
        table_format="hive",
    )
    return made


def data(v: int, parts: int = PARTS) -> pa.Table:
    """The same number of rows in each of some partitions."""
    count = parts * ROWS
    keys = pa.array(range(count), pa.int64())
    names = pa.array([f"p{n % parts}" for n in range(count)])
    return pa.table({"k": keys, "p": names, "v": pa.array([v] * count, pa.int64())})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('writers')}/store")


def counts(store: fsql.FeatureStore, group: fsql.FeatureGroup) -> dict[tuple[str, int], int]:
    """Rows by partition and v, on which the engine, a scan and the manifests agree."""
    sql = f"SELECT p, v FROM {group.name}"
    found = []
    for transport in ("engine", "scan"):
        rows = fsql.read_arrow(sql, store.engine, transport=transport)
        table = rows.group_by(["p", "v"]).aggregate([([], "count_all")]).to_pylist()
        found.append({(row["p"], row["v"]): row["count_all"] for row in table})
    assert found[0] == found[1]
    assert store.describe(group).totals.rows == sum(found[0].values())
    return found[0]


# --- at once --------------------------------------------------------------------------------------

WRITER = """
import sys
import pyarrow as pa
import fsql
from tests.test_hive_writers import data

store = fsql.FeatureStore(sys.argv[1])
for number in range(int(sys.argv[3]), int(sys.argv[3]) + 5):
    store.write(sys.argv[2], data(number, 3))
"""


def test_writers_at_once_lose_nothing_and_write_nothing_twice(store: fsql.FeatureStore) -> None:
    group = declared("crowd")
    store.create(group)
    url = store.engine.url.render_as_string()
    writers = [Program(WRITER, url, group.name, str(100 * n)) for n in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    numbers = [100 * n + i for n in range(4) for i in range(5)]
    expected = {(f"p{part}", number): ROWS for part in range(3) for number in numbers}
    assert counts(store, group) == expected


# --- killed ---------------------------------------------------------------------------------------

KILLED = """
import sys
import fsql
from tests.test_hive_writers import data

store = fsql.FeatureStore(sys.argv[1])
print("ready", flush=True)
store.write(sys.argv[2], data(int(sys.argv[3])), mode=sys.argv[4], token=sys.argv[5] or None)
print("done", flush=True)
"""


def killed(store: fsql.FeatureStore, *arguments: str, after: int) -> bool:
    """Run a writer and kill it when so many manifests name its files; whether it was done."""
    url = store.engine.url.render_as_string()
    group = arguments[0]
    before = manifests(store, group)
    with Program(KILLED, url, *arguments) as process:
        assert process.stdout.readline() == "ready\n"
        until = time.monotonic() + 120
        while len(manifests(store, group) - before) < after and process.poll() is None:
            assert time.monotonic() < until
        process.kill()
        return process.stdout.readline() == "done\n"


def manifests(store: fsql.FeatureStore, name: str) -> set[tuple[str, int]]:
    prefix = f"warehouse/feature_store/{name}/_manifests/"
    s3 = store.catalog.aws.client("s3")
    found = s3.list_objects_v2(Bucket="fsql-local", Prefix=prefix).get("Contents", ())
    return {(each["Key"], each["ETag"]) for each in found if each["Size"]}


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions"])
def test_a_killed_write_is_finished_by_its_token(store: fsql.FeatureStore, mode: str) -> None:
    group = declared(f"killed{mode.replace('_', '')}")
    store.create(group)
    store.write(group, data(1, PARTS + 2))
    old = {(f"p{part}", 1): ROWS for part in range(PARTS + 2)}
    new = {
        "append": old | {(f"p{part}", 2): ROWS for part in range(PARTS)},
        "overwrite": {(f"p{part}", 2): ROWS for part in range(PARTS)},
        "overwrite_partitions": {(f"p{part}", 2): ROWS for part in range(PARTS)}
        | {(f"p{part}", 1): ROWS for part in (PARTS, PARTS + 1)},
    }[mode]
    killed(store, group.name, "2", mode, "token", after=2)
    for part, found in between(counts(store, group)).items():
        states = [between(state).get(part, {}) for state in (old, new)]
        assert found in states
    store.write(group, data(2), mode=mode, token="token")
    assert counts(store, group) == new
    assert store.write(group, data(2), mode=mode, token="token").rows == 0
    assert counts(store, group) == new


def between(found: dict[tuple[str, int], int]) -> dict[str, dict[int, int]]:
    parts: dict[str, dict[int, int]] = {}
    for (part, v), count in found.items():
        parts.setdefault(part, {})[v] = count
    return parts


@pytest.mark.parametrize("after", [0, 1, PARTS + 1])
def test_after_a_kill_others_write_on(store: fsql.FeatureStore, after: int) -> None:
    group = declared(f"dead{after}")
    store.create(group)
    killed(store, group.name, "1", "append", "", after=after)
    found = counts(store, group)
    assert set(found.values()) <= {ROWS}
    store.write(group, data(2))
    assert counts(store, group) == found | {(f"p{part}", 2): ROWS for part in range(PARTS)}


# --- failed ---------------------------------------------------------------------------------------

Handler = Callable[..., Any]


@pytest.fixture
def on_put(store: fsql.FeatureStore) -> Iterator[Callable[[Handler], None]]:
    """Registers what happens before a manifest is put."""
    events = store.catalog.aws.client("s3").meta.events
    registered: list[Handler] = []

    def register(handler: Handler) -> None:
        registered.append(handler)
        events.register_first("before-call.s3.PutObject", handler)

    yield register
    for handler in registered:
        events.unregister("before-call.s3.PutObject", handler)


def test_a_writer_that_is_always_overtaken_says_what_is_new(
    store: fsql.FeatureStore,
    on_put: Callable[[Handler], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = declared("overtaken")
    store.create(group)
    store.write(group, data(1, 3))
    others, number = fsql.FeatureStore(store.engine.url.render_as_string()), iter(range(10, 99))

    def overtake(params: Any, **kw: Any) -> None:
        if "p1/manifest" in params["url"]:
            others.write(group, data(next(number), 3).filter(pa.compute.field("p") == "p1"))

    monkeypatch.setattr(publishing, "ATTEMPTS", 3)
    on_put(overtake)
    said = (
        r"quicker \d+ times over\. Has the new rows: p=p\d, p=p\d\. Is as before: p=p1\. Write"
        " again; with token= a partition that has the rows already is left alone"
    )
    with pytest.raises(CommitConflict, match=said):
        store.write(group, data(2, 3))
    found = counts(store, group)
    assert (found["p0", 2], found["p2", 2]) == (ROWS, ROWS)
    assert ("p1", 2) not in found
    assert sum(v >= 10 for _, v in found) == 3


@pytest.mark.parametrize("status", [403, 500])
def test_what_aws_refuses_is_said_partition_by_partition(
    store: fsql.FeatureStore, on_put: Callable[[Handler], None], status: int
) -> None:
    group = declared(f"refused{status}")
    store.create(group)
    store.write(group, data(1, 3))

    def refuse(params: Any, **kw: Any) -> Any:
        if "p1/manifest" not in params["url"]:
            return None
        error = {"Code": "No", "Message": "no"}
        answer = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
        return AWSResponse(params["url"], status, HTTPHeaders(), None), answer

    on_put(refuse)
    state = {403: "Is as before: p=p1", 500: "Is the one or the other: p=p1"}[status]
    with pytest.raises(StorageError, match=rf"Has the new rows: p=p\d, p=p\d\. {state}"):
        store.write(group, data(2, 3), token="x")
    left = [found.uri for found in store.catalog.storage.list(f"{place(store, group)}/p=p1/")]
    assert len(left) == {403: 1, 500: 2}[status]
    refusing = counts(store, group)
    assert ("p1", 2) not in refusing


def place(store: fsql.FeatureStore, group: fsql.FeatureGroup) -> str:
    return str(store.describe(group).location)


def test_a_table_that_goes_meanwhile_is_missed(store: fsql.FeatureStore) -> None:
    group = declared("gone")
    store.create(group)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from data(1).to_batches()
        store.drop(group, purge=True)

    reader = pa.RecordBatchReader.from_batches(data(1).schema, batches())
    with pytest.raises(TableNotFound):
        store.write(group, reader)
    root = "s3://fsql-local/warehouse/feature_store/a_b_gone_v0001/"
    assert not store.catalog.storage.list(root)


def test_a_table_that_is_made_anew_meanwhile_is_left_alone(store: fsql.FeatureStore) -> None:
    group = declared("anew")
    store.create(group)
    store.write(group, data(1))

    def batches() -> Iterator[pa.RecordBatch]:
        yield from data(2).to_batches()
        store.drop(group)
        store.create(group)

    reader = pa.RecordBatchReader.from_batches(data(1).schema, batches())
    with pytest.raises(CommitConflict, match="was made anew while its rows were written"):
        store.write(group, reader)
    assert counts(store, group) == {}
