"""EXPLAIN: DuckDB's plan of the translated query, or just whether it is valid."""

from __future__ import annotations

from fsql.local.columns import ResultColumn
from fsql.local.statements import nodes as st
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.select import Translations
from fsql.local.transpile import TrinoError

__all__ = ["explain"]

_FORMATS = {"TEXT": "", "JSON": "(FORMAT json) "}


def explain(context: Context, statement: st.Explain, translations: Translations) -> Outcome:
    """The plan, a line a row under the header; TrinoError for a query that Athena would refuse."""
    query = getattr(statement.inner, "query", None)
    if not isinstance(query, st.Query):
        what = statement.inner.subtype.replace("_", " ")
        raise TrinoError("NOT_SUPPORTED", f"EXPLAIN of {what} is not supported")
    ready = translations.get(context, query)
    if statement.options.get("TYPE") == "VALIDATE":
        context.session.types_of(ready.sql)
        return _lines(ResultColumn("Valid", "boolean"), "true")
    format_ = statement.options.get("FORMAT", "TEXT")
    if format_ not in _FORMATS:
        raise TrinoError("NOT_SUPPORTED", f"EXPLAIN with FORMAT {format_} is not supported")
    analyze = "ANALYZE " if statement.analyze else ""
    rows = context.session.rows_of(f"EXPLAIN {analyze}{_FORMATS[format_]}{ready.sql}")
    plan = context.objects.shown("\n\n".join(text for _, text in rows))
    return _lines(ResultColumn("Query Plan", f"varchar({len(plan)})"), plan)


def _lines(column: ResultColumn, text: str) -> Outcome:
    lines = f"{text}\n".split("\n")
    return Outcome((column,), [(column.name,), *((line,) for line in lines)], header=True)
