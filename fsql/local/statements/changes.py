"""DELETE, UPDATE and MERGE: what they may change, and again when somebody else was faster."""

from __future__ import annotations

import random
import time
from typing import Any

import sqlglot.expressions as exp

from fsql.local.statements import nodes as st
from fsql.local.statements.context import ROWS, Context, Outcome
from fsql.local.tables.filters import filter_of_change
from fsql.local.tables.iceberg_changes import Base, commit_change
from fsql.local.tables.iceberg_overtaking import Overtaken, unless_overtaken
from fsql.local.tables.iceberg_write import COMMITS
from fsql.local.tables.resolver import Binding, is_iceberg, metadata_location, scan_of
from fsql.local.tables.views import is_view
from fsql.local.transpile import Scan, TrinoError, at
from fsql.local.transpile.changes import translate_change

__all__ = ["change"]

_LONGEST_WAIT = 0.5  # seconds

_VIEWS = {
    st.Delete: "Deleting from views is not supported",
    st.Merge: "Merging into views is not supported",
    st.Update: "Updating through views is not supported",
}


def change(context: Context, statement: st.Change) -> Outcome:
    """Change rows of an Iceberg table in one commit, which finds the table as the statement did.

    Raises:
        TrinoError: ICEBERG_COMMIT_ERROR when other writers are always faster.
    """
    for attempt in range(COMMITS):
        try:
            rows = _attempt(context, statement)
        except Overtaken as error:
            if attempt == COMMITS - 1:
                message = f"Failed to commit the transaction during write: {error}"
                raise TrinoError("ICEBERG_COMMIT_ERROR", message, retryable=True) from error
            time.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.02 * 2**attempt)))
        else:
            break
    return Outcome(ROWS, [], update_count=rows, update=statement.subtype)


def _attempt(context: Context, statement: st.Change) -> int:
    node = statement.parse()
    target = node.this
    if not isinstance(target, exp.Table):
        raise TrinoError("SYNTAX_ERROR", f"{at(node)}: mismatched input. Expecting: <identifier>")
    name = st.Name(target.name.lower(), target.db or None, target.catalog or None, at(target))
    table = context.tables.get(name, context.database)
    _check(table, statement)
    base = Base(
        (table["DatabaseName"], table["Name"]),
        metadata_location(table),
        context.tables.iceberg,
        None if isinstance(node, exp.Merge) else filter_of_change(node),
    )
    binding = Binding(context.tables, context.database, context.session)

    def resolve(found: exp.Table) -> Scan:
        return scan_of(base.rows.source) if found is target else binding(found)

    def current() -> str:
        return metadata_location(context.tables.get(name, context.database))

    with unless_overtaken(base.location, current):
        return commit_change(context, base, translate_change(node, resolve))


def _check(table: dict[str, Any], statement: st.Change) -> None:
    if is_view(table):
        raise TrinoError("NOT_SUPPORTED", f"line 1:1: {_VIEWS[type(statement)]}")
    if not is_iceberg(table):
        message = "Modifying Hive table rows is only supported for transactional tables"
        raise TrinoError("NOT_SUPPORTED", message)
