"""Predicates in Iceberg's words, to choose the files that a scan has to open.

Iceberg's expressions know two truth values and no NaN order, so what comes out may
hold for more rows than the predicate, never for fewer. It chooses files; the rows
are filtered afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNaN,
    IsNull,
    LessThan,
    LessThanOrEqual,
    NotNull,
    Or,
    StartsWith,
)

from fsql.analysis import predicates as rows

__all__ = ["to_iceberg"]

_OPERATORS: dict[str, Any] = {
    "=": EqualTo,
    "<": LessThan,
    "<=": LessThanOrEqual,
    ">": GreaterThan,
    ">=": GreaterThanOrEqual,
}


def to_iceberg(predicate: rows.Predicate) -> BooleanExpression:
    """An Iceberg row filter that holds for every row for which `predicate` does."""
    handler = _VISITORS.get(type(predicate))
    return handler(predicate) if handler else AlwaysTrue()


def _constant(node: rows.Constant) -> BooleanExpression:
    return AlwaysTrue() if node.value else AlwaysFalse()


def _and(node: rows.And) -> BooleanExpression:
    return And(AlwaysTrue(), AlwaysTrue(), *map(to_iceberg, node.parts))


def _or(node: rows.Or) -> BooleanExpression:
    return Or(AlwaysFalse(), AlwaysFalse(), *map(to_iceberg, node.parts))


def _is_null(node: rows.IsNull) -> BooleanExpression:
    # A nested field is NULL where its row is, which the field's own count leaves out.
    return _on(node.path, IsNull) if len(node.path) == 1 else AlwaysTrue()


def _not_null(node: rows.NotNull) -> BooleanExpression:
    return _on(node.path, NotNull)


def _is_nan(node: rows.IsNaN) -> BooleanExpression:
    return _on(node.path, IsNaN)


def _compare(node: rows.Compare) -> BooleanExpression:
    operator, value = _OPERATORS.get(node.op), _value(node.value)
    if operator is None or value is None:
        return _on(node.path, NotNull)
    return _on(node.path, operator, value)


def _compare_columns(node: rows.CompareColumns) -> BooleanExpression:
    return And(_on(node.left, NotNull), _on(node.right, NotNull))


def _member_of(node: rows.MemberOf) -> BooleanExpression:
    values = [_value(value) for value in node.values]
    if node.negated or None in values:
        return _on(node.path, NotNull)
    return _on(node.path, In, values)


def _match(node: rows.Match) -> BooleanExpression:
    if node.kind != "prefix" or node.negated:
        return _on(node.path, NotNull)
    return _on(node.path, StartsWith, node.text)


def _on(path: rows.Path, kind: Any, *arguments: Any) -> BooleanExpression:
    if not _named(path):
        return AlwaysTrue()
    expression: BooleanExpression = kind(".".join(path), *arguments)
    return expression


def _named(path: rows.Path) -> bool:
    """Whether Iceberg's dotted name is the path and nothing else."""
    return not any("." in name for name in path)


def _value(scalar: pa.Scalar) -> Any:
    """The value as pyiceberg takes it; None if Python has none for it."""
    try:
        value = scalar.as_py()
    except (ValueError, OverflowError):
        return None
    is_zoned = isinstance(value, dt.datetime) and value.tzinfo is not None
    return None if is_zoned else value


_VISITORS: dict[type, Callable[[Any], BooleanExpression]] = {
    rows.Constant: _constant,
    rows.And: _and,
    rows.Or: _or,
    rows.IsNull: _is_null,
    rows.NotNull: _not_null,
    rows.IsNaN: _is_nan,
    rows.Compare: _compare,
    rows.CompareColumns: _compare_columns,
    rows.MemberOf: _member_of,
    rows.Match: _match,
}
