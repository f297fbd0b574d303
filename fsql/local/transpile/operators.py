"""Arithmetic: ``+ - * / %`` and ``||``, by the types on both sides.

Source: Trino documentation, "Mathematical functions and operators" and "Decimal functions and
operators" (precision and scale of results), "Date and time functions and operators".
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from fsql.local.transpile import formats
from fsql.local.transpile.binder import Binder, coerced, rule
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import common_type
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.parser import operator_at
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import let, once, raised, template
from fsql.local.transpile.types import (
    BIGINT,
    DAY_INTERVAL,
    DOUBLE,
    INTEGERS,
    MONTH_INTERVAL,
    TIMESTAMP_TZ,
    UNKNOWN,
    VARBINARY,
    Type,
    decimal,
    duckdb_type,
    varchar,
)

__all__ = ["arithmetic", "divided"]

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
    special = _SPECIAL.get((left.type.base, symbol, right.type.base))
    if special:
        return special(left, right)
    common = common_type(left.type, right.type)
    if common is None or common.base not in _NUMERIC:
        return None
    if common.base == "decimal":
        return _DECIMAL[symbol](_as_decimal(left, common), _as_decimal(right, common))
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


# ---- decimals ----------------------------------------------------------------------------------


def _as_decimal(value: Typed, common: Type) -> Typed:
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


_DECIMAL: dict[str, Callable[[Typed, Typed], Typed]] = {
    "+": _sum("+"),
    "-": _sum("-"),
    "*": _product,
    "/": _quotient,
    "%": _remainder,
}

# ---- times and intervals -----------------------------------------------------------------------

Operator = Callable[[Typed, Typed], Typed]


def _interval(value: Typed) -> str:
    unit = "milliseconds" if value.type == DAY_INTERVAL else "months"
    amount = value.sql if unit == "milliseconds" else f"CAST({value.sql} AS INTEGER)"
    return f"to_{unit}({amount})"


def _moved(symbol: str) -> Operator:
    def moved(when: Typed, by: Typed) -> Typed:
        if when.type.base == TIMESTAMP_TZ and by.type == MONTH_INTERVAL:
            wall = formats.local_time(when.sql, when.type.zone)
            shifted = f"({wall} {symbol} {_interval(by)})"
            return Typed(formats.instant_of(shifted, when.type.zone), when.type)
        return Typed(_shifted(when, symbol, by), _finer(when.type, by))

    return moved


def _shifted(when: Typed, symbol: str, by: Typed) -> str:
    sql = f"({when.sql} {symbol} {_interval(by)})"
    if when.type.base == TIMESTAMP_TZ:
        wall = f"({formats.local_time(when.sql, 'UTC')} {symbol} {_interval(by)})"
        return formats.instant_of(wall, "UTC")
    return f"CAST({sql} AS TIME)" if when.type.base == "time" else sql


def _finer(type_: Type, by: Typed) -> Type:
    """An interval day to second has three digits after the second, so the sum has as many."""
    if by.type == MONTH_INTERVAL:
        return type_
    return Type(type_.base, (max(type_.precision, 3),), zone=type_.zone)


def _moved_day(symbol: str) -> Operator:
    """A date by an interval; one with hours in it is an error."""

    def moved(day: Typed, by: Typed) -> Typed:
        if by.type == MONTH_INTERVAL:
            return Typed(f"CAST({day.sql} {symbol} {_interval(by)} AS DATE)", day.type)
        said = "'Cannot add hour, minutes or seconds to a date'"
        wrong = raised("INVALID_FUNCTION_ARGUMENT", said, "DATE")
        whole = f"CASE WHEN {{1}} % 86400000 <> 0 THEN {wrong}"
        shifted = f"ELSE {{0}} {symbol} CAST({{1}} // 86400000 AS INTEGER) END"
        return Typed(template(f"{whole} {shifted}", [day.sql, by.sql]), day.type)

    return moved


def _swapped(operator: Operator) -> Operator:
    return lambda left, right: operator(right, left)


def _between_days(left: Typed, right: Typed) -> Typed:
    return Typed(f"(CAST({left.sql} - {right.sql} AS BIGINT) * 86400000)", DAY_INTERVAL)


def _between_times(left: Typed, right: Typed) -> Typed:
    sql = f"((epoch_us({left.sql}) - epoch_us({right.sql})) // 1000)"
    return Typed(sql, DAY_INTERVAL)


def _intervals(symbol: str) -> Operator:
    return lambda left, right: Typed(f"({left.sql} {symbol} {right.sql})", left.type)


def _scaled(symbol: str) -> Operator:
    def scaled(interval: Typed, factor: Typed) -> Typed:
        if factor.type.base in INTEGERS and symbol == "*":
            return Typed(f"({interval.sql} * {coerced(factor, BIGINT)})", interval.type)
        exact = f"{interval.sql} {symbol} {coerced(factor, DOUBLE)}"
        return Typed(f"CAST(trunc({exact}) AS BIGINT)", interval.type)

    return scaled


_SPECIAL: dict[tuple[str, str, str], Operator] = {}
_STAMPS = ("timestamp", TIMESTAMP_TZ)
_INTERVALS = (DAY_INTERVAL.base, MONTH_INTERVAL.base)


def _fill() -> None:
    for symbol in ("+", "-"):
        for interval in _INTERVALS:
            _SPECIAL["date", symbol, interval] = _moved_day(symbol)
            _SPECIAL[interval, symbol, interval] = _intervals(symbol)
            _SPECIAL.update({(when, symbol, interval): _moved(symbol) for when in _STAMPS})
        _SPECIAL["time", symbol, DAY_INTERVAL.base] = _moved(symbol)
    for (when, symbol, interval), operator in list(_SPECIAL.items()):
        if symbol == "+" and when not in _INTERVALS:
            _SPECIAL[interval, "+", when] = _swapped(operator)
    for stamp in _STAMPS:
        _SPECIAL[stamp, "-", stamp] = _between_times
    _SPECIAL["date", "-", "date"] = _between_days
    for interval in _INTERVALS:
        for number in _NUMERIC:
            _SPECIAL[interval, "*", number] = _scaled("*")
            _SPECIAL[interval, "/", number] = _scaled("/")
            _SPECIAL[number, "*", interval] = _swapped(_scaled("*"))


_fill()

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
    sides = f"({coerced(left, common)} || {coerced(right, common)})"
    if common.base == "array":
        return Typed(_null_if_any(left, right, common), common)
    return Typed(sides, _joined_type(left.type, right.type, common))


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
