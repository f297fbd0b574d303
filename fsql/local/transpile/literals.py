"""Literals: numbers, texts, binary, arrays and rows written out."""

from __future__ import annotations

import re

from sqlglot import exp

from fsql.local.transpile.binder import Binder, rule
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import raised, string
from fsql.local.transpile.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    UNKNOWN,
    VARBINARY,
    Type,
    array,
    decimal,
    duckdb_type,
    varchar,
)

__all__ = ["decimal_literal", "definite", "row_of"]

# ---- numbers, truth, NULL ----------------------------------------------------------------------


@rule(exp.Literal)
def _literal(binder: Binder, node: exp.Literal) -> Typed:
    if node.is_string:
        return Typed(string(node.name), varchar(len(node.name)), node.name)
    return number(node, node.name)


def number(node: exp.Expr, text: str) -> Typed:
    """``5`` is an integer, ``5000000000`` a bigint, ``5.0`` a decimal, ``5e0`` a double."""
    if not _NUMBER.fullmatch(text):
        raise fault(node, "SYNTAX_ERROR", f"Invalid numeric literal: {text}")
    if "e" in text.lower():
        return Typed(f"CAST({text} AS DOUBLE)", DOUBLE)
    if "." in text:
        return decimal_literal(node, text)
    if not text.isdecimal() or int(text) >= 2**63:
        raise fault(node, "SYNTAX_ERROR", f"Invalid numeric literal: {text}")
    return Typed(text, INTEGER if int(text) < 2**31 else BIGINT, int(text))


_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


def decimal_literal(node: exp.Expr, text: str) -> Typed:
    """``1.50`` is a decimal(3,2): as precise as it is written."""
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.lstrip("+-").partition(".")
    digits = len(whole.lstrip("0")) + len(fraction)
    if digits > 38 or not (whole + fraction).isdecimal():
        raise fault(node, "INVALID_LITERAL", f"'{text}' is not a valid decimal literal")
    type_ = decimal(max(digits, 1), len(fraction))
    shown = f"{sign}{whole or '0'}.{fraction or '0'}"
    if len(whole) + len(fraction) >= _LONGEST:
        shown = string(shown)
    return Typed(f"CAST({shown} AS {duckdb_type(type_)})", type_)


_LONGEST = 38
"""Digits of a decimal; DuckDB takes a longer number, ``.0`` included, for a double."""


@rule(exp.Neg)
def _negated(binder: Binder, node: exp.Neg) -> Typed:
    inner = node.this
    if isinstance(inner, exp.Literal) and not inner.is_string and inner.name == str(2**63):
        return Typed("CAST(-9223372036854775808 AS BIGINT)", BIGINT)
    value = binder.bind(inner)
    if value.type.base not in _NEGATABLE:
        raise fault(node, "TYPE_MISMATCH", f"Cannot negate {value.type}")
    literal = -value.literal if isinstance(value.literal, int) else None
    if value.sql in _LEAST:  # a constant, which DuckDB would widen
        message = string(f"{value.type} negation overflow: {_LEAST[value.sql]}")
        failing = raised("NUMERIC_VALUE_OUT_OF_RANGE", message, duckdb_type(value.type))
        return Typed(failing, value.type)
    return Typed(f"(-{value.sql})", value.type, literal)


_LEAST = {
    f"CAST({-(2**bits)} AS {name})": -(2**bits)
    for name, bits in (("TINYINT", 7), ("SMALLINT", 15), ("INTEGER", 31), ("BIGINT", 63))
}
_NEGATABLE = {
    *("tinyint", "smallint", "integer", "bigint", "real", "double", "decimal", "unknown"),
    *("interval day to second", "interval year to month"),
}


@rule(exp.Boolean)
def _boolean(binder: Binder, node: exp.Boolean) -> Typed:
    return Typed("true" if node.this else "false", BOOLEAN)


@rule(exp.Null)
def _null(binder: Binder, node: exp.Null) -> Typed:
    return Typed("NULL", UNKNOWN)


@rule(exp.Placeholder, exp.Parameter)
def _placeholder(binder: Binder, node: exp.Expr) -> Typed:
    message = "Incorrect number of parameters: a value for each ? is needed"
    raise fault(node, "INVALID_PARAMETER_USAGE", message)


@rule(exp.HexString)
def _binary(binder: Binder, node: exp.HexString) -> Typed:
    digits = re.sub(r"\s", "", node.name)
    if len(digits) % 2 or not re.fullmatch("[0-9A-Fa-f]*", digits):
        raise fault(
            node, "SYNTAX_ERROR", "Binary literal must contain an even number of hex digits"
        )
    return Typed(f"unhex({string(digits)})", VARBINARY)


@rule(exp.UnicodeString)
def _unicode(binder: Binder, node: exp.UnicodeString) -> Typed:
    escape = node.args.get("escape")
    mark = re.escape(escape.name if isinstance(escape, exp.Expr) else "\\")
    text = re.sub(
        rf"{mark}(?:\+([0-9A-Fa-f]{{6}})|([0-9A-Fa-f]{{4}}))",
        lambda code: chr(int(code[1] or code[2], 16)),
        node.name,
    )
    return Typed(string(text), varchar(len(text)), text)


@rule(exp.Array)
def _array(binder: Binder, node: exp.Array) -> Typed:
    items, item_type = binder.bind_common(node.expressions, "ARRAY elements")
    if not items:
        return Typed("CAST([] AS INTEGER[])", array(UNKNOWN))
    return Typed(f"[{', '.join(items)}]", array(item_type))


@rule(exp.Tuple)
def _tuple(binder: Binder, node: exp.Tuple) -> Typed:
    return row_of([binder.bind(item) for item in node.expressions])


@rule(exp.Paren)
def _paren(binder: Binder, node: exp.Paren) -> Typed:
    return binder.bind(node.this)


def row_of(items: list[Typed]) -> Typed:
    """``ROW(…)``: fields without names."""
    type_ = Type("row", items=tuple(i.type for i in items), names=(None,) * len(items))
    fields = [f"field{i} := {definite(item)}" for i, item in enumerate(items)]
    return Typed(f"struct_pack({', '.join(fields)})", type_)


def definite(item: Typed) -> str:
    """A literal's text would take the type of its neighbour in DuckDB."""
    if item.literal is None and item.type != UNKNOWN:
        return item.sql
    return f"CAST({item.sql} AS {duckdb_type(item.type)})"
