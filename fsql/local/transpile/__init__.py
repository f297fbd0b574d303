"""Athena SQL (Trino's dialect) to DuckDB SQL, with Trino's meaning.

Pure: nothing here opens a file or a connection. `parse_statements` reads the text, `translate`
turns one query into DuckDB SQL plus the Trino types of its output, and `trino_error` puts what
DuckDB says while it runs into Trino's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from fsql.local.transpile.errors import INTERNAL, SYSTEM, TrinoError

__all__ = [
    "Column",
    "Resolve",
    "Scan",
    "Translated",
    "TrinoError",
    "parse_statements",
    "translate",
    "trino_error",
]


@dataclass(frozen=True)
class Scan:
    """What a table name becomes: a DuckDB FROM item, and its columns' Trino types by name."""

    sql: exp.Expression
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """One output column: its name, and its Trino type where the translation knows it."""

    name: str
    trino_type: str | None


@dataclass(frozen=True)
class Translated:
    """A query in DuckDB's SQL, and its output columns in order."""

    sql: str
    columns: tuple[Column, ...]


Resolve = Callable[[exp.Table], Scan]
"""From a table reference to its Scan; raises `TrinoError`. Names of CTEs never reach it."""


def parse_statements(sql: str) -> list[exp.Expression]:
    """The statements of a text in Athena's dialect; raises `TrinoError` with the position."""
    try:
        parsed = sqlglot.parse(sql, read="athena")
    except ParseError as error:
        where = error.errors[0]
        raise TrinoError(
            "SYNTAX_ERROR",
            f"line {where['line']}:{where['col']}: mismatched input '{where['highlight']}'",
        ) from None
    except TokenError as error:
        raise TrinoError("SYNTAX_ERROR", str(error)) from None
    return [statement for statement in parsed if statement is not None]


def translate(query: exp.Query, resolve: Resolve) -> Translated:
    """`query` in DuckDB's SQL; raises `TrinoError` for what Athena would refuse."""
    ctes = {cte.alias for cte in query.find_all(exp.CTE)}

    def scan(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Table) and not (node.name in ctes and not node.db):
            alias = node.alias or node.name
            return exp.alias_(resolve(node).sql.copy(), alias, table=True)
        return node

    sql = query.transform(scan).sql("duckdb")
    names = query.named_selects
    return Translated(sql, tuple(Column(name or f"_col{i}", None) for i, name in enumerate(names)))


def trino_error(error: duckdb.Error) -> TrinoError:
    """What DuckDB raised while it ran a translated query, as Trino would have said it."""
    return TrinoError(INTERNAL, str(error).splitlines()[0], category=SYSTEM)
