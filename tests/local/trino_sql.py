"""Runs Athena's SQL through the translation and a DuckDB connection of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
from sqlglot import exp

from fsql.local.scalars import Taught
from fsql.local.transpile import (
    Scan,
    TrinoError,
    fault,
    parse_statements,
    translate,
    trino_error,
)
from fsql.local.transpile.types import duckdb_type, quoted


@dataclass(frozen=True)
class Table:
    """A table of a test: its columns' Trino types and its rows as DuckDB's VALUES text."""

    columns: dict[str, str]
    rows: str

    def scan(self) -> Scan:
        names = ", ".join(map(quoted, self.columns))
        values = f"(VALUES {self.rows}) AS v({names})"
        casts = ", ".join(
            f"CAST({quoted(name)} AS {duckdb_type(type_)}) AS {quoted(name)}"
            for name, type_ in self.columns.items()
        )
        text = f"(SELECT {casts} FROM {values})"
        return Scan(exp.Table(this=exp.Var(this=text)), self.columns)


@dataclass(frozen=True)
class Answer:
    """What a query gave: its columns' names and Trino types, and its rows."""

    names: tuple[str, ...]
    types: tuple[str | None, ...]
    rows: list[tuple[Any, ...]]

    @property
    def value(self) -> Any:
        """The one value of a query for one."""
        assert len(self.rows) == 1, self.rows
        assert len(self.rows[0]) == 1, self.rows
        return self.rows[0][0]

    @property
    def column(self) -> list[Any]:
        """The values of a query's only column."""
        return [row[0] for row in self.rows]


def run(sql: str, tables: dict[str, Table] | None = None) -> Answer:
    """The answer to a query; raises `TrinoError` for what Athena would refuse or fail on."""

    def resolve(node: exp.Table) -> Scan:
        table = (tables or {}).get(node.name.lower())
        if table is None:
            raise fault(node, "TABLE_NOT_FOUND", f"Table '{node.name}' does not exist")
        return table.scan()

    (statement,) = parse_statements(sql)
    translated = translate(statement, resolve)
    names = tuple(column.name for column in translated.columns)
    types = tuple(column.trino_type for column in translated.columns)
    return Answer(names, types, fetched(translated.sql))


@cache
def _connection() -> tuple[duckdb.DuckDBPyConnection, Taught]:
    connection = duckdb.connect()
    # Another zone than UTC, since no answer may depend on the session's.
    connection.execute("SET TimeZone = 'Asia/Kathmandu'")
    return connection, Taught(connection)


def fetched(sql: str) -> list[tuple[Any, ...]]:
    """The rows of a translated query; raises `TrinoError`."""
    connection, functions = _connection()
    functions.teach(sql)
    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        raise trino_error(error) from error


def failure(sql: str, tables: dict[str, Table] | None = None) -> str:
    """The name and message of the error that a query ends in."""
    try:
        answer = run(sql, tables)
    except TrinoError as error:
        return str(error)
    raise AssertionError(f"{sql} gave {answer.rows}, expected an error")
