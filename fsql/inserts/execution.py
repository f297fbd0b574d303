"""SQLAlchemy's INSERTs that `fsql.inserts.statements` has taken, run.

Whether a block commits is in SQLAlchemy's ``_trans_context_manager``, which it does not publish; a
test fails when a release moves it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from fsql.catalog import Entry
from fsql.dbapi import Cursor
from fsql.formatting import ParameterFormatter, bind
from fsql.inserts import insert_select
from fsql.inserts.pending import PendingRows
from fsql.inserts.statements import ROWS, SELECT
from fsql.inserts.values import Rows, stored

__all__ = ["executed"]

_NAME = r'(?:"(?:[^"]|"")*"|[\w$]+)'
_HEAD = re.compile(rf"\s*INSERT INTO {_NAME}(?:\.{_NAME})? \((?P<names>{_NAME}(?:, {_NAME})*)\)\s")


def executed(cursor: Cursor, sql: str, parameters: Any, context: Any) -> bool:
    """Run a statement if it is one of those.

    Args:
        context: SQLAlchemy's, of the execution.

    Raises:
        InvalidData: rows do not fit; nothing was written.
        CommitConflict, StorageError, QueryError: they could not be written.
    """
    statement = getattr(context, "invoked_statement", None)
    options: Mapping[str, Any] = {} if statement is None else statement.get_execution_options()
    if ROWS in options:
        _write(cursor, options[ROWS], in_block=_is_in_block(context))
    elif SELECT in options:
        _insert(cursor, options[SELECT], bind(sql, parameters, ParameterFormatter()))
    else:
        return False
    return True


def _is_in_block(context: Any) -> bool:
    """Whether a `with` commits when it is left: rows can wait for more, and none gets lost."""
    return getattr(context.root_connection, "_trans_context_manager", None) is not None


def _write(cursor: Cursor, rows: Rows, *, in_block: bool) -> None:
    connection = cursor.connection
    pending = connection.pending or PendingRows(connection)
    connection.pending = pending
    try:
        pending.add(rows.entry, stored(rows))
    except BaseException:
        pending.fail()
        raise
    finally:
        if not in_block:
            connection.commit()
    cursor.wrote(len(rows))


def _insert(cursor: Cursor, entry: Entry, sql: str) -> None:
    """INSERT INTO … SELECT or VALUES: the columns go by their places."""
    connection = cursor.connection
    connection.commit()
    head = _HEAD.match(sql)
    if head is None:
        raise AssertionError(f"an INSERT that is none: {sql}")
    query = sql[head.end() :]
    select = f"SELECT * FROM (\n{query}\n) AS rows_ ({head['names']})"
    # Equal VALUES of two writers are two rows; nobody goes on with those of another.
    token = str(uuid.uuid4()) if query.startswith("VALUES") else None
    committed = insert_select(connection, entry, select, token).committed
    cursor.wrote(0 if committed is None else committed.rows)
