"""OPTIMIZE and VACUUM: what they may be told, and again when somebody else was faster."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlglot.expressions as exp

from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context, Outcome
from fsql.local.tables.filters import filter_of_change
from fsql.local.tables.iceberg_changes import Base
from fsql.local.tables.iceberg_expiry import expire
from fsql.local.tables.iceberg_overtaking import Overtaken, unless_overtaken
from fsql.local.tables.iceberg_rewrite import rewrite
from fsql.local.tables.resolver import Binding, is_iceberg, metadata_location, scan_of
from fsql.local.tables.views import is_view
from fsql.local.transpile import Scan, TrinoError, fault
from fsql.local.transpile.changes import translate_change

__all__ = ["optimize", "vacuum"]

_ATTEMPTS = 4  # of work that may take long
_LONGEST_WAIT = 0.5  # seconds


def optimize(context: Context, statement: st.Optimize) -> Outcome:
    """Make small files of an Iceberg table into large ones; its rows stay the same.

    Raises:
        TrinoError: ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED when some of it is done and more is to do;
            ICEBERG_COMMIT_ERROR when others change the same files all the time.
    """
    for attempt in range(_ATTEMPTS):
        try:
            more = _rewritten(context, statement)
        except Overtaken as error:
            if attempt == _ATTEMPTS - 1:
                message = f"Failed to commit the transaction during OPTIMIZE: {error}"
                raise TrinoError("ICEBERG_COMMIT_ERROR", message, retryable=True) from error
            time.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.05 * 2**attempt)))
        else:
            break
    if more:
        message = "A part of the files has been rewritten. Run OPTIMIZE again for the others."
        raise TrinoError("ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED", message, retryable=True)
    return Outcome()


def _rewritten(context: Context, statement: st.Optimize) -> bool:
    """Whether more is left to do."""

    def found() -> Base:
        return _base(context, statement.table, statement.subtype)

    base = found()
    with unless_overtaken(base.location, lambda: found().location):
        return rewrite(context, base, _chosen(context, base, statement.where))


def vacuum(context: Context, statement: st.Vacuum) -> Outcome:
    """Forget an Iceberg table's old snapshots and delete the files that only they need."""
    expire(context, _base(context, statement.table, statement.subtype).name)
    return Outcome()


def _base(context: Context, name: st.Name, what: str) -> Base:
    table: dict[str, Any] = context.tables.get(name, context.database)
    if is_view(table) or not is_iceberg(table):
        kind = "a view" if is_view(table) else "no Iceberg table"
        message = f"{name.where}: {what} is for Iceberg tables, and {name} is {kind}"
        raise TrinoError("NOT_SUPPORTED", message)
    location = metadata_location(table)
    return Base((table["DatabaseName"], table["Name"]), location, context.tables.iceberg)


def _chosen(context: Context, base: Base, where: st.Delete | None) -> frozenset[str] | None:
    """The paths of the files that have a row for which the predicate holds."""
    if where is None:
        return None
    node = where.parse()
    base = replace(base, wanted=filter_of_change(node))
    target, binding = node.this, Binding(context.tables, context.database, context.session)

    def resolve(found: exp.Table) -> Scan:
        return scan_of(base.rows.source) if found is target else binding(found)

    rows = translate_change(node, resolve).sql
    _check_columns(base, node.args["where"])
    files = context.session.rows_of(f"SELECT DISTINCT file_ FROM ({rows})")
    return frozenset(str(path) for (path,) in files)


def _check_columns(base: Base, where: exp.Where) -> None:
    """Refuse what is no partition column, as Athena does."""
    metadata = base.metadata
    sources = (metadata.schema().find_column_name(f.source_id) for f in metadata.spec().fields)
    allowed = sorted({name.lower() for name in sources if name is not None})
    for query in _within(where, exp.Query):
        raise fault(query, "NOT_SUPPORTED", "WHERE of OPTIMIZE takes no subquery")
    for column in _within(where, exp.Column):
        if column.name.lower() not in allowed:
            known = ", ".join(allowed) or "none here"
            message = f"WHERE of OPTIMIZE takes partition columns ({known}), not {column.name!r}"
            raise fault(column, "NOT_SUPPORTED", message)


def _within(where: exp.Where, kind: type[exp.Expr]) -> Iterable[exp.Expr]:
    return where.find_all(kind)
