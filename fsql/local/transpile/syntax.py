"""Functions with a syntax of their own: EXTRACT, TRIM, AT TIME ZONE, CURRENT_DATE, ROW, TRY."""

from __future__ import annotations

import re

from sqlglot import exp

from fsql.local.transpile.binder import Binder, rule
from fsql.local.transpile.calls import SPECIAL, call
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.literals import row_of
from fsql.local.transpile.moments import zone_name
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import let
from fsql.local.transpile.types import (
    DATE,
    TIMESTAMP_TZ,
    VARCHAR,
    Type,
    time,
    timestamp,
    timestamp_tz,
    varchar,
)

__all__: list[str] = []

# ---- the current time --------------------------------------------------------------------------


@rule(exp.CurrentDate)
def _current_date(binder: Binder, node: exp.Expr) -> Typed:
    return Typed("CAST(timezone('UTC', now()) AS DATE)", DATE)


@rule(exp.CurrentTimestamp, exp.Localtimestamp, exp.CurrentTime, exp.Localtime)
def _current(binder: Binder, node: exp.Expr) -> Typed:
    words: dict[type[exp.Expr], str] = {
        exp.CurrentTimestamp: "current_timestamp",
        exp.Localtimestamp: "localtimestamp",
        exp.CurrentTime: "current_time",
        exp.Localtime: "localtime",
    }
    return _now(node, words[type(node)], 3)


def _now(node: exp.Expr, word: str, precision: int) -> Typed:
    """The time at which the query began, with so many digits."""
    if precision > 6:
        raise fault(node, "NOT_SUPPORTED", f"Precision {precision} is not supported, only up to 6")
    now = Typed("now()", timestamp_tz(6))
    target: Type = {
        "current_timestamp": timestamp_tz(precision),
        "localtimestamp": timestamp(precision),
        "localtime": time(precision),
    }.get(word, time(precision))
    if word == "current_time":
        raise fault(node, "NOT_SUPPORTED", "current_time is not supported, use localtime")
    return Typed(cast_sql(now.sql, now.type, target), target)


def _now_with_precision(binder: Binder, node: exp.Anonymous) -> Typed:
    digits = [argument.name for argument in node.expressions]
    if len(digits) != 1 or not digits[0].isdecimal():
        raise fault(node, "SYNTAX_ERROR", "mismatched input '('. Expecting: <integer>")
    return _now(node, node.name.lower(), int(digits[0]))


for _word in ("current_timestamp", "localtimestamp", "localtime", "current_time"):
    SPECIAL[_word] = _now_with_precision


@rule(exp.CurrentUser, exp.CurrentCatalog)
def _session(binder: Binder, node: exp.Expr) -> Typed:
    word = "current_user" if isinstance(node, exp.CurrentUser) else "current_catalog"
    raise fault(node, "NOT_SUPPORTED", f"{word} is not supported")


# ---- times -------------------------------------------------------------------------------------


@rule(exp.AtTimeZone)
def _at_time_zone(binder: Binder, node: exp.AtTimeZone) -> Typed:
    value, zone = binder.bind(node.this), binder.bind(node.args["zone"])
    return zoned(node, value, zone)


def zoned(node: exp.Expr, value: Typed, zone: Typed) -> Typed:
    """An instant shown in another zone; a timestamp without one is taken to be in UTC."""
    if value.type.base not in ("timestamp", TIMESTAMP_TZ):
        message = (
            "Type of value must be a time or timestamp with or without time zone "
            f"(actual {value.type})"
        )
        raise fault(node, "TYPE_MISMATCH", message)
    if not isinstance(zone.literal, str):
        raise fault(node, "NOT_SUPPORTED", "AT TIME ZONE needs a constant zone")
    target = timestamp_tz(value.type.precision, zone_name(node, zone.literal))
    return Typed(cast_sql(value.sql, value.type, target), target)


_FIELDS = {
    **{unit: unit.lower() for unit in ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY")},
    **{unit: unit.lower() for unit in ("HOUR", "MINUTE", "SECOND")},
    "DAY_OF_MONTH": "day",
    "DAY_OF_WEEK": "day_of_week",
    "DOW": "day_of_week",
    "DAY_OF_YEAR": "day_of_year",
    "DOY": "day_of_year",
    "YEAR_OF_WEEK": "year_of_week",
    "YOW": "year_of_week",
    "TIMEZONE_HOUR": "timezone_hour",
    "TIMEZONE_MINUTE": "timezone_minute",
}


@rule(exp.Extract)
def _extract(binder: Binder, node: exp.Extract) -> Typed:
    name = _FIELDS.get(node.name.upper())
    if name is None:
        raise fault(node, "INVALID_FUNCTION_ARGUMENT", f"Invalid EXTRACT field: {node.name}")
    return call(name, node, [binder.bind(node.expression)])


# ---- text --------------------------------------------------------------------------------------


@rule(exp.Trim)
def _trim(binder: Binder, node: exp.Trim) -> Typed:
    names = {"LEADING": "ltrim", "TRAILING": "rtrim"}
    name = names.get(str(node.args.get("position") or "").upper(), "trim")
    parts = [node.this, node.expression] if node.args.get("expression") else [node.this]
    return call(name, node, [binder.bind(part) for part in parts])


@rule(exp.Substring)
def _substring(binder: Binder, node: exp.Substring) -> Typed:
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return call("substring", node, [binder.bind(part) for part in parts if part is not None])


@rule(exp.StrPosition)
def _position(binder: Binder, node: exp.StrPosition) -> Typed:
    parts = [node.this, node.args["substr"]]
    return call("strpos", node, [binder.bind(part) for part in parts])


@rule(exp.Normalize)
def _normalize(binder: Binder, node: exp.Normalize) -> Typed:
    form = node.args.get("form")
    name = form.name.upper() if isinstance(form, exp.Expr) else "NFC"
    if name not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise fault(node, "SYNTAX_ERROR", f"mismatched input '{name}'. Expecting: 'NFC'")
    value = binder.bind_as(node.this, VARCHAR, "Argument of normalize")
    plain = f"nfc_normalize({value})" if name == "NFC" else f"fsql_normalize({value}, '{name}')"
    return Typed(plain, VARCHAR)


# ---- rows, TRY, types --------------------------------------------------------------------------


def _row(binder: Binder, node: exp.Anonymous) -> Typed:
    if not node.expressions:
        raise fault(node, "SYNTAX_ERROR", "mismatched input ')'. Expecting: <expression>")
    return row_of([binder.bind(item) for item in node.expressions])


def _try(binder: Binder, node: exp.Anonymous) -> Typed:
    """NULL where the argument fails. Aggregates and subqueries are computed outside of it."""
    if len(node.expressions) != 1:
        raise fault(node, "SYNTAX_ERROR", "The 'try' function must have exactly one argument")
    outer = binder.block.hoisted
    hoisted: list[str] = [] if outer is None else outer
    with binder.changed(hoisted=hoisted):
        value = binder.bind(node.expressions[0])
    if outer is not None or not hoisted:
        return Typed(f"TRY({value.sql})", value.type)

    def attempt(*names: str) -> str:
        return f"TRY({_HOISTED.sub(lambda found: names[int(found[1])], value.sql)})"

    return Typed(let(hoisted, attempt), value.type)


_HOISTED = re.compile("\0(\\d+)\0")


def _typeof(binder: Binder, node: exp.Anonymous) -> Typed:
    if len(node.expressions) != 1:
        raise fault(
            node,
            "FUNCTION_NOT_FOUND",
            "Unexpected parameters for function typeof. Expected: typeof(t)",
        )
    text = str(binder.bind(node.expressions[0]).type)
    return Typed(f"'{text.replace(chr(39), chr(39) * 2)}'", varchar(len(text)))


def _grouping(binder: Binder, node: exp.Anonymous) -> Typed:
    keys = ", ".join(binder.bind(item).sql for item in node.expressions)
    if not binder.block.keys:
        message = "A GROUPING() operation needs a GROUP BY clause"
        raise fault(node, "EXPRESSION_NOT_AGGREGATE", message)
    return Typed(f"CAST(grouping({keys}) AS INTEGER)", Type("integer"))


SPECIAL.update({"row": _row, "try": _try, "typeof": _typeof, "grouping": _grouping})
