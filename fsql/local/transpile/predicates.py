"""Comparisons, logic, LIKE, IN, BETWEEN, CASE and the predicates over subqueries.

Source: Trino documentation, "Comparison functions and operators", "Logical operators" and
"Conditional expressions".
"""

from __future__ import annotations

import re

from sqlglot import exp

from fsql.local.transpile.binder import Binder, Bound, coerced, rule
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import common_type, common_type_of
from fsql.local.transpile.equality import equal
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.places import fault, operator_at, unexpected
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import template
from fsql.local.transpile.types import BOOLEAN, VARCHAR, Type

__all__ = ["compared", "subquery_columns"]

_SYMBOLS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_FLOATS = ("real", "double")


@rule(*_SYMBOLS)
def _comparison(binder: Binder, node: exp.Binary) -> Typed:
    symbol = _SYMBOLS[type(node)]
    if quantified := _quantified(node.right):
        return _over_subquery(binder, node, symbol, *quantified)
    left, right = binder.bind(node.left), binder.bind(node.right)
    common = common_type(left.type, right.type)
    if common is None or (symbol not in ("=", "<>") and common.base in ("map", "json")):
        raise TrinoError("TYPE_MISMATCH", _not_applicable(node, symbol, left.type, right.type))
    return Typed(compared(symbol, left, right, common), BOOLEAN)


def _not_applicable(node: exp.Expr, symbol: str, left: Type, right: Type) -> str:
    return f"{operator_at(node)}: Cannot apply operator: {left} {symbol} {right}"


def compared(symbol: str, left: Typed, right: Typed, common: Type) -> str:
    """``left symbol right`` as values of their `common` type, by IEEE where they are floats."""
    a, b = coerced(left, common), coerced(right, common)
    if symbol in ("=", "<>") and common.base in ("row", "array"):
        same = equal(a, b, common)
        return same if symbol == "=" else f"(NOT {same})"
    guard = _nan_guard(symbol, left, right) if common.base in _FLOATS else ""
    return template(f"({{0}} {symbol} {{1}}{guard})", [a, b])


def _is_constant(value: Typed) -> bool:
    return value.literal is not None or bool(re.match(r"CAST\(-?[0-9]", value.sql))


def _nan_guard(symbol: str, left: Typed, right: Typed) -> str:
    """NaN is greater than all and equal to itself in DuckDB, and neither in Trino."""
    if symbol in ("=", "<>"):
        either = _is_constant(left) or _is_constant(right)
        return "" if either else {"=": " AND NOT isnan({0})", "<>": " OR isnan({0})"}[symbol]
    greater = 0 if symbol.startswith(">") else 1
    return "" if _is_constant((left, right)[greater]) else f" AND NOT isnan({{{greater}}})"


@rule(exp.NullSafeEQ, exp.NullSafeNEQ)
def _distinct_from(binder: Binder, node: exp.Binary) -> Typed:
    sides, _ = binder.bind_common((node.left, node.right), "operands of IS DISTINCT FROM")
    negation = "NOT " if isinstance(node, exp.NullSafeEQ) else ""
    return Typed(f"({sides[0]} IS {negation}DISTINCT FROM {sides[1]})", BOOLEAN)


@rule(exp.Is)
def _is_null(binder: Binder, node: exp.Is) -> Typed:
    if not isinstance(node.expression, exp.Null):
        raise unexpected(node.expression)
    return Typed(f"({binder.bind(node.this).sql} IS NULL)", BOOLEAN)


@rule(exp.Between)
def _between(binder: Binder, node: exp.Between) -> Typed:
    if node.args.get("symmetric"):
        raise fault(node, "SYNTAX_ERROR", "mismatched input 'SYMMETRIC'")
    value, low, high = (binder.bind(node.args[part]) for part in ("this", "low", "high"))
    common = common_type_of((value.type, low.type, high.type))
    if common is None:
        types = f"{value.type} BETWEEN {low.type} AND {high.type}"
        raise fault(node, "TYPE_MISMATCH", f"Cannot check if {types}")
    a, b, c = (coerced(side, common) for side in (value, low, high))
    if common.base in _FLOATS and not _is_constant(high):
        return Typed(template("({0} BETWEEN {1} AND {2} AND NOT isnan({2}))", [a, b, c]), BOOLEAN)
    return Typed(f"({a} BETWEEN {b} AND {c})", BOOLEAN)


# ---- logic -------------------------------------------------------------------------------------


@rule(exp.And, exp.Or)
def _connected(binder: Binder, node: exp.Connector) -> Typed:
    word = "AND" if isinstance(node, exp.And) else "OR"
    what = f"Logical expression term: {word} operand"
    terms = [binder.bind_as(term, BOOLEAN, what) for term in _terms(node)]
    return Typed(f"({f' {word} '.join(terms)})", BOOLEAN)


def _terms(node: exp.Connector) -> list[exp.Expr]:
    """The terms of ``a AND b AND c`` from left to right, without recursion."""
    terms: list[exp.Expr] = []
    left: exp.Expr = node
    while type(left) is type(node):
        terms.append(left.args["expression"])
        left = left.this
    return [left, *reversed(terms)]


@rule(exp.Not)
def _negation(binder: Binder, node: exp.Not) -> Typed:
    return Typed(
        f"(NOT {binder.bind_as(node.this, BOOLEAN, 'Value of logical NOT expression')})", BOOLEAN
    )


# ---- LIKE --------------------------------------------------------------------------------------


@rule(exp.Like)
def _like(binder: Binder, node: exp.Like) -> Typed:
    return _matched(binder, node, None)


@rule(exp.Escape)
def _like_escape(binder: Binder, node: exp.Escape) -> Typed:
    if not isinstance(node.this, exp.Like):
        raise fault(node, "SYNTAX_ERROR", "mismatched input 'ESCAPE'")
    return _matched(binder, node.this, node.expression)


def _matched(binder: Binder, node: exp.Like, escape: exp.Expr | None) -> Typed:
    value = _text(binder, node.this, "Left side of LIKE expression")
    pattern = _text(binder, node.expression, "Pattern for LIKE expression")
    escaped = (
        f" ESCAPE {binder.bind_as(escape, VARCHAR, 'Escape for LIKE expression')}" if escape else ""
    )
    negation = "NOT " if node.args.get("negate") else ""
    return Typed(f"({value} {negation}LIKE {pattern}{escaped})", BOOLEAN)


def _text(binder: Binder, node: exp.Expr, what: str) -> str:
    return binder.bind_as(node, VARCHAR, what)


# ---- CASE and IF -------------------------------------------------------------------------------


@rule(exp.Case)
def _case(binder: Binder, node: exp.Case) -> Typed:
    branches: list[exp.If] = node.args["ifs"]
    default = node.args.get("default")
    conditions = _conditions(binder, node, branches)
    results = [branch.args["true"] for branch in branches] + ([default] if default else [])
    values, type_ = binder.bind_common(results, "CASE results")
    whens = [f"WHEN {c} THEN {v}" for c, v in zip(conditions, values, strict=False)]
    last = f" ELSE {values[-1]}" if default else ""
    return Typed(f"CASE {' '.join(whens)}{last} END", type_)


def _conditions(binder: Binder, node: exp.Case, branches: list[exp.If]) -> list[str]:
    if not node.this:
        return [binder.bind_as(b.this, BOOLEAN, "CASE WHEN clause") for b in branches]
    operand = binder.bind(node.this)
    found = []
    for branch in branches:
        value = binder.bind(branch.this)
        common = common_type(operand.type, value.type)
        if common is None:
            types = f"{operand.type} vs {value.type}"
            message = f"CASE operand type does not match WHEN clause operand type: {types}"
            raise fault(branch, "TYPE_MISMATCH", message)
        found.append(compared("=", operand, value, common))
    return found


@rule(exp.If)
def _if(binder: Binder, node: exp.If) -> Typed:
    condition = binder.bind_as(node.this, BOOLEAN, "IF condition")
    otherwise = node.args.get("false")
    results = [node.args["true"]] + ([otherwise] if otherwise else [])
    values, type_ = binder.bind_common(results, "Result types for IF")
    last = f" ELSE {values[1]}" if otherwise else ""
    return Typed(f"CASE WHEN {condition} THEN {values[0]}{last} END", type_)


# ---- subqueries --------------------------------------------------------------------------------


@rule(exp.Subquery)
def _scalar_subquery(binder: Binder, node: exp.Subquery) -> Typed:
    bound = binder.queries.subquery(node, binder.scope)
    if len(bound.types) != 1:
        count = len(bound.types)
        raise fault(
            node,
            "NOT_SUPPORTED",
            f"Multiple columns returned by subquery are not yet supported. Found {count}",
        )
    return Typed(binder.hoist(f"({bound.sql})"), bound.types[0])


@rule(exp.Exists)
def _exists(binder: Binder, node: exp.Exists) -> Typed:
    bound = binder.queries.subquery(node.this, binder.scope)
    return Typed(binder.hoist(f"EXISTS ({bound.sql})"), BOOLEAN)


@rule(exp.In)
def _in(binder: Binder, node: exp.In) -> Typed:
    query = node.args.get("query")
    if query is not None:
        return _in_subquery(binder, node, query)
    if not node.expressions:
        raise fault(node, "SYNTAX_ERROR", "mismatched input ')'")
    values = [binder.bind(item) for item in (node.this, *node.expressions)]
    common = common_type_of(value.type for value in values)
    if common is None:
        types = ", ".join(dict.fromkeys(str(v.type) for v in values))
        raise fault(
            node,
            "TYPE_MISMATCH",
            f"IN value and list items must be the same type: {types}",
        )
    texts = [coerced(value, common) for value in values]
    return Typed(f"({texts[0]} IN ({', '.join(texts[1:])}))", BOOLEAN)


def _in_subquery(binder: Binder, node: exp.In, query: exp.Expr) -> Typed:
    bound = binder.queries.subquery(query, binder.scope)
    operands = [binder.bind(item) for item in _row_items(node.this)]
    if len(operands) != len(bound.types):
        raise fault(
            node,
            "TYPE_MISMATCH",
            f"IN value has {len(operands)} columns, the subquery {len(bound.types)}",
        )
    pairs = [common_type(o.type, t) for o, t in zip(operands, bound.types, strict=True)]
    commons = [common for common in pairs if common is not None]
    if len(commons) < len(pairs):
        types = ", ".join(map(str, bound.types))
        raise fault(
            node,
            "TYPE_MISMATCH",
            "value and result of subquery must be of the same type for IN expression: "
            f"{operands[0].type} vs {types}",
        )
    left = ", ".join(coerced(o, common) for o, common in zip(operands, commons, strict=True))
    return Typed(binder.hoist(f"(({left}) IN ({subquery_columns(bound, commons)}))"), BOOLEAN)


def _row_items(node: exp.Expr) -> list[exp.Expr]:
    return list(node.expressions) if isinstance(node, exp.Tuple) else [node]


def subquery_columns(bound: Bound, types: list[Type]) -> str:
    """The query with its columns coerced to `types`."""
    if list(bound.types) == types:
        return bound.sql
    casts = [
        cast_sql(f"q.c{i}", a, b) for i, (a, b) in enumerate(zip(bound.types, types, strict=True))
    ]
    named = [f"{cast} AS c{i}" for i, cast in enumerate(casts)]
    return f"SELECT {', '.join(named)} FROM ({bound.sql}) AS q"


def _quantified(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """``ANY (SELECT …)``, ``SOME`` or ``ALL``."""
    if isinstance(node, (exp.Any, exp.All)):
        return ("ANY" if isinstance(node, exp.Any) else "ALL"), node.this
    if isinstance(node, exp.Anonymous) and len(node.expressions) == 1:
        word, query = node.name.upper(), node.expressions[0]
        if word in ("ANY", "SOME", "ALL") and isinstance(query, (exp.Query, exp.Values)):
            return word.replace("SOME", "ANY"), query
    return None


def _over_subquery(
    binder: Binder, node: exp.Binary, symbol: str, word: str, query: exp.Expr
) -> Typed:
    left = binder.bind(node.left)
    bound = binder.queries.subquery(query, binder.scope)
    common = common_type(left.type, bound.types[0]) if len(bound.types) == 1 else None
    if common is None:
        types = ", ".join(map(str, bound.types))
        raise fault(
            node,
            "TYPE_MISMATCH",
            "Value expression and result of subquery must be of the same type: "
            f"{left.type} vs {types}",
        )
    inner = subquery_columns(bound, [common])
    return Typed(binder.hoist(f"({coerced(left, common)} {symbol} {word} ({inner}))"), BOOLEAN)
