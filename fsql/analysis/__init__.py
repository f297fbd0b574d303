"""What can be said of an Athena SELECT before it runs.

`analyse` finds for each output column the feature group's column it comes from, so
that its exact type can be restored, and tells whether the query is a plain scan.
`unload_select` rewrites it for UNLOAD to Parquet. All of it is pure: SQL and a
catalog's answers in, facts out. Nothing is guessed: what is not certain is None.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sqlglot import exp

from fsql.analysis.model import Analysis, AsOf, Earlier, Lookup, Origin, Output, Relation, Scan
from fsql.analysis.parsing import parse_query
from fsql.analysis.queries import Queries
from fsql.analysis.reads import Reads
from fsql.analysis.rows import Rows
from fsql.analysis.scopes import Column
from fsql.analysis.touched import Touched, touched
from fsql.analysis.unload import UnloadSelect, unload_select

__all__ = [
    "Analysis",
    "AsOf",
    "Earlier",
    "Lookup",
    "Origin",
    "Output",
    "Relation",
    "Scan",
    "Touched",
    "UnloadSelect",
    "analyse",
    "touched",
    "unload_select",
]

_START = re.compile(
    r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*(?P<word>[a-z]+)", re.IGNORECASE | re.DOTALL
)
_QUERIES = frozenset({"select", "with", "values", "table"})


def analyse(sql: str, lookup: Lookup, default_database: str) -> Analysis:
    """What a statement gives, without running it.

    Args:
        sql: one statement in Athena's dialect, parameters rendered.
        lookup: what the catalog knows of a table; what it raises passes through.
        default_database: the database of names that have none.

    Returns:
        For SQL that is not understood, valid or not, an analysis that says so.
    """
    start = _START.match(sql)
    if start is None or start["word"].lower() not in _QUERIES:
        return Analysis(is_query=False)
    query = parse_query(sql)
    if query is None:
        return Analysis(is_query=True)
    try:
        return _analysed(query, lookup, default_database.lower())
    except RecursionError:
        return Analysis(is_query=True)


def _analysed(query: exp.Expr, lookup: Lookup, database: str) -> Analysis:
    known: dict[tuple[str | None, str], Relation | None] = {}

    def once(database: str | None, table: str) -> Relation | None:
        if (database, table) not in known:
            known[database, table] = lookup(database, table)
        return known[database, table]

    reads = Reads(once)
    reads.add(query, database)
    rows = Queries(once, database).rows(query, {}, None)
    facts = Analysis(
        is_query=True,
        ordered=_is_ordered(query),
        tables=None if reads.opaque else frozenset(reads.tables),
        deterministic=not reads.changing,
        row_bound=rows.bound,
    )
    if not rows.known:
        return facts
    outputs = tuple(_output(i, column) for i, column in enumerate(rows.columns))
    return replace(facts, outputs=outputs, scan=_scan(rows, outputs))


def _is_ordered(query: exp.Expr) -> bool:
    while isinstance(query, exp.Subquery) and not query.args.get("order"):
        query = query.this
    return bool(query.args.get("order"))


def _output(position: int, column: Column) -> Output:
    name = column.name if column.name is not None else f"_col{position}"
    value = column.value
    field = None if value.field is None else value.field.with_name(name)
    return Output(name, value.origin, field, value.type)


def _scan(rows: Rows, outputs: tuple[Output, ...]) -> Scan | None:
    plan = rows.plan
    if plan is None:
        return None
    columns = tuple((output.name, output.origin.path) for output in outputs if output.origin)
    return Scan(plan.database, plan.table, columns, plan.predicate, plan.limit)
