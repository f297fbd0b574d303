"""What AWS answers on bad days: tried again within bounds, then a clear error and the old state."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import CommitConflict, FsqlError, QueryFailed, StorageError
from fsql.types import Timestamp
from tests.faults.proxy import Answer, Fault, FaultyProxy, Request, json_error, s3_error

ALWAYS = 10_000
MOST_TRIES = 40  # of one request and of those that follow from it
ROWS = pa.table({"k": [1, 2], "t": pa.array([0, 1000], pa.timestamp("ms")), "v": [[1], None]})

SLOW_DOWN = s3_error(503, "SlowDown")
INTERNAL = s3_error(500, "InternalError")


def declared(table_format: str) -> fsql.FeatureGroup:
    return fsql.FeatureGroup(
        "fault",
        table_format,
        f"e{uuid.uuid4().hex[:8]}",
        "v0001",
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("ms")),
        sa.Column("v", fsql.types.Array(sa.BigInteger)),
        keys=["k"],
        event_time="t",
        table_format=table_format,
    )


@pytest.fixture(params=["iceberg", "hive"])
def group(request: pytest.FixtureRequest, store: fsql.FeatureStore) -> Iterator[fsql.FeatureGroup]:
    """A group with two rows."""
    made = declared(request.param)
    store.create(made)
    store.write(made, ROWS)
    yield made
    store.drop(made, purge=True)


@pytest.fixture
def iceberg(store: fsql.FeatureStore) -> Iterator[fsql.FeatureGroup]:
    made = declared("iceberg")
    store.create(made)
    store.write(made, ROWS)
    yield made
    store.drop(made, purge=True)


def count(store: fsql.FeatureStore, group: fsql.FeatureGroup) -> int:
    """How many rows there are, as both transports see it."""
    sql = f"SELECT k, t, v FROM {group.name}"
    found = {
        len(fsql.read_arrow(sql, store.engine, transport="engine")),
        len(fsql.read_arrow(sql, store.engine, transport="scan")),
    }
    assert len(found) == 1
    return found.pop()


def is_data(request: Request) -> bool:
    return ".parquet" in request.path


@pytest.mark.parametrize("answer", [SLOW_DOWN, INTERNAL], ids=["503", "500"])
def test_s3_is_asked_again_for_a_write(
    store: fsql.FeatureStore, group: fsql.FeatureGroup, proxy: FaultyProxy, answer: Answer
) -> None:
    with proxy.suffering(Fault("s3.PUT", answer, times=2), Fault("s3.GET", answer, times=2)):
        assert store.write(group, ROWS).rows == 2
        assert [fault.hits for fault in proxy.faults] == [2, 2]
    assert count(store, group) == 4


@pytest.mark.parametrize("transport", ["engine", "scan"])
def test_s3_is_asked_again_for_a_read(
    store: fsql.FeatureStore, group: fsql.FeatureGroup, proxy: FaultyProxy, transport: str
) -> None:
    with proxy.suffering(Fault("s3.GET", SLOW_DOWN, times=2)):
        sql = f"SELECT k, v FROM {group.name}"
        read = fsql.read_arrow(sql, store.engine, transport=transport)  # type: ignore[arg-type]
        assert proxy.faults[0].hits == 2
    assert read.num_rows == 2


@pytest.mark.slow
@pytest.mark.parametrize("answer", [SLOW_DOWN, INTERNAL], ids=["503", "500"])
def test_s3_that_refuses_data_files_for_good_changes_nothing(
    store: fsql.FeatureStore, group: fsql.FeatureGroup, proxy: FaultyProxy, answer: Answer
) -> None:
    with proxy.suffering(Fault("s3.PUT", answer, times=ALWAYS, where=is_data)):
        with pytest.raises(StorageError, match=r"cannot be written; nothing was"):
            store.write(group, ROWS)
        assert 1 < proxy.faults[0].hits <= MOST_TRIES
    assert count(store, group) == 2
    store.write(group, ROWS)
    assert count(store, group) == 4


@pytest.mark.slow
def test_s3_that_refuses_what_makes_a_write_visible_changes_nothing(
    store: fsql.FeatureStore, group: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    fault = Fault("s3.PUT", SLOW_DOWN, times=ALWAYS, where=lambda request: not is_data(request))
    with proxy.suffering(fault):
        with pytest.raises(StorageError, match=r"nothing was|Nobody knows"):
            store.write(group, ROWS)
        assert 1 < proxy.faults[0].hits <= MOST_TRIES
    assert count(store, group) == 2
    store.write(group, ROWS)
    assert count(store, group) == 4


@pytest.mark.slow
def test_s3_that_gives_no_files_is_a_clear_error(
    store: fsql.FeatureStore, group: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    with proxy.suffering(Fault("s3.GET", SLOW_DOWN, times=ALWAYS)):
        with pytest.raises(StorageError, match=r"SLOW_DOWN|SlowDown|SERVICE_UNAVAILABLE"):
            fsql.read_arrow(f"SELECT k FROM {group.name}", store.engine, transport="scan")
        assert proxy.faults[0].hits <= MOST_TRIES
    assert count(store, group) == 2


def test_glue_that_was_changed_meanwhile_is_asked_again(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    changed = json_error(400, "ConcurrentModificationException")
    with proxy.suffering(Fault("AWSGlue.UpdateTable", changed, times=2)):
        assert store.write(iceberg, ROWS).rows == 2
        assert proxy.count("AWSGlue.UpdateTable") == 3
    assert count(store, iceberg) == 4


@pytest.mark.slow
def test_glue_that_is_always_changed_meanwhile_is_a_conflict(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    changed = json_error(400, "ConcurrentModificationException")
    with proxy.suffering(Fault("AWSGlue.UpdateTable", changed, times=ALWAYS)):
        with pytest.raises(CommitConflict, match="nothing was written"):
            store.write(iceberg, ROWS)
        assert 1 < proxy.faults[0].hits <= MOST_TRIES
    assert count(store, iceberg) == 2


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServiceException"])
def test_glue_that_is_busy_is_asked_again(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy, code: str
) -> None:
    status = 400 if code == "ThrottlingException" else 500
    busy = json_error(status, code)
    with proxy.suffering(
        Fault("AWSGlue.GetTable", busy, times=2), Fault("AWSGlue.UpdateTable", busy, times=1)
    ):
        assert store.write(iceberg, ROWS).rows == 2
        assert [fault.hits for fault in proxy.faults] == [2, 1]
    assert count(store, iceberg) == 4


def test_a_commit_whose_answer_is_lost_counts_once(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    lost = json_error(500, "InternalServiceException")
    with proxy.suffering(Fault("AWSGlue.UpdateTable", lost, afterwards=True)):
        result = store.write(iceberg, ROWS)
    assert result.rows == 2
    assert count(store, iceberg) == 4


def test_a_manifest_whose_answer_is_lost_counts_once(
    store: fsql.FeatureStore, proxy: FaultyProxy
) -> None:
    group = declared("hive")
    store.create(group)
    lost = Fault("s3.PUT", INTERNAL, afterwards=True, where=lambda r: "manifest" in r.path)
    with proxy.suffering(lost):
        assert store.write(group, ROWS).rows == 2
        assert proxy.faults[0].hits == 1
    assert count(store, group) == 2
    store.drop(group, purge=True)


def test_athena_that_is_busy_is_asked_again(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    busy = json_error(400, "TooManyRequestsException")
    start, poll = "AmazonAthena.StartQueryExecution", "AmazonAthena.GetQueryExecution"
    with proxy.suffering(Fault(start, busy, times=2), Fault(poll, busy, times=2)):
        assert count(store, iceberg) == 2
        assert [fault.hits for fault in proxy.faults] == [2, 2]


@pytest.mark.slow
def test_athena_that_is_always_busy_is_a_clear_error(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    busy = json_error(400, "TooManyRequestsException")
    with proxy.suffering(Fault("AmazonAthena.StartQueryExecution", busy, times=ALWAYS)):
        with pytest.raises(QueryFailed, match="TooManyRequestsException"):
            count(store, iceberg)
        assert 1 < proxy.faults[0].hits <= MOST_TRIES


def failed_inside(request: Request) -> Answer:
    """A query that ended with an error of Athena's own."""
    reason = "GENERIC_INTERNAL_ERROR: A node was lost."
    execution = {
        "QueryExecutionId": json.loads(request.body)["QueryExecutionId"],
        "Query": "SELECT 1",
        "StatementType": "DML",
        "Status": {
            "State": "FAILED",
            "StateChangeReason": reason,
            "AthenaError": {
                "ErrorCategory": 1,
                "ErrorType": 200,
                "Retryable": True,
                "ErrorMessage": reason,
            },
        },
    }
    body = json.dumps({"QueryExecution": execution}).encode()
    return Answer(200, body, {"Content-Type": "application/x-amz-json-1.1"})


@pytest.mark.parametrize("columns", ["k", "k, v"], ids=["rows", "unload"])
def test_a_query_that_failed_inside_athena_runs_again(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy, columns: str
) -> None:
    with proxy.suffering(Fault("AmazonAthena.GetQueryExecution", failed_inside, times=2)):
        sql = f"SELECT {columns} FROM {iceberg.name}"
        assert len(fsql.read_arrow(sql, store.engine, transport="engine")) == 2
        assert proxy.count("AmazonAthena.StartQueryExecution") == 3


@pytest.mark.slow
def test_a_query_that_always_fails_inside_athena_is_a_clear_error(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    with proxy.suffering(Fault("AmazonAthena.GetQueryExecution", failed_inside, times=ALWAYS)):
        with pytest.raises(QueryFailed, match=r"A node was lost.* failed every time"):
            count(store, iceberg)
        assert proxy.count("AmazonAthena.StartQueryExecution") == 4


def test_a_statement_that_changes_data_is_not_run_again(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    sql = sa.text(f"INSERT INTO {iceberg.name} VALUES (7, TIMESTAMP '2024-01-01 00:00:00', NULL)")
    with (
        proxy.suffering(Fault("AmazonAthena.GetQueryExecution", failed_inside)),
        store.engine.connect() as connection,
    ):
        with pytest.raises(sa.exc.OperationalError, match=r"A node was lost"):
            connection.execute(sql)
        assert proxy.count("AmazonAthena.StartQueryExecution") == 1


def test_every_error_is_one_of_ours(
    store: fsql.FeatureStore, iceberg: fsql.FeatureGroup, proxy: FaultyProxy
) -> None:
    denied = json_error(400, "AccessDeniedException")
    for operation in ("AWSGlue.GetTable", "AWSGlue.UpdateTable"):
        with (
            proxy.suffering(Fault(operation, denied, times=ALWAYS)),
            pytest.raises(FsqlError, match="AccessDenied"),
        ):
            store.write(iceberg, ROWS)
    assert count(store, iceberg) == 2
