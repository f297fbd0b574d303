"""ExecutionParameters: the texts that take the place of ``?``.

Athena reads a value as an expression; one that does not parse, or that names a column, is a
string literal instead. Values for a statement without any ``?`` are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count

import sqlglot.expressions as exp

from fsql.local.engine import literal
from fsql.local.statements.lexer import is_hive, lex
from fsql.local.transpile import TrinoError, parse_statements

__all__ = ["bind"]

_PLACE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|--[^\n]*|/\*.*?\*/|(?P<place>\?)", re.DOTALL
)
_COMMENT = re.compile(r"--|/\*")
_PLAIN = re.compile(
    r"[+-]?\d+(\.\d*)?(E[+-]?\d+)?|(DATE |TIME |TIMESTAMP |DECIMAL )?'(?:[^']|'')*'"
    r"|NULL|TRUE|FALSE",
    re.IGNORECASE,
)


def bind(sql: str, values: Sequence[str]) -> str:
    """The statement with each ``?`` replaced by the next value.

    Raises:
        TrinoError: INVALID_PARAMETER_USAGE when there are more or fewer values than places.
    """
    places = sum(match["place"] is not None for match in _PLACE.finditer(sql))
    if places == 0 or is_hive(sql):
        return sql
    if places != len(values):
        raise TrinoError(
            "INVALID_PARAMETER_USAGE",
            f"line 1:1: Incorrect number of parameters: expected {places} but found {len(values)}",
        )
    position = count()

    def replaced(match: re.Match[str]) -> str:
        return _value(values[next(position)]) if match["place"] else match[0]

    return _PLACE.sub(replaced, sql)


def _value(text: str) -> str:
    if _PLAIN.fullmatch(text.strip()):
        return text.strip()
    return f"({text})" if _is_expression(text) else literal(text)


def _is_expression(text: str) -> bool:
    if _COMMENT.search(text):
        return False
    depth = 0
    for token in lex(text):
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0 or token.text in (";", "?"):
            return False
    try:
        (parsed,) = parse_statements(f"SELECT ({text}\n)")
    except (TrinoError, ValueError):
        return False
    single = isinstance(parsed, exp.Select) and len(parsed.expressions) == 1
    return single and not any(parsed.find_all(exp.Column, exp.Subquery, exp.Tuple))
