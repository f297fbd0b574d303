"""SQLAlchemy's statements as the text that Athena gets, parameters rendered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.expression import ClauseElement

from fsql.formatting import ParameterFormatter, bind

__all__ = ["sql_text"]


def sql_text(statement: str | ClauseElement, dialect: sa.Dialect) -> str:
    """SQL text as it is; of a selectable what an engine of this dialect would run.

    Raises:
        TypeError: it is neither, or SQL has no literal for a parameter.
    """
    if isinstance(statement, str):
        return statement
    if not isinstance(statement, ClauseElement):
        raise TypeError(f"{type(statement).__name__} is no SELECT. Expected one, or its text.")
    compiled: Any = statement.compile(dialect=dialect)
    state = compiled.construct_expanded_state(escape_names=False)
    processors = state.processors
    values = {
        name: processors[name](value) if name in processors else value
        for name, value in state.parameters.items()
    }
    return bind(state.statement, values, ParameterFormatter())
