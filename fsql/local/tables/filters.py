"""What a query's WHERE says of one table, as far as it helps to leave data files out.

Only plain comparisons of a column with a constant are read. None of them holds for NULL, so that a
row they leave out is in no result, whatever the tables are joined by.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import sqlglot.expressions as exp

__all__ = ["And", "Compare", "Filter", "Or", "Value", "filter_of", "filter_of_change"]

Value: TypeAlias = int | str | dt.date | dt.datetime


@dataclass(frozen=True)
class Compare:
    """A column compared with constants: the operator is =, <, <=, >, >= or IN."""

    column: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class And:
    """All parts hold."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Or:
    """Some part holds."""

    parts: tuple[Filter, ...]


Filter: TypeAlias = Compare | And | Or

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_MIRRORED = {"=": "=", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.(?P<fraction>\d{1,6}))?)?)?")
_MOST_DIGITS = 18  # of any bigint


def filter_of(table: exp.Table) -> Filter | None:
    """What holds for every row of a table that a query may show; None if nothing is known."""
    select = table.parent.parent if isinstance(table.parent, (exp.From, exp.Join)) else None
    if not isinstance(select, exp.Select) or any(map(table.args.get, ("joins", "sample"))):
        return None
    alias, where = table.args.get("alias"), select.args.get("where")
    if where is None or (isinstance(alias, exp.TableAlias) and alias.columns):
        return None
    alone = not select.args.get("joins") and not select.args.get("laterals")
    qualifiers = {table.alias_or_name.lower(), *([""] if alone else [])}
    return _read(where.this, qualifiers)


def filter_of_change(statement: exp.Expr) -> Filter | None:
    """What holds for every row that a DELETE or UPDATE touches; None if nothing is known."""
    table, where = statement.this, statement.args.get("where")
    if where is None or not isinstance(table, exp.Table):
        return None
    return _read(where.this, {table.name.lower(), ""})


def _read(node: exp.Expr, qualifiers: Container[str]) -> Filter | None:
    match node:
        case exp.Paren():
            return _read(node.this, qualifiers)
        case exp.And():
            parts = [_read(part, qualifiers) for part in (node.left, node.right)]
            known = tuple(part for part in parts if part is not None)
            return And(known) if known else None
        case exp.Or():
            one, other = _read(node.left, qualifiers), _read(node.right, qualifiers)
            return None if one is None or other is None else Or((one, other))
        case exp.Between():
            return _between(node, qualifiers)
        case exp.In():
            return _in(node, qualifiers)
    operator = _OPERATORS.get(type(node))
    if operator is None:
        return None
    return _compared(node.this, operator, node.expression, qualifiers) or _compared(
        node.expression, _MIRRORED[operator], node.this, qualifiers
    )


def _compared(
    column: exp.Expr, operator: str, constant: exp.Expr, qualifiers: Container[str]
) -> Compare | None:
    name, value = _column(column, qualifiers), _value(constant)
    return None if name is None or value is None else Compare(name, operator, (value,))


def _between(node: exp.Between, qualifiers: Container[str]) -> Filter | None:
    if node.args.get("symmetric"):
        return None
    low = _compared(node.this, ">=", node.args["low"], qualifiers)
    high = _compared(node.this, "<=", node.args["high"], qualifiers)
    known = tuple(part for part in (low, high) if part is not None)
    return And(known) if known else None


def _in(node: exp.In, qualifiers: Container[str]) -> Filter | None:
    if any(value for name, value in node.args.items() if name not in ("this", "expressions")):
        return None
    name = _column(node.this, qualifiers)
    values = [_value(constant) for constant in node.expressions]
    known = tuple(value for value in values if value is not None)
    if name is None or not known or len(known) < len(values):
        return None
    return Compare(name, "IN", known)


def _column(node: exp.Expr, qualifiers: Container[str]) -> str | None:
    if not isinstance(node, exp.Column) or node.args.get("db"):
        return None
    if not isinstance(node.this, exp.Identifier) or node.table.lower() not in qualifiers:
        return None
    return node.name.lower()


def _value(node: exp.Expr) -> Value | None:
    match node:
        case exp.Neg():
            value = _value(node.this)
            return -value if isinstance(value, int) else None
        case exp.Literal() if node.is_string:
            return str(node.this)
        case exp.Literal():
            text = str(node.this)
            return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None
        case exp.Cast() if isinstance(node.this, exp.Literal) and node.this.is_string:
            return _moment(str(node.this.this), node.to)
    return None


def _moment(text: str, type_: exp.DataType) -> dt.date | dt.datetime | None:
    """The value of DATE '…' or TIMESTAMP '…'; None for others, and for a cast that rounds."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        if type_.this == exp.DType.DATE:
            return dt.date.fromisoformat(text)
        if type_.this != exp.DType.TIMESTAMP:
            return None
        if len(found["fraction"] or "") > max(_numbers(type_), default=0):
            return None
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _numbers(type_: exp.DataType) -> Iterator[int]:
    for parameter in type_.expressions:
        text = parameter.name
        if text.isdecimal():
            yield int(text)
