"""`fsql.dbapi` by PEP 249: Stuart Bishop's compliance tests, and what they leave out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import dbapi20
import pytest

from fsql import dbapi


class TestCompliance(dbapi20.DatabaseAPI20Test):  # type: ignore[misc]  # untyped
    """Every test of `dbapi-compliance`, on an embedded store."""

    driver: ClassVar[Any] = dbapi
    location = "LOCATION 's3://fsql-local/warehouse/feature_store/{}/'"
    iceberg = "TBLPROPERTIES ('table_type' = 'ICEBERG')"
    ddl1 = f"CREATE TABLE dbapi20test_booze (name string) {location.format('booze')} {iceberg}"
    ddl2 = (
        "CREATE TABLE dbapi20test_barflys (name string, drink string)"
        f" {location.format('barflys')} {iceberg}"
    )

    @pytest.fixture(autouse=True)
    def store(self, tmp_path: Path) -> None:
        self.connect_args = (f"fsql:///{tmp_path}",)

    def test_non_idempotent_close(self) -> None:
        """Optional: "reasonable persons differ"; closing twice is closing, as in PyAthena."""
        connection = self._connect()
        connection.close()
        connection.close()

    def test_nextset(self) -> None:
        """Optional: Athena has no statement with two results."""
        with self._connect() as connection, connection.cursor() as cursor:
            assert not hasattr(cursor, "nextset")

    def test_setoutputsize(self) -> None:
        """May do nothing, and does."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.setoutputsize(10, 0)
            assert cursor.execute("SELECT 'longer than that'").fetchall() == [("longer than that",)]


@pytest.fixture
def connection(tmp_path: Path) -> dbapi.Connection:
    return dbapi.connect(f"fsql:///{tmp_path}")


def test_a_closed_connection_does_nothing(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    connection.close()
    calls: list[Callable[[], Any]] = [
        connection.cursor,
        connection.commit,
        connection.rollback,
        lambda: cursor.execute("SELECT 1"),
        lambda: cursor.executemany("SELECT 1", [None]),
    ]
    for call in calls:
        with pytest.raises(dbapi.ProgrammingError, match="closed"):
            call()


def test_a_closed_cursor_does_nothing(connection: dbapi.Connection) -> None:
    cursor = connection.cursor().execute("SELECT 1")
    cursor.close()
    calls: list[Callable[[], Any]] = [
        lambda: cursor.execute("SELECT 1"),
        cursor.fetchone,
        cursor.fetchmany,
        cursor.fetchall,
        lambda: next(iter(cursor)),
    ]
    for call in calls:
        with pytest.raises(dbapi.Error):
            call()


def test_context_managers_close(connection: dbapi.Connection) -> None:
    with connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(dbapi.Error):
        cursor.fetchone()
    with pytest.raises(dbapi.Error):
        connection.commit()


def test_iteration_and_rownumber(connection: dbapi.Connection) -> None:
    """PEP 249's optional extensions, and `connection` of a cursor."""
    cursor = connection.cursor().execute("SELECT n FROM (VALUES 1, 2, 3) AS t (n) ORDER BY n")
    assert cursor.rownumber == 0
    assert next(cursor) == (1,)
    assert cursor.rownumber == 1
    assert list(cursor) == [(2,), (3,)]
    assert cursor.connection is connection


def test_arraysize_holds_from_the_next_fetch(connection: dbapi.Connection) -> None:
    cursor = connection.cursor().execute("SELECT n FROM (VALUES 1, 2, 3) AS t (n) ORDER BY n")
    assert cursor.arraysize == 1
    assert cursor.fetchmany() == [(1,)]
    cursor.arraysize = 5
    assert cursor.fetchmany() == [(2,), (3,)]


@pytest.mark.parametrize(
    ("sql", "types"),
    [
        ("1", [dbapi.NUMBER]),
        ("'a'", [dbapi.STRING]),
        ("X'00'", [dbapi.BINARY]),
        ("TIMESTAMP '2026-01-01 00:00:00'", [dbapi.DATETIME]),
        ("DATE '2026-01-01'", [dbapi.DATE]),
    ],
)
def test_type_objects(connection: dbapi.Connection, sql: str, types: list[Any]) -> None:
    every = [dbapi.NUMBER, dbapi.STRING, dbapi.BINARY, dbapi.DATETIME, dbapi.DATE, dbapi.ROWID]
    code = connection.cursor().execute(f"SELECT {sql} AS x").description[0][1]
    assert [one for one in every if code == one] == types


def test_both_parameter_styles(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    assert cursor.execute("SELECT %(a)s || '%%'", {"a": "1"}).fetchone() == ("1%",)
    assert cursor.execute("SELECT ? || '%?'", ["1"]).fetchone() == ("1%?",)
    assert cursor.execute("SELECT '%(a)s?'").fetchone() == ("%(a)s?",)


def test_ticks_are_local_times() -> None:
    moment = dt.datetime(2026, 3, 29, 1, 30)
    assert dbapi.TimestampFromTicks(moment.timestamp()) == moment
    assert dbapi.DateFromTicks(moment.timestamp()) == moment.date()
    assert dbapi.TimeFromTicks(moment.timestamp()) == moment.time()
