"""DuckDB behind its walls: what a session may see, how it stops, what it counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fsql.local.athena.owners import is_alive, this_process
from fsql.local.engine import Cancelled, Engine, Session, literal
from fsql.local.objects.folder import FolderObjects
from fsql.local.runner import Runner
from fsql.local.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    (made.buckets / "b").mkdir()
    return made


@pytest.fixture
def engine(store: Store) -> Iterator[Engine]:
    made = Engine(FolderObjects(store), 2)
    yield made
    made.close()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with engine.session() as opened:
        yield opened


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_text('{root}/catalog.db')",
        "SELECT * FROM read_blob('{root}/s3/../catalog.db')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/hostname'",
        "COPY (SELECT 1) TO '/tmp/fsql-test-escape.csv'",
        "COPY (SELECT 1) TO '{root}/s3/../out.csv'",
        "ATTACH '{root}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        "PRAGMA disable_profiling",
        "SELECT * FROM session",
    ],
)
def test_nothing_outside_the_stores_objects_can_be_reached(
    store: Store, session: Session, sql: str
) -> None:
    with pytest.raises(duckdb.Error):
        session.rows_of(sql.replace("{root}", str(store.root)))
    assert session.rows_of("SELECT 1") == [(1,)]


def test_objects_are_read_and_counted(store: Store, session: Session) -> None:
    path = store.buckets / "b" / "it's.parquet"
    pq.write_table(
        pa.table({"a": range(100_000), "b": [f"{i:x<40}" for i in range(100_000)]}), path
    )
    scan = f"read_parquet({literal([str(path)])})"
    assert session.rows_of(f"SELECT sum(a) FROM {scan}") == [(4_999_950_000,)]
    one, size = session.scanned, path.stat().st_size
    assert 0 < one < size * 0.9
    assert session.rows == 100_000
    list(session.stream(f"SELECT * FROM {scan}"))
    assert size * 0.9 < session.scanned - one <= size * 1.1
    for _ in session.chunks(f"SELECT a FROM {scan}"):
        pass
    assert session.rows == 300_000


def test_the_same_query_counts_the_same_bytes_again(store: Store, engine: Engine) -> None:
    path = store.buckets / "b" / "t.parquet"
    pq.write_table(pa.table({"a": range(10_000)}), path)
    counted = []
    for _ in range(3):
        with engine.session() as session:
            session.rows_of(f"SELECT sum(a) FROM read_parquet({literal(str(path))})")
            counted.append(session.scanned)
    assert len(set(counted)) == 1


LONG = "SELECT count(*) FROM range(100000000000) t(x) WHERE (x * 7) % 13 = 5"
MANY = "SELECT a.range || 'x' AS v FROM range(1000000) a CROSS JOIN range(1000000)"


@pytest.mark.parametrize("how", ["rows_of", "stream", "chunks"])
@pytest.mark.parametrize("sql", [LONG, MANY])
def test_a_session_stops_when_it_is_cancelled(engine: Engine, how: str, sql: str) -> None:
    if how == "rows_of" and sql is MANY:
        pytest.skip("would fill the memory before it is cancelled")
    with engine.session() as session:
        threading.Timer(0.2, session.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            for _ in getattr(session, how)(sql):
                pass
        assert time.monotonic() - started < 60  # they would take hours
        with pytest.raises(Cancelled):
            session.rows_of("SELECT 1")
    with engine.session() as other:
        assert other.rows_of("SELECT 2") == [(2,)]


def test_a_result_given_up_half_way_leaves_the_session_usable(session: Session) -> None:
    for how in (session.stream, session.chunks):
        rows = iter(how("SELECT range AS v FROM range(1000000)"))
        next(rows)
        del rows
        assert session.rows_of("SELECT 1") == [(1,)]


@pytest.mark.parametrize("how", ["rows_of", "stream", "chunks"])
def test_errors_keep_their_class(session: Session, how: str) -> None:
    late = "SELECT CAST(CASE WHEN range > 90000 THEN 'x' ELSE '1' END AS INT) FROM range(100000)"
    with pytest.raises(duckdb.ConversionException):
        list(getattr(session, how)(late))
    with pytest.raises(duckdb.CatalogException):
        list(getattr(session, how)("SELECT * FROM nope"))


def test_python_functions_are_there_for_one_query_only(session: Session) -> None:
    with session.function(lambda value: f"<{value}>", "BIGINT") as name:
        sql = f"SELECT {name}(v) FROM (VALUES (1), (NULL)) AS t(v)"
        assert session.rows_of(sql) == [("<1>",), ("<None>",)]
    with pytest.raises(duckdb.CatalogException):
        session.rows_of(sql)


def test_the_session_is_in_utc(session: Session) -> None:
    assert session.rows_of("SELECT current_setting('TimeZone')") == [("UTC",)] or session.rows_of(
        "SELECT CAST(TIMESTAMPTZ '2020-01-01 00:00:00+00' AS VARCHAR)"
    ) == [("2020-01-01 00:00:00+00",)]


def test_what_a_query_leaves_in_its_folder_goes(engine: Engine) -> None:
    with engine.session() as session:
        session.folder.mkdir()
        (session.folder / "left").write_text("x")
    assert not session.folder.exists()


def test_an_instance_that_duckdb_gave_up_is_replaced(store: Store) -> None:
    # Selecting a field of a struct that the file lacks breaks DuckDB 2.0 for good.
    path = store.buckets / "b" / "t.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    child = "MAP {'x': {name: 'x', type: 'INTEGER', default_value: NULL, children: NULL}}"
    column = f"{{name: 's', type: 'STRUCT(x INTEGER)', default_value: NULL, children: {child}}}"
    fatal = f"SELECT s.x FROM read_parquet({literal(str(path))}, schema=MAP {{'s': {column}}})"
    outcomes: list[str] = []
    done = threading.Semaphore(0)

    def work(sql: str) -> None:
        def run(session: Session) -> None:
            try:
                outcomes.append(str(session.rows_of(sql)))
            except duckdb.Error as error:
                outcomes.append(type(error).__name__)
            done.release()

        runner.submit(str(len(outcomes)), run, lambda why: done.release())
        done.acquire()

    runner = Runner(FolderObjects(store), list)
    try:
        for sql in ("SELECT 1", fatal, "SELECT 2"):
            work(sql)
    finally:
        runner.close()
    assert outcomes == ["[(1,)]", "InternalException", "[(2,)]"]


def test_processes_are_known_by_more_than_their_pid() -> None:
    me = this_process()
    assert is_alive(me)
    host, pid, started = me.split(":")
    assert not is_alive(f"{host}:{pid}:{started}0")
    assert not is_alive(f"{host}:{2**22 + 5}:{started}")
    assert is_alive(f"another-host:{pid}:0")
