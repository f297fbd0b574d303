"""The engine's types of literals and of what operators compute from numbers and times."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from fsql.analysis.engine_types import (
    BIGINT,
    DAY_INTERVAL,
    DOUBLE,
    INTEGER,
    REAL,
    UNKNOWN,
    YEAR_INTERVAL,
    EngineType,
    as_decimal,
    common_type,
    is_integer,
)
from fsql.analysis.values import Value
from fsql.types import MAX_DECIMAL_DIGITS

__all__ = ["RULES", "Rule", "ValueOf", "is_number"]

ValueOf = Callable[[exp.Expr], Value]
Rule = Callable[[exp.Expr, ValueOf], EngineType | None]


def is_number(type_: EngineType) -> bool:
    """An integer, decimal or floating point type."""
    return is_integer(type_) or type_.name in ("decimal", "real", "double")


# --- literals ----------------------------------------------------------------------------------


def _literal(node: exp.Expr, value: ValueOf) -> EngineType | None:
    text = str(node.this)
    if node.args["is_string"]:
        return EngineType("varchar", (len(text),))
    if "e" in text.lower():
        return DOUBLE
    if "." in text:
        whole, _, fraction = text.partition(".")
        digits = len((whole + fraction).lstrip("0"))
        return EngineType("decimal", (max(digits, len(fraction), 1), len(fraction)))
    # https://trino.io/docs/current/language/types.html: integer if it fits, else bigint
    return INTEGER if int(text) < 2**31 else BIGINT


def _interval(node: exp.Expr, value: ValueOf) -> EngineType | None:
    unit = node.args.get("unit")
    if unit is None:
        return None
    word = unit.sql(dialect="trino").upper().split()[0]
    return YEAR_INTERVAL if word in ("YEAR", "MONTH") else DAY_INTERVAL


# --- operators ---------------------------------------------------------------------------------


def _operands(node: exp.Expr, value: ValueOf) -> tuple[EngineType, EngineType] | None:
    left, right = value(node.this).type, value(node.expression).type
    if left is None or right is None or UNKNOWN in (left, right):
        return None
    return left, right


def _sum_type(node: exp.Expr, value: ValueOf) -> EngineType | None:
    types = _operands(node, value)
    return types and (_of_numbers(node, *types) or _of_times(node, *types))


def _product_type(node: exp.Expr, value: ValueOf) -> EngineType | None:
    types = _operands(node, value)
    return types and _of_numbers(node, *types)


def _negated(node: exp.Expr, value: ValueOf) -> EngineType | None:
    type_ = value(node.this).type
    return type_ if type_ != UNKNOWN else None


def _of_numbers(node: exp.Expr, left: EngineType, right: EngineType) -> EngineType | None:
    if not (is_number(left) and is_number(right)):
        return None
    names = {left.name, right.name}
    if "decimal" not in names or names & {"real", "double"}:
        return common_type([left, right])
    first, second = as_decimal(left), as_decimal(right)
    return first and second and _of_decimals(node, first.numbers, second.numbers)


def _of_decimals(
    node: exp.Expr, left: tuple[int, ...], right: tuple[int, ...]
) -> EngineType | None:
    """https://trino.io/docs/current/functions/decimal.html#binary-arithmetic-decimal-operators"""
    (p1, s1), (p2, s2) = left, right
    scale = max(s1, s2)
    if isinstance(node, exp.Mul):
        precision, scale = p1 + p2, s1 + s2
    elif isinstance(node, exp.Div):
        precision = p1 + s2 + max(0, s2 - s1)
    elif isinstance(node, exp.Mod):
        precision = min(p1 - s1, p2 - s2) + scale
    else:
        precision = max(p1 - s1, p2 - s2) + scale + 1
    if scale > MAX_DECIMAL_DIGITS:
        return None
    return EngineType("decimal", (min(precision, MAX_DECIMAL_DIGITS), scale))


def _of_times(node: exp.Expr, left: EngineType, right: EngineType) -> EngineType | None:
    if left.name.startswith("interval") and isinstance(node, exp.Add):
        left, right = right, left
    if right.name.startswith("interval"):
        return _shifted(left, right)
    is_time = left.name == "date" or left.name.startswith("timestamp")
    return DAY_INTERVAL if isinstance(node, exp.Sub) and is_time and left == right else None


def _shifted(time: EngineType, interval: EngineType) -> EngineType | None:
    if time.name == "date" or time == interval:
        return time
    if not time.name.startswith("timestamp"):
        return None
    digits = time.numbers[0] if interval == YEAR_INTERVAL else max(time.numbers[0], 3)
    return EngineType(time.name, (digits,))


# --- sums --------------------------------------------------------------------------------------


def _argument(node: exp.Expr, value: ValueOf) -> EngineType | None:
    argument = node.this
    return value(argument.expressions[0] if isinstance(argument, exp.Distinct) else argument).type


def _summed(node: exp.Expr, value: ValueOf) -> EngineType | None:
    type_ = _argument(node, value)
    if type_ is None or is_integer(type_):
        return type_ and BIGINT
    if type_.name == "decimal":
        return EngineType("decimal", (MAX_DECIMAL_DIGITS, type_.numbers[1]))
    return type_ if type_ in (REAL, DOUBLE) else None


def _averaged(node: exp.Expr, value: ValueOf) -> EngineType | None:
    type_ = _argument(node, value)
    if type_ is None or is_integer(type_):
        return type_ and DOUBLE
    return type_ if type_ in (REAL, DOUBLE) or type_.name == "decimal" else None


RULES: dict[type[exp.Expr], Rule] = {
    exp.Literal: _literal,
    exp.Interval: _interval,
    exp.Add: _sum_type,
    exp.Sub: _sum_type,
    exp.Mul: _product_type,
    exp.Div: _product_type,
    exp.Mod: _product_type,
    exp.Neg: _negated,
    exp.Sum: _summed,
    exp.Avg: _averaged,
}
