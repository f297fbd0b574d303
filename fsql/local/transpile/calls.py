"""Calls of functions: which overload a call means, aggregates, windows and lambdas."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from sqlglot import exp

from fsql.local.transpile.binder import Binder, coerced, rule
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.functions.missing import MISSING
from fsql.local.transpile.functions.registry import (
    AGGREGATE,
    FUNCTIONS,
    SCALAR,
    WINDOW,
    Call,
    Overload,
)
from fsql.local.transpile.names import identifier
from fsql.local.transpile.places import fault, unexpected
from fsql.local.transpile.scope import Scope, Typed
from fsql.local.transpile.signatures import Argument, Match, match
from fsql.local.transpile.sqltext import filled, template
from fsql.local.transpile.types import BOOLEAN, UNKNOWN, Type
from fsql.local.transpile.windows import over, sorted_by

__all__ = ["SPECIAL", "call"]

Special = Callable[[Binder, exp.Anonymous], Typed]
SPECIAL: dict[str, Special] = {}
"""Functions by name whose arguments are more than values: TRY, ROW, COALESCE and the like."""


@dataclass
class _Invocation:
    """What stands around a call's arguments: DISTINCT, ORDER BY, FILTER, IGNORE NULLS, OVER."""

    node: exp.Expr
    name: str
    arguments: list[exp.Expr]
    distinct: bool = False
    order: exp.Order | None = None
    where: exp.Expr | None = None
    nulls: str = ""
    over: exp.Window | None = None


# ---- from syntax to an invocation --------------------------------------------------------------


@rule(exp.Anonymous)
def _anonymous(binder: Binder, node: exp.Anonymous) -> Typed:
    special = SPECIAL.get(node.name.lower())
    return special(binder, node) if special else _invoke(binder, _invocation(node))


@rule(exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.GroupConcat)
def _wrapped(binder: Binder, node: exp.Expr) -> Typed:
    return _invoke(binder, _invocation(node))


@rule(exp.Window)
def _window(binder: Binder, node: exp.Window) -> Typed:
    return _invoke(binder, replace(_invocation(node.this), over=node))


def _invocation(node: exp.Expr) -> _Invocation:
    if isinstance(node, exp.Filter):
        return replace(_invocation(node.this), where=node.expression.this)
    if isinstance(node, (exp.IgnoreNulls, exp.RespectNulls)):
        return replace(
            _invocation(node.this), nulls=" IGNORE NULLS" * isinstance(node, exp.IgnoreNulls)
        )
    if isinstance(node, exp.GroupConcat):
        separator = node.args.get("separator") or exp.Literal.string("")
        return _arguments(node, "listagg", [node.this, separator])
    if not isinstance(node, exp.Anonymous):
        raise unexpected(node)
    arguments = [a for a in node.expressions if not _is_count_star(node, a)]
    return _arguments(node, node.name.lower(), arguments)


def _is_count_star(node: exp.Anonymous, argument: exp.Expr) -> bool:
    return node.name.lower() == "count" and isinstance(argument, exp.Star)


def _arguments(node: exp.Expr, name: str, arguments: list[exp.Expr]) -> _Invocation:
    """Unwrap DISTINCT, ORDER BY and IGNORE NULLS, which the parser hangs on the arguments."""
    found = _Invocation(node, name, arguments)
    for i, argument in enumerate(found.arguments):
        if isinstance(argument, (exp.IgnoreNulls, exp.RespectNulls)):
            found.nulls = " IGNORE NULLS" * isinstance(argument, exp.IgnoreNulls)
            argument = argument.this
        if isinstance(argument, exp.Order):
            found.order, argument = argument, argument.this
        found.arguments[i] = argument
    first = found.arguments[0] if found.arguments else None
    if isinstance(first, exp.Distinct) and first.expressions:
        found.distinct = True
        found.arguments[:1] = first.expressions
        return _reordered(found)
    return found


def _reordered(found: _Invocation) -> _Invocation:
    last = found.arguments[-1]
    if isinstance(last, exp.Order):
        found.order, found.arguments[-1] = last, last.this
    return found


# ---- from an invocation to an expression -------------------------------------------------------


@dataclass
class _Around:
    """What goes into and behind DuckDB's own aggregate."""

    distinct: str = ""
    order: str = ""
    behind: str = ""


def _invoke(binder: Binder, invocation: _Invocation) -> Typed:
    overloads = FUNCTIONS.get(invocation.name)
    if not overloads:
        _not_registered(invocation)
    kind = overloads[0].kind
    if invocation.over is not None:
        return _windowed(binder, invocation, overloads, invocation.over)
    if kind == WINDOW:
        message = f"Window function {invocation.name} requires an OVER clause"
        raise fault(invocation.node, "MISSING_OVER", message)
    if kind == AGGREGATE:
        with binder.inside_aggregate(invocation.node):
            typed = _resolved(binder, invocation, overloads, _around(binder, invocation))
        return replace(typed, sql=binder.hoist(typed.sql))
    if invocation.distinct or invocation.order or invocation.where or invocation.nulls:
        message = f"Function {invocation.name} is not an aggregation function"
        raise fault(invocation.node, "FUNCTION_NOT_AGGREGATE", message)
    typed = _resolved(binder, invocation, overloads, None)
    return replace(typed, sql=binder.hoist(typed.sql)) if invocation.name in _VOLATILE else typed


_VOLATILE = ("random", "rand", "uuid")
"""Functions that DuckDB's TRY can't hold."""


def _not_registered(invocation: _Invocation) -> NoReturn:
    name = invocation.name
    if name in MISSING:
        raise fault(invocation.node, "NOT_SUPPORTED", f"Function '{name}' is not supported")
    raise fault(invocation.node, "FUNCTION_NOT_FOUND", f"Function '{name}' not registered")


def _windowed(
    binder: Binder, invocation: _Invocation, overloads: list[Overload], window: exp.Window
) -> Typed:
    if overloads[0].kind == SCALAR:
        message = f"Function {invocation.name} is not a window function"
        raise fault(invocation.node, "FUNCTION_NOT_WINDOW", message)
    with binder.inside_window(invocation.node):
        around = _around(binder, invocation)
        around.behind += f" OVER ({over(binder, window)})"
        typed = _resolved(binder, invocation, overloads, around)
    return replace(typed, sql=binder.hoist(typed.sql))


def _around(binder: Binder, invocation: _Invocation) -> _Around:
    around = _Around("DISTINCT " if invocation.distinct else "", invocation.nulls)
    if invocation.order:
        around.order += f" ORDER BY {sorted_by(binder, invocation.order)}"
    if invocation.where is not None:
        where = binder.bind_as(invocation.where, BOOLEAN, "Filter expression")
        around.behind = f" FILTER (WHERE {where})"
    return around


def _resolved(
    binder: Binder, invocation: _Invocation, overloads: list[Overload], around: _Around | None
) -> Typed:
    given = [_given(binder, argument) for argument in invocation.arguments]
    overload, matched = _overload(invocation, overloads, given)
    arguments = [g.text(type_) for g, type_ in zip(given, matched.types, strict=True)]
    values = [g.value for g in given]
    call_ = Call(invocation.node, arguments, matched.types, values, matched.result)
    if around is None:
        return _emitted(overload, call_)
    made = overload.emit if isinstance(overload.emit, str) else overload.emit(call_)
    typed = made if isinstance(made, Typed) else Typed(made, matched.result)
    return Typed(_aggregated(typed.sql, arguments, around), typed.type)


def _emitted(overload: Overload, call_: Call) -> Typed:
    if isinstance(overload.emit, str):
        return Typed(template(overload.emit, call_.arguments), call_.result)
    made = overload.emit(call_)
    return made if isinstance(made, Typed) else Typed(made, call_.result)


_OWN = re.compile(r"<(\w+)\((.*?)\)>")
"""``<sum({0})>`` in the template of an aggregate."""


def _aggregated(text: str, arguments: list[str], around: _Around) -> str:
    pieces: list[str] = []

    def numbered(own: re.Match[str]) -> str:
        inside = filled(own[2], arguments)
        pieces.append(f"{own[1]}({around.distinct}{inside}{around.order}){around.behind}")
        return f"{{{len(arguments) + len(pieces) - 1}}}"

    own = _OWN.sub(numbered, text)
    return template(own, [*arguments, *pieces])


def call(name: str, node: exp.Expr, arguments: list[Typed]) -> Typed:
    """Call the scalar function `name` with translated arguments; for syntax such as EXTRACT."""
    given = [_Given(value) for value in arguments]
    overload, matched = _overload(_Invocation(node, name, []), FUNCTIONS[name], given)
    texts = [g.text(type_) for g, type_ in zip(given, matched.types, strict=True)]
    return _emitted(overload, Call(node, texts, matched.types, arguments, matched.result))


# ---- arguments ---------------------------------------------------------------------------------


@dataclass
class _Given:
    """An argument of a call: a translated value, or a lambda still to be translated."""

    value: Typed
    binder: Binder | None = None
    function: exp.Lambda | None = None
    body: Typed = field(default_factory=lambda: Typed("", UNKNOWN))
    names: list[str] = field(default_factory=list)

    def argument(self) -> Argument:
        if self.function is None:
            return Argument(self.value.type)
        return Argument(UNKNOWN, self.translate, len(self.function.expressions))

    def translate(self, types: tuple[Type, ...]) -> Type:
        """Translate the lambda for parameters of these types."""
        assert self.binder is not None
        assert self.function is not None
        depth = sum(1 for _ in self.binder.scope.chain())
        self.names = [f"fsql_p{depth}_{i}" for i in range(len(types))]
        own = [identifier(parameter) for parameter in self.function.expressions]
        typed = [Typed(name, type_) for name, type_ in zip(self.names, types, strict=True)]
        inner = Scope((), self.binder.scope, dict(zip(own, typed, strict=True)), inner=True)
        self.body = self.binder.within(inner).bind(self.function.this)
        return self.body.type

    def text(self, type_: Type) -> str:
        if self.function is None:
            return coerced(self.value, type_)
        body = cast_sql(self.body.sql, self.body.type, type_.items[-1])
        return f"lambda {', '.join(self.names)}: {body}"


def _given(binder: Binder, node: exp.Expr) -> _Given:
    if isinstance(node, exp.Lambda):
        return _Given(Typed("", UNKNOWN), binder, node)
    return _Given(binder.bind(node))


def _overload(
    invocation: _Invocation, overloads: list[Overload], given: list[_Given]
) -> tuple[Overload, Match]:
    """The first overload that fits as it is, or else the first that fits by coercion."""
    arguments = [g.argument() for g in given]
    for exact in (True, False):
        for overload in overloads:
            matched = match(overload.signature, arguments, exact)
            if matched is not None:
                return overload, matched
    types = ", ".join("function" if g.function else str(g.value.type) for g in given)
    known = ", ".join(str(overload.signature) for overload in overloads)
    message = f"Unexpected parameters ({types}) for function {invocation.name}. Expected: {known}"
    raise fault(invocation.node, "FUNCTION_NOT_FOUND", message)
