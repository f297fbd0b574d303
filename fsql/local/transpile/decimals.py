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


_DIGITS = 38  # that a HUGEINT holds, whichever they are


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
        sign = f"CASE WHEN ({n} < 0) = ({d} < 0) THEN 1 ELSE -1 END"
        return f"({_rounded(f'abs({n})', f'abs({d})')}) * {sign}"

    if left.type.precision + max(more, 0) > _DIGITS:
        step = _DIGITS - 1 - right.type.precision
        if step > 0 and more > 0:
            return _long_division(left, right, type_, more, step)
    whole = let([dividend, divisor], quotient)
    return _with_scale(f"CAST({whole} AS DECIMAL(38,0))", type_)


def _rounded(n: str, d: str) -> str:
    return f"(2 * {n} + {d}) // (2 * {d})"


def _long_division(left: Typed, right: Typed, type_: Type, more: int, step: int) -> str:
    """As by hand, `step` digits at a time: all at once they are more than a HUGEINT holds."""

    def rest(total: str, n: str, d: str, digits: int) -> str:
        if not digits:
            return f"{total} + {_rounded(n, d)}"
        more = min(step, digits)
        power = f"CAST(1{'0' * more} AS HUGEINT)"
        parts = [f"({total} + {n} // {d}) * {power}", f"({n} % {d}) * {power}"]
        return let(parts, lambda t, m: rest(t, m, d, digits - more))

    def quotient(n: str, d: str) -> str:
        sign = f"CASE WHEN ({n} < 0) = ({d} < 0) THEN 1 ELSE -1 END"
        start = "CAST(0 AS HUGEINT)"
        absolute = let([f"abs({n})", f"abs({d})"], lambda a, b: rest(start, a, b, more))
        return f"({absolute}) * {sign}"

    whole = let([_digits(left), _digits(right)], quotient)
    return _with_scale(f"CAST({whole} AS DECIMAL(38,0))", type_)


def _digits(value: Typed) -> str:
    """A decimal's digits as a HUGEINT, without the point."""
    if value.type.precision + value.type.scale <= 38:
        shift = f"CAST(1{'0' * value.type.scale} AS DECIMAL({value.type.scale + 1},0))"
        wide = (
            f"CAST({value.sql} AS DECIMAL(38,{value.type.scale}))"  # DuckDB keeps a product narrow
        )
        return f"CAST({wide} * {shift} AS HUGEINT)"
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
