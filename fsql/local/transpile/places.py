"""Where a node of a syntax tree stands in the text it was read from, and errors that say so.

`parse_statements` leaves the text in the statement's ``meta["sql"]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from fsql.local.transpile.errors import TrinoError

__all__ = [
    "at",
    "checked",
    "fault",
    "first_place",
    "line_and_column",
    "operator_at",
    "start_of",
    "unexpected",
    "written_as",
]


def fault(node: exp.Expr, name: str, message: str) -> TrinoError:
    """The error called `name` whose message starts with the place of `node`."""
    return TrinoError(name, f"{at(node)}: {message}")


def at(node: exp.Expr) -> str:
    """``line 1:15``, where `node` begins in the text it was read from."""
    meta = first_place(node) or _of_ancestor(node)
    return f"line {meta.get('line', 1)}:{_column(meta)}"


def operator_at(node: exp.Expr) -> str:
    """Like `at`, for the operator between a binary node's two operands."""
    sql, start = _text(node), _operator_start(node)
    return at(node) if start is None else line_and_column(sql, start)


def _operator_start(node: exp.Expr) -> int | None:
    left, right = node.args.get("this"), node.args.get("expression")
    if not isinstance(left, exp.Expr) or not isinstance(right, exp.Expr):
        return None
    start = max((m["end"] for m in _metas(left)), default=-1) + 1
    stop = first_place(right).get("start", start)
    found = re.search(r"[-+*/%<>=!|&^~]+|\w+", _text(node)[start:stop])
    return start + found.start() if found else None


def unexpected(node: exp.Expr) -> TrinoError:
    """The error for syntax that sqlglot reads and Trino doesn't."""
    sql, start = _text(node), _operator_start(node) if isinstance(node, exp.Binary) else None
    if start is None:
        start = (first_place(node) or _of_ancestor(node)).get("start", 0)
    token = re.match(r"[\w$]+|\S", sql[start:])
    shown = token[0] if token else node.sql("trino")
    place = line_and_column(sql, start) if token else at(node)
    return TrinoError("SYNTAX_ERROR", f"{place}: mismatched input '{shown}'")


def written_as(node: exp.Expr) -> str:
    """The text from which `node` was read."""
    start, stop = start_of(node), max((m["end"] for m in _metas(node)), default=-1) + 1
    text = _text(node)[start:stop]
    if not text:
        return node.sql("trino")
    for _ in range(text.count("(") - text.count(")")):
        stop = _text(node).find(")", stop) + 1
    return _text(node)[start:stop]


def _text(node: exp.Expr) -> str:
    return str(node.root().meta.get("sql", ""))


def line_and_column(sql: str, offset: int) -> str:
    """``line 1:15`` for a place in `sql`, counted from 0."""
    before = sql[:offset]
    return f"line {before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def _metas(node: exp.Expr) -> Iterator[dict[str, Any]]:
    return (n.meta for n in node.walk() if "start" in n.meta)


def first_place(node: exp.Expr) -> dict[str, Any]:
    """sqlglot's positions (line, col, start, end) of the first token; empty where unknown."""
    if "start" in node.meta and not isinstance(node, (exp.Column, exp.Dot)):
        return node.meta
    return min(_metas(node), key=lambda meta: int(meta["start"]), default={})


def _of_ancestor(node: exp.Expr) -> dict[str, Any]:
    parent = node.parent
    while parent is not None:
        if meta := first_place(parent):
            return meta
        parent = parent.parent
    return {}


def _column(meta: dict[str, Any]) -> int:
    """The column of a token's first letter; sqlglot's `col` is that of its last."""
    return int(meta.get("col", 1)) - int(meta.get("end", 0)) + int(meta.get("start", 0))


def start_of(node: exp.Expr) -> int:
    """Where `node` begins in its text, counted from 0."""
    return int(first_place(node).get("start", 0))


def checked(node: exp.Expr, *known: str) -> None:
    """Refuse a clause that the translation doesn't read, so that none is ignored silently."""
    for name, value in node.args.items():
        if value and name not in known:
            first = value[0] if isinstance(value, list) else value
            if isinstance(first, exp.Expr):
                raise unexpected(first)
            raise fault(node, "SYNTAX_ERROR", f"mismatched input '{name.strip('_').upper()}'")
