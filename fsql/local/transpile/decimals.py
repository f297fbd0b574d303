"""Arithmetic of decimals: the precision and scale of each result, and exact division.

Source: Trino documentation, "Decimal functions and operators".
"""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import common_type
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import let
from fsql.local.transpile.types import (
    INTEGERS,
    UNKNOWN,
    Type,
    decimal,
    duckdb_type,
)

__all__ = ["DECIMALS", "as_decimal", "divided"]


def as_decimal(value: Typed, common: Type) -> Typed:
    """An integer with all its digits; a decimal stays what it is."""
    if value.type.base in INTEGERS:
        type_ = decimal(INTEGERS[value.type.base], 0)
        return Typed(cast_sql(value.sql, value.type, type_), type_)
    if value.type == UNKNOWN:
        return Typed(cast_sql(value.sql, UNKNOWN, common), common)
    return value


def _sum(symbol: str) -> Callable[[Typed, Typed], Typed]:
    def added(left: Typed, right: Typed) -> Typed:
        a, b = left.type, right.type
        scale = max(a.scale, b.scale)
        type_ = decimal(max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale)
        sides = (cast_sql(side.sql, side.type, type_) for side in (left, right))
        return Typed(f"CAST(({f' {symbol} '.join(sides)}) AS {duckdb_type(type_)})", type_)

    return added


def _product(left: Typed, right: Typed) -> Typed:
    a, b = left.type, right.type
    type_ = decimal(a.precision + b.precision, a.scale + b.scale)
    return Typed(f"CAST(({left.sql} * {right.sql}) AS {duckdb_type(type_)})", type_)


def _quotient(left: Typed, right: Typed) -> Typed:
    a, b = left.type, right.type
    scale = max(a.scale, b.scale)
    type_ = decimal(a.precision + b.scale + max(b.scale - a.scale, 0), scale)
    return Typed(divided(left, right, type_), type_)


def divided(left: Typed, right: Typed, type_: Type) -> str:
    """One decimal by another, rounded half up, exactly: DuckDB's own division goes by doubles."""
    more = type_.scale - left.type.scale + right.type.scale
    dividend = f"({_digits(left)} * CAST(1{'0' * max(more, 0)} AS HUGEINT))"
    divisor = f"({_digits(right)} * CAST(1{'0' * max(-more, 0)} AS HUGEINT))"

    def quotient(n: str, d: str) -> str:
        rounded = f"(2 * abs({n}) + abs({d})) // (2 * abs({d}))"
        sign = f"CASE WHEN ({n} < 0) = ({d} < 0) THEN 1 ELSE -1 END"
        return f"({rounded}) * {sign}"

    whole = let([dividend, divisor], quotient)
    return _with_scale(f"CAST({whole} AS DECIMAL(38,0))", type_)


def _digits(value: Typed) -> str:
    """A decimal's digits as a HUGEINT, without the point."""
    if value.type.precision + value.type.scale <= 38:
        shift = f"CAST(1{'0' * value.type.scale} AS DECIMAL({value.type.scale + 1},0))"
        return f"CAST({value.sql} * {shift} AS HUGEINT)"
    return f"CAST(replace(CAST({value.sql} AS VARCHAR), '.', '') AS HUGEINT)"


def _with_scale(sql: str, type_: Type) -> str:
    if not type_.scale:
        return f"CAST({sql} AS {duckdb_type(type_)})"
    unit = f"CAST(0.{'1':0>{type_.scale}} AS DECIMAL({type_.scale},{type_.scale}))"
    return f"CAST({sql} * {unit} AS {duckdb_type(type_)})"


def _remainder(left: Typed, right: Typed) -> Typed:
    a, b = left.type, right.type
    scale = max(a.scale, b.scale)
    type_ = decimal(min(a.precision - a.scale, b.precision - b.scale) + scale, scale)
    common = common_type(a, b) or type_
    sides = (cast_sql(side.sql, side.type, common) for side in (left, right))
    return Typed(f"CAST(({' % '.join(sides)}) AS {duckdb_type(type_)})", type_)


DECIMALS: dict[str, Callable[[Typed, Typed], Typed]] = {
    "+": _sum("+"),
    "-": _sum("-"),
    "*": _product,
    "/": _quotient,
    "%": _remainder,
}
