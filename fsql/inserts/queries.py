"""A SELECT whose rows are to be inserted: its columns, and which SELECT it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from fsql.analysis import Output
from fsql.analysis.engine_types import UNKNOWN, EngineType, from_sql
from fsql.analysis.parsing import parse_query
from fsql.dbapi import Connection
from fsql.errors import InvalidQuery, UnsupportedType
from fsql.planning import Plan

__all__ = ["Given", "Query", "canonical", "quoted", "understood"]

_LINE = re.compile(r"\bline (\d+):")


@dataclass(frozen=True)
class Given:
    """A column of a SELECT.

    Attributes:
        name: as Athena names it.
        type: the engine's.
        field: the exact field of the one stored column it comes from, if there is one.
    """

    name: str
    type: EngineType
    field: pa.Field | None = None


@dataclass(frozen=True)
class Query:
    """A SELECT that Athena has no objection to.

    Attributes:
        sql: the text, fit to stand in parentheses.
        columns: what it gives.
        state: the states of the tables that it reads, as far as the catalog knows them.
    """

    sql: str
    columns: tuple[Given, ...]
    state: tuple[str, ...] = ()


def understood(connection: Connection, sql: str, target: str) -> Query:
    """A SELECT and its columns; Athena is asked where fsql itself cannot tell.

    Args:
        target: the table to insert into, whose own state does not count.

    Raises:
        InvalidQuery: it is no query, or Athena refuses it.
    """
    text = _bare(sql)
    database = connection.aws.database
    plan = connection.planner.plan(text, database)
    if not plan.analysis.is_query:
        raise InvalidQuery(
            f"{_start(sql)!r} is no query. Expected a SELECT whose columns are those of {target!r}."
        )
    columns = _known(plan.outputs)
    if columns is None:
        columns = _asked(connection, text)
    return Query(text, columns, tuple(_states(plan, target)))


def canonical(sql: str) -> str:
    """SQL without what means nothing, such as comments and line breaks."""
    tree = parse_query(_bare(sql))
    return _bare(sql) if tree is None else tree.sql(dialect="trino", comments=False)


def _bare(sql: str) -> str:
    return sql.strip().rstrip(";").rstrip()


def _start(sql: str) -> str:
    words = " ".join(sql.split())
    return words if len(words) <= 60 else f"{words[:60]}…"


def _states(plan: Plan, target: str) -> Iterator[str]:
    for (database, name), entry in sorted(plan.entries.items()):
        if entry is not None and name != target:
            yield f"{database}.{name}={entry.metadata_location or entry.version_id}"


def _known(outputs: Sequence[Output] | None) -> tuple[Given, ...] | None:
    if outputs is None:
        return None
    known = [
        Given(output.name, output.engine_type, output.field)
        for output in outputs
        if output.engine_type is not None
    ]
    return tuple(known) if len(known) == len(outputs) else None


def _asked(connection: Connection, sql: str) -> tuple[Given, ...]:
    """The columns as Athena sees them; neither of the two queries reads rows."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"SELECT * FROM (\n{sql}\n) LIMIT 0")
        except InvalidQuery as error:
            raise InvalidQuery(_LINE.sub(_one_less, str(error)), error.query_id) from error
        names = cursor.schema.names
    columns = [f"c{place}" for place in range(len(names))]
    # The aggregate makes one row, of the types that the columns have.
    types = ", ".join(f"typeof(arbitrary({column}))" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {types}, count(*) FROM"
            f" (SELECT * FROM (\n{sql}\n) LIMIT 0) AS rows_ ({', '.join(columns)})"
        )
        row = cursor.fetchone() or ()
    return tuple(Given(name, _parsed(text)) for name, text in zip(names, row, strict=False))


def _one_less(line: re.Match[str]) -> str:
    """A line as whoever wrote the SELECT counts it: without the one above."""
    return f"line {int(line[1]) - 1}:"


def _parsed(text: str) -> EngineType:
    if text == UNKNOWN.name:
        return UNKNOWN
    tree = parse_query(f"SELECT CAST(NULL AS {text})")
    cast = tree.find(exp.Cast) if tree is not None else None
    found = from_sql(cast.to) if cast is not None else None
    if found is None:
        raise UnsupportedType(f"The SELECT has a column of type {text}, which cannot be stored.")
    return found


def quoted(name: str) -> str:
    """A name as SQL takes it, reserved or not."""
    return '"' + name.replace('"', '""') + '"'
