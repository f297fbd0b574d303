"""Statements around a query, and those that are kept to be run later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsql.local.statements.nodes.base import Name, Query, Statement

__all__ = [
    "CreateTableAs",
    "Deallocate",
    "Execute",
    "Explain",
    "Insert",
    "Prepare",
    "Select",
    "Unload",
]


@dataclass(frozen=True)
class Select(Statement):
    """SELECT, WITH, VALUES or TABLE."""

    type = "DML"
    subtype = "SELECT"
    suffix = ".csv"
    query: Query


@dataclass(frozen=True)
class Unload(Statement):
    """UNLOAD (query) TO 's3://…/' WITH (…)."""

    type = "DML"
    subtype = "UNLOAD"
    suffix = ""
    query: Query
    target: str
    properties: Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Explain(Statement):
    """EXPLAIN: ``inner`` is the statement explained, ``options`` such as TYPE and FORMAT."""

    type = "DML"
    subtype = "EXPLAIN"
    inner: Statement
    options: Mapping[str, str]
    analyze: bool = False


@dataclass(frozen=True)
class Insert(Statement):
    """INSERT INTO table [(columns)] query."""

    type = "DML"
    subtype = "INSERT"
    suffix = ""
    table: Name
    columns: tuple[str, ...]
    query: Query


@dataclass(frozen=True)
class CreateTableAs(Statement):
    """CREATE TABLE table [WITH (…)] AS query [WITH [NO] DATA]."""

    subtype = "CREATE_TABLE_AS_SELECT"
    suffix = ""
    folder = "tables/"
    table: Name
    query: Query
    properties: Mapping[str, str | list[str]]
    if_not_exists: bool = False
    with_data: bool = True


@dataclass(frozen=True)
class Prepare(Statement):
    """PREPARE name FROM statement."""

    type = "UTILITY"
    subtype = "PREPARE"
    name: str
    text: str


@dataclass(frozen=True)
class Execute(Statement):
    """EXECUTE name [USING value, …]."""

    type = "DML"
    subtype = "EXECUTE"
    suffix = ".csv"
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Deallocate(Statement):
    """DEALLOCATE PREPARE name."""

    type = "UTILITY"
    subtype = "DEALLOCATE_PREPARE"
    name: str
