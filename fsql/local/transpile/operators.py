"""Arithmetic: ``+ - * / %`` and ``||``, by the types on both sides.

Source: Trino documentation, "Mathematical functions and operators" and "Decimal functions and
operators" (precision and scale of results), "Date and time functions and operators".
"""

from __future__ import annotations

from sqlglot import exp

from fsql.local.transpile.binder import Binder, coerced, rule
from fsql.local.transpile.coercion import common_type
from fsql.local.transpile.decimals import DECIMALS, as_decimal
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.intervals import INTERVALS
from fsql.local.transpile.places import operator_at
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import once, template
from fsql.local.transpile.types import (
    INTEGERS,
    VARBINARY,
    Type,
    varchar,
)

__all__ = ["arithmetic"]

_SYMBOLS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}


@rule(*_SYMBOLS)
def _arithmetic(binder: Binder, node: exp.Binary) -> Typed:
    symbol = _SYMBOLS[type(node)]
    left, right = binder.bind(node.left), binder.bind(node.right)
    result = arithmetic(symbol, left, right)
    if result is None:
        raise TrinoError("TYPE_MISMATCH", _not_applicable(node, symbol, left, right))
    return result


def _not_applicable(node: exp.Expr, symbol: str, left: Typed, right: Typed) -> str:
    return f"{operator_at(node)}: Cannot apply operator: {left.type} {symbol} {right.type}"


def arithmetic(symbol: str, left: Typed, right: Typed) -> Typed | None:
    """``left symbol right``; None where Trino has no such operator."""
    special = INTERVALS.get((left.type.base, symbol, right.type.base))
    if special:
        return special(left, right)
    common = common_type(left.type, right.type)
    if common is None or common.base not in _NUMERIC:
        return None
    if common.base == "decimal":
        return DECIMALS[symbol](as_decimal(left, common), as_decimal(right, common))
    return _plain(symbol, left, right, common)


_NUMERIC = {*INTEGERS, "decimal", "real", "double"}


def _plain(symbol: str, left: Typed, right: Typed, common: Type) -> Typed:
    own = "//" if symbol == "/" and common.base in INTEGERS else symbol
    return Typed(f"({_strict(left, common)} {own} {_strict(right, common)})", common)


def _strict(value: Typed, type_: Type) -> str:
    """A literal as wide as its type: DuckDB would fit it to its neighbour."""
    if value.literal is not None and type_.base == "integer":
        return f"CAST({value.sql} AS INTEGER)"
    return coerced(value, type_)


# ---- || ----------------------------------------------------------------------------------------


@rule(exp.DPipe)
def _joined(binder: Binder, node: exp.DPipe) -> Typed:
    operands = [binder.bind(operand) for operand in _chain(node)]
    result = operands[0]
    for operand in operands[1:]:
        joined = _concatenated(result, operand)
        if joined is None:
            raise TrinoError("TYPE_MISMATCH", _not_applicable(node, "||", result, operand))
        result = joined
    return result


def _chain(node: exp.DPipe) -> list[exp.Expr]:
    """The operands of ``a || b || c`` from left to right, without recursion."""
    operands: list[exp.Expr] = []
    left: exp.Expr = node
    while isinstance(left, exp.DPipe):
        operands.append(left.expression)
        left = left.this
    return [left, *reversed(operands)]


def _concatenated(left: Typed, right: Typed) -> Typed | None:
    for array, item in ((left, right), (right, left)):
        if array.type.base == "array" and item.type.base != "array":
            return _appended(array, item, front=item is left)
    common = common_type(left.type, right.type)
    if common is None or common.base not in ("varchar", "char", "varbinary", "array", "unknown"):
        return None
    sides = f"({_own_length(left, common)} || {_own_length(right, common)})"
    if common.base == "array":
        return Typed(_null_if_any(left, right, common), common)
    return Typed(sides, _joined_type(left.type, right.type, common))


def _own_length(value: Typed, common: Type) -> str:
    """A char keeps its length: 'a' || CAST('b' AS char(2)) is 'ab '."""
    if common.base == "char" and value.type.length is not None:
        common = Type("char", (value.type.length,))
    return coerced(value, common)


def _joined_type(left: Type, right: Type, common: Type) -> Type:
    if common.base in ("varbinary", "unknown"):
        return common if common == VARBINARY else varchar()
    if left.length is None or right.length is None:
        return varchar()
    return Type(common.base, (left.length + right.length,))


def _null_if_any(left: Typed, right: Typed, common: Type) -> str:
    """Two arrays in a row; DuckDB takes a NULL array for an empty one."""
    sides = [coerced(left, common), coerced(right, common)]
    return template(
        "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN list_concat({0}, {1}) END", sides
    )


def _appended(array: Typed, item: Typed, front: bool) -> Typed | None:
    element = common_type(array.type.items[0], item.type)
    if element is None:
        return None
    type_ = Type("array", items=(element,))
    value = coerced(item, element)

    def grown(name: str) -> str:
        pair = ([f"[{value}]", name]) if front else ([name, f"[{value}]"])
        return f"CASE WHEN {name} IS NOT NULL THEN list_concat({', '.join(pair)}) END"

    return Typed(once(coerced(array, type_), grown), type_)
