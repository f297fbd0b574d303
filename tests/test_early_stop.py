"""Whoever stops reading early, or is stopped, leaves no staged objects and no busy connection."""

from __future__ import annotations

import _thread
import gc
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import QueryError
from fsql.types import Array

metadata = sa.MetaData()
item = fsql.FeatureGroup(
    "shop", "web", "item", "v0001", metadata,
    sa.Column("id", sa.BigInteger), sa.Column("pair", Array(sa.BigInteger)), keys=["id"],
)  # fmt: skip
ROWS = 30_000
# All of them are unloaded, as they are nested.
NESTED = "SELECT id, pair FROM shop_web_item_v0001"
FAILING = "SELECT pair, id / (id - 9000) AS no FROM shop_web_item_v0001"
ENDLESS = (
    "SELECT a.pair FROM shop_web_item_v0001 a CROSS JOIN shop_web_item_v0001 b"
    " CROSS JOIN shop_web_item_v0001 c WHERE sin(a.id) + sin(b.id) + sin(c.id) > 4"
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    store = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('early')}/store")
    store.create(item)
    ids = list(range(ROWS))
    pairs = pa.array([[n, n] for n in ids], pa.list_(pa.int64()))
    store.write(item, pa.table({"id": ids, "pair": pairs}), progress=False)
    yield store.engine
    store.engine.dispose()


def staged(engine: sa.Engine) -> list[Path]:
    folder = Path(engine.url.database or "")
    return [path for path in folder.rglob("*") if "unload" in path.parts and path.is_file()]


def busy(engine: sa.Engine) -> int:
    pool: Any = engine.pool
    return int(pool.checkedout())


def assert_clean(engine: sa.Engine) -> None:
    assert staged(engine) == []
    assert busy(engine) == 0


def test_chunks_that_are_closed(engine: sa.Engine) -> None:
    chunks: Any = fsql.read_sql(NESTED, engine, chunksize=10, transport="engine")
    assert len(next(chunks)) == 10
    assert len(staged(engine)) > 0
    chunks.close()
    assert_clean(engine)


def test_chunks_that_are_dropped(engine: sa.Engine) -> None:
    for chunk in fsql.read_sql(NESTED, engine, chunksize=10, transport="engine"):
        assert len(chunk) == 10
        break
    gc.collect()
    assert_clean(engine)


def test_an_exception_between_chunks(engine: sa.Engine) -> None:
    def consume() -> None:
        for _ in fsql.read_sql(NESTED, engine, chunksize=10, transport="engine"):
            raise KeyError("the consumer's own")

    with pytest.raises(KeyError):
        consume()
    gc.collect()
    assert_clean(engine)


@pytest.mark.parametrize("read", [0, 1])
def test_batches_that_are_dropped(engine: sa.Engine, read: int) -> None:
    reader = fsql.read_batches(NESTED, engine, transport="engine")
    for _ in range(read):
        reader.read_next_batch()
    assert len(staged(engine)) > 0
    del reader
    gc.collect()
    assert_clean(engine)


def test_batches_read_to_the_end(engine: sa.Engine) -> None:
    reader = fsql.read_batches(NESTED, engine, transport="engine")
    table = pa.Table.from_batches(reader, reader.schema)
    assert table.num_rows == ROWS
    assert_clean(engine)


def test_a_failed_query(engine: sa.Engine) -> None:
    for read in (fsql.read_sql, fsql.read_arrow, fsql.read_batches):
        with pytest.raises(QueryError, match="DIVISION_BY_ZERO"):
            read(FAILING, engine)
        assert_clean(engine)


def test_a_cursor_that_is_forgotten(engine: sa.Engine) -> None:
    """What pandas leaves behind of a chunked read that stops early."""
    frames = pd.read_sql(NESTED, engine, chunksize=10)
    next(frames)
    assert len(staged(engine)) > 0
    del frames
    connection = fsql.connect(engine.url)
    cursor: Any = connection.cursor().execute(NESTED)
    assert cursor.fetchone() == (0, [0, 0])
    del cursor, connection
    gc.collect()
    assert staged(engine) == []


def states(engine: sa.Engine) -> list[str]:
    with fsql.connect(engine.url) as connection:
        athena = connection.aws.client("athena")
        ids = athena.list_query_executions()["QueryExecutionIds"]
        found = athena.batch_get_query_execution(QueryExecutionIds=ids[:50])["QueryExecutions"]
    return [each["Status"]["State"] for each in found]


def when_running(engine: sa.Engine, act: Any) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 120
        while "RUNNING" not in states(engine) and time.monotonic() < deadline:
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_ctrl_c_cancels_the_query(engine: sa.Engine) -> None:
    thread = when_running(engine, _thread.interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        fsql.read_sql(ENDLESS, engine)
    thread.join()
    gc.collect()
    assert "RUNNING" not in states(engine)
    assert "CANCELLED" in states(engine)
    assert_clean(engine)


def test_any_other_end_cancels_the_query(engine: sa.Engine) -> None:
    """Such as the exit that a service's signal handler asks for."""

    def leave(*_: Any) -> None:
        raise SystemExit(3)

    before = signal.signal(signal.SIGUSR1, leave)
    main = threading.main_thread().ident
    assert main is not None
    thread = when_running(engine, lambda: signal.pthread_kill(main, signal.SIGUSR1))
    try:
        with pytest.raises(SystemExit):
            fsql.read_sql(ENDLESS, engine)
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    gc.collect()
    assert "RUNNING" not in states(engine)
    assert_clean(engine)
