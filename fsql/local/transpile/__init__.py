"""Athena SQL (Trino's dialect) to DuckDB SQL, with Trino's meaning.

Pure: nothing here opens a file or a connection. `parse_statements` reads the text, `translate`
turns one query into DuckDB SQL plus the Trino types of its output, and `trino_error` puts what
DuckDB says while it runs into Trino's words.

A query is translated in one walk over its syntax tree. Each expression becomes DuckDB's text and
its Trino type together, since what ``a / b`` means depends on the types of both; the rules are in
tables: by kind of syntax node (`binder.RULES`), by pair of types (`casts`), by a function's
signature (`functions`). To teach it a function, add a row to a table there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from fsql.local.transpile import (
    casting,
    literals,
    moments,
    names,
    nested_casts,
    operators,
    predicates,
    printf,
    selects,
    sets,
    sqljson,
    syntax,
    unnest,
)
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.faults import trino_error
from fsql.local.transpile.functions import FUNCTIONS
from fsql.local.transpile.parser import bind_parameters, parse_statements
from fsql.local.transpile.places import at, fault
from fsql.local.transpile.translation import Resolve, Scan, Translation
from fsql.local.transpile.types import InvalidType, Type, duckdb_type, quoted, trino_type

__all__ = [
    "Column",
    "InvalidType",
    "Resolve",
    "Scan",
    "Translated",
    "TrinoError",
    "at",
    "bind_parameters",
    "duckdb_type",
    "fault",
    "parse_statements",
    "translate",
    "trino_error",
    "trino_type",
]

_RULES = (
    *(casting, literals, moments, names, nested_casts, operators, predicates, printf),
    *(selects, sets, sqljson, syntax, unnest, FUNCTIONS),
)
"""Imported for the rules they register."""


@dataclass(frozen=True)
class Column:
    """One output column: its name (``_col0`` where the query gives none) and its Trino type."""

    name: str
    trino_type: str | None
    type: Type | None = None
    """The type as a tree, which knows in what zone a timestamp with time zone is shown."""


@dataclass(frozen=True)
class Translated:
    """A query in DuckDB's SQL, and its output columns in order."""

    sql: str
    columns: tuple[Column, ...]


def translate(query: exp.Expr, resolve: Resolve) -> Translated:
    """`query` in DuckDB's SQL; raises `TrinoError` for what Athena would refuse.

    `resolve` says what each table is. The text's columns have the output's names, which may
    repeat: name them by position (``FROM (…) AS t(c0, c1)``) to select from it.
    """
    try:
        bound = Translation(resolve).query(query)
        names_ = [name or f"_col{i}" for i, name in enumerate(bound.names)]
        sql = bound.build([quoted(name) for name in names_])
    except RecursionError:
        message = "statement is too large (stack overflow during analysis)"
        raise TrinoError("STACK_OVERFLOW", message) from None
    columns = (Column(n, str(t), t) for n, t in zip(names_, bound.types, strict=True))
    return Translated(sql, tuple(columns))
