"""Hive's DDL errors, as Athena passes them on: ``FAILED: SemanticException …`` and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context
from fsql.local.transpile import TrinoError
from fsql.local.wire import AwsError

__all__ = ["hive_error", "hive_table", "no_database", "no_table", "quietly", "task_error"]


def hive_table(context: Context, name: st.Name) -> dict[str, Any]:
    """The Glue table of a name in Hive's DDL."""
    try:
        return context.tables.get(name, context.database)
    except TrinoError as error:
        if error.name == "TABLE_NOT_FOUND":
            raise no_table(f"{context.schema(name)}.{name.table}") from error
        if error.name == "SCHEMA_NOT_FOUND":
            raise no_database(context.schema(name)) from error
        raise


def hive_error(message: str) -> TrinoError:
    """``FAILED: SemanticException …``."""
    return TrinoError("FAILED", f"SemanticException {message}")


def task_error(message: str) -> TrinoError:
    """``FAILED: Execution Error, return code 1 …``."""
    return TrinoError(
        "FAILED",
        f"Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. {message}",
    )


def no_table(name: str) -> TrinoError:
    """The error for a table that does not exist."""
    return hive_error(f"[Error 10001]: Table not found {name}")


def no_database(name: str) -> TrinoError:
    """The error for a database that does not exist."""
    return hive_error(f"[Error 10072]: Database does not exist: {name}")


def quietly(call: Callable[[], object], code: str, error: TrinoError | None) -> None:
    """Call Glue; `error` (or nothing) instead of its error `code`."""
    try:
        call()
    except AwsError as failed:
        if failed.code != code:
            raise
        if error is not None:
            raise error from failed
