"""CAST and TRY_CAST in a query: the type they name, and whether it can be had."""

from __future__ import annotations

import re

from sqlglot import exp

from fsql.local.transpile.binder import Binder, rule
from fsql.local.transpile.casts import can_cast, cast_sql, is_plain
from fsql.local.transpile.literals import definite
from fsql.local.transpile.moments import keyword_of, literal_cast, zone_of
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import let
from fsql.local.transpile.types import (
    InvalidType,
    Type,
    duckdb_type,
    parse_type,
    quoted,
    timestamp_tz,
)

__all__: list[str] = []


@rule(exp.Cast)
def _cast(binder: Binder, node: exp.Cast) -> Typed:
    if node.to.this != exp.DType.USERDEFINED:
        return literal_cast(node, keyword_of(node), node.this.name)
    target = cast_target(node)
    return _cast_to(binder, node, target)


@rule(exp.TryCast)
def _try_cast(binder: Binder, node: exp.TryCast) -> Typed:
    target = cast_target(node)
    value = binder.bind(node.this)
    _castable(node, value, target)
    if is_plain(value.type, target):
        return Typed(f"TRY_CAST({value.sql} AS {duckdb_type(target)})", target)
    return Typed(
        let([value.sql], lambda name: f"TRY({cast_sql(name, value.type, target)})"), target
    )


def cast_target(node: exp.Cast) -> Type:
    """The type after AS; raises TYPE_NOT_FOUND where Trino has none of that name."""
    text = str(node.to.args["kind"])
    try:
        target = parse_type(text.lower() if '"' not in text else text)
    except InvalidType:
        raise fault(node, "TYPE_NOT_FOUND", f"Unknown type: {text}") from None
    _check_supported(node, target)
    if _HIVE_ONLY.search(text):
        raise fault(node, "TYPE_NOT_FOUND", f"Unknown type: {text}")
    return target


def _check_supported(node: exp.Expr, type_: Type) -> None:
    """Times hold microseconds here: more digits would be lost silently."""
    if type_.base in ("ipaddress", "hyperloglog", "time with time zone"):
        raise fault(node, "NOT_SUPPORTED", f"Type {type_} is not supported")
    if type_.base.startswith("time") and type_.sizes and type_.precision > _MOST_DIGITS:
        message = f"{type_} is not supported, only up to {_MOST_DIGITS} digits"
        raise fault(node, "NOT_SUPPORTED", message)
    for item in type_.items:
        _check_supported(node, item)


_MOST_DIGITS = 6
_HIVE_ONLY = re.compile(r"\b(string|float)\b", re.IGNORECASE)
"""Names of types that only DDL knows. Source: Athena documentation, "Data types"."""


def _cast_to(binder: Binder, node: exp.Cast, target: Type) -> Typed:
    inner = node.this
    if target.base == "row" and isinstance(inner, exp.Anonymous) and inner.name.lower() == "row":
        values = [binder.bind(item) for item in inner.expressions]
        if len(values) == len(target.items):
            return _named_row(node, values, target)
    value = binder.bind(inner)
    _castable(node, value, target)
    if target.base.startswith("timestamp") and isinstance(value.literal, str):
        zone = zone_of(value.literal)
        target = timestamp_tz(target.precision, zone) if "zone" in target.base and zone else target
    return Typed(cast_sql(value.sql, value.type, target), target)


def _named_row(node: exp.Cast, values: list[Typed], target: Type) -> Typed:
    """``CAST(ROW(…) AS ROW(…))`` in one step, the way most rows are made."""
    fields = []
    for value, name, type_ in zip(values, target.field_names(), target.items, strict=True):
        _castable(node, value, type_)
        fields.append(f"{quoted(name)} := {cast_sql(definite(value), value.type, type_)}")
    return Typed(f"struct_pack({', '.join(fields)})", target)


def _castable(node: exp.Expr, value: Typed, target: Type) -> None:
    if not can_cast(value.type, target):
        raise fault(node, "TYPE_MISMATCH", f"Cannot cast {value.type} to {target}")
