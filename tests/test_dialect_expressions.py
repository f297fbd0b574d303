"""SQLAlchemy's expressions in Athena's words, and what its tables' names and values need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

import fsql


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    engine = fsql.create_engine(f"fsql:///{tmp_path_factory.mktemp('store')}")
    with engine.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (sa.literal("Bergen").regexp_match("^B"), True),
        (sa.literal("Bergen").regexp_match("^b"), False),
        (sa.literal("Bergen").regexp_match("^b", flags="i"), True),
        (sa.not_(sa.literal("Bergen").regexp_match("x")), True),
        (sa.literal("a1b22").regexp_replace("[0-9]+", "-"), "a-b-"),
        (sa.literal("aAb").regexp_replace("A", "-", flags="i"), "--b"),
        (sa.literal(12).bitwise_and(10), 8),
        (sa.literal(12).bitwise_or(3), 15),
        (sa.literal(12).bitwise_xor(10), 6),
        (sa.literal(12).bitwise_not(), -13),
        (sa.literal(Decimal("1.50")), Decimal("1.50")),
        (sa.literal(1.5, sa.Numeric(4, 2)), Decimal("1.5")),
        (sa.literal(Decimal("1.5"), sa.Double), 1.5),
        (sa.func.typeof(sa.literal(1.5, literal_execute=True)), "double"),
        (
            sa.literal(dt.datetime(2026, 1, 1)) + sa.literal(dt.timedelta(days=1, milliseconds=5)),
            dt.datetime(2026, 1, 2, microsecond=5000),
        ),
        (
            sa.literal(dt.datetime(2026, 1, 1)) + sa.literal(-dt.timedelta(seconds=1.5)),
            dt.datetime(2025, 12, 31, 23, 59, 58, 500000),
        ),
    ],
)
def test_expressions(connection: sa.Connection, expression: Any, value: Any) -> None:
    assert connection.scalar(sa.select(expression)) == value


def test_an_interval_finer_than_athenas_is_refused(connection: sa.Connection) -> None:
    with pytest.raises(TypeError, match="milliseconds"):
        connection.scalar(sa.select(sa.literal(dt.timedelta(microseconds=1))))


@pytest.mark.parametrize("rows", [1, 2])
def test_athena_lowers_the_names_of_columns(connection: sa.Connection, rows: int) -> None:
    """One row and many take different ways to the table."""
    name = f"mixed_{rows}"
    frame = pd.DataFrame({"Id": range(rows), "UserName": ["ann"] * rows})
    assert frame.to_sql(name, connection, index=False) == rows
    read = pd.read_sql(f"SELECT * FROM {name}", connection)
    assert list(read.columns) == ["id", "username"]
    assert read["username"].tolist() == ["ann"] * rows


def test_floats_and_decimals_go_to_one_column(connection: sa.Connection) -> None:
    columns = sa.Column("exact", sa.Numeric(8, 4)), sa.Column("near", sa.Double)
    table = sa.Table("numbers", sa.MetaData(), *columns)
    table.create(connection)
    mixed = [{"exact": 15.7563, "near": Decimal("0.5")}, {"exact": Decimal("2.5"), "near": 0.25}]
    connection.execute(table.insert(), mixed)
    connection.execute(table.insert(), {"exact": 0.1, "near": 1})
    read = connection.execute(table.select().order_by(table.c.exact)).all()
    assert read == [(Decimal("0.1"), 1.0), (Decimal("2.5"), 0.25), (Decimal("15.7563"), 0.5)]


def test_a_comment_of_two_lines_becomes_one(connection: sa.Connection) -> None:
    column = sa.Column("a", sa.Integer, comment="one\ntwo, 50%")
    sa.Table("commented", sa.MetaData(), column).create(connection)
    [reflected] = sa.inspect(connection).get_columns("commented")
    assert reflected["comment"] == "one two, 50%"


@pytest.mark.parametrize("name", ["fifty % off", "o'brien", "x/' location 's3://elsewhere"])
def test_a_name_stays_within_its_location(tmp_path: Path, name: str) -> None:
    table = sa.Table(name, sa.MetaData(), sa.Column("a", sa.Integer))
    engine = fsql.create_engine(f"fsql:///{tmp_path}")
    ddl = str(sa.schema.CreateTable(table).compile(engine))
    [location] = [line for line in ddl.splitlines() if line.startswith("LOCATION ")]
    inner = location.removeprefix("LOCATION '").removesuffix("'")
    assert inner.replace("\\'", "").count("'") == 0
    assert inner.replace("\\'", "'").replace("%%", "%").endswith(f"/feature_store/{name}/")


def test_returning_is_refused_by_sqlalchemy(connection: sa.Connection) -> None:
    table = sa.Table("returned", sa.MetaData(), sa.Column("a", sa.Integer))
    table.create(connection)
    with pytest.raises(sa.exc.StatementError, match="RETURNING"):
        connection.execute(table.insert().returning(table.c.a), [{"a": 1}, {"a": 2}])
    assert connection.execute(table.select()).all() == []


def test_changes_have_no_rows_to_fetch(connection: sa.Connection) -> None:
    table = sa.Table("changed", sa.MetaData(), sa.Column("a", sa.Integer))
    table.create(connection)
    connection.execute(table.insert(), {"a": 1})
    changed = connection.execute(table.update().values(a=2))
    assert not changed.returns_rows
    assert changed.rowcount == 1
