"""WHERE clauses as predicates over stored columns, with exactly Trino's meaning.

NOT is carried down to the leaves, which De Morgan's laws allow in three-valued logic
too; each leaf is then asked when it is TRUE, or when it is FALSE.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from sqlglot import exp

from fsql.analysis.comparisons import NEGATED, Stored, Untranslatable, compare, member_of
from fsql.analysis.expressions import Expressions, dotted
from fsql.analysis.literals import Literal, parse_literal
from fsql.analysis.patterns import match
from fsql.analysis.predicates import (
    And,
    CompareColumns,
    Constant,
    IsNull,
    NotNull,
    Or,
    Predicate,
)
from fsql.types import storage_type

__all__ = ["predicate"]

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FOLDED: dict[str, Callable[[object, object], bool]] = {"=": operator.eq, "<>": operator.ne}


def predicate(condition: exp.Expr, expressions: Expressions) -> Predicate | None:
    """The rows for which a condition is TRUE; None if that cannot be said exactly.

    Args:
        condition: what stands after WHERE.
        expressions: what its names mean.

    Raises:
        NotUnderstood: it names a column that there is not.
    """
    try:
        return _Filter(expressions).rows(condition, False)
    except Untranslatable:
        return None


class _Filter:
    """Conditions over the columns of one scope."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions

    def rows(self, node: exp.Expr, negated: bool) -> Predicate:
        """Where the condition is TRUE; or, `negated`, where it is FALSE."""
        if type(node) in _OPERATORS:
            return self._comparison(_OPERATORS[type(node)], node, negated)
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise Untranslatable(type(node).__name__)
        return handler(self, node, negated)

    # --- logic ---------------------------------------------------------------------------------

    def _and(self, node: exp.Expr, negated: bool) -> Predicate:
        parts = tuple(self.rows(part, negated) for part in node.flatten())
        return Or(parts) if negated else And(parts)

    def _or(self, node: exp.Expr, negated: bool) -> Predicate:
        parts = tuple(self.rows(part, negated) for part in node.flatten())
        return And(parts) if negated else Or(parts)

    def _not(self, node: exp.Expr, negated: bool) -> Predicate:
        return self.rows(node.this, not negated)

    def _paren(self, node: exp.Expr, negated: bool) -> Predicate:
        return self.rows(node.this, negated)

    def _constant(self, node: exp.Expr, negated: bool) -> Predicate:
        return Constant(bool(node.this) != negated)

    def _null(self, node: exp.Expr, negated: bool) -> Predicate:
        return Constant(False)

    def _flag(self, node: exp.Expr, negated: bool) -> Predicate:
        return compare("=", self._stored(node), Literal("boolean", True), negated)

    # --- comparisons ---------------------------------------------------------------------------

    def _comparison(self, op: str, node: exp.Expr, negated: bool) -> Predicate:
        left, right = node.this, node.expression
        first, second = parse_literal(left), parse_literal(right)
        if first is not None and second is not None:
            return _folded(op, first, second, negated)
        if second is not None:
            return compare(op, self._stored(left), second, negated)
        if first is not None:
            return compare(_FLIPPED[op], self._stored(right), first, negated)
        return _columns(op, self._stored(left), self._stored(right), negated)

    def _between(self, node: exp.Expr, negated: bool) -> Predicate:
        _only(node, "this", "low", "high")
        column = self._stored(node.this)
        low, high = (self._literal(node.args[end]) for end in ("low", "high"))
        parts = (compare(">=", column, low, negated), compare("<=", column, high, negated))
        return Or(parts) if negated else And(parts)

    def _in(self, node: exp.Expr, negated: bool) -> Predicate:
        _only(node, "this", "expressions")
        literals = [self._literal(item) for item in node.expressions]
        return member_of(self._stored(node.this), literals, negated)

    def _is(self, node: exp.Expr, negated: bool) -> Predicate:
        if not isinstance(node.expression, exp.Null):
            raise Untranslatable("IS")
        path = self._stored(node.this).path
        return NotNull(path) if negated else IsNull(path)

    def _distinct(self, node: exp.Expr, negated: bool) -> Predicate:
        column, literal = self._stored(node.this), self._literal(node.expression)
        if isinstance(node, exp.NullSafeNEQ):
            negated = not negated
        if literal.kind == "null":
            return NotNull(column.path) if negated else IsNull(column.path)
        same = compare("=", column, literal, negated)
        return Or((IsNull(column.path), same)) if negated else same

    def _like(self, node: exp.Expr, negated: bool) -> Predicate:
        _only(node, "this", "expression", "negate")
        return self._matched(node, None, negated)

    def _escape(self, node: exp.Expr, negated: bool) -> Predicate:
        escape = parse_literal(node.expression)
        if not isinstance(node.this, exp.Like) or escape is None or escape.kind != "varchar":
            raise Untranslatable("ESCAPE")
        return self._matched(node.this, str(escape.value), negated)

    def _matched(self, node: exp.Expr, escape: str | None, negated: bool) -> Predicate:
        column, pattern = self._stored(node.this), self._literal(node.expression)
        if pattern.kind != "varchar":
            raise Untranslatable("LIKE")
        flipped = bool(node.args.get("negate")) != negated
        return match(column, str(pattern.value), escape, flipped)

    # --- operands ------------------------------------------------------------------------------

    def _literal(self, node: exp.Expr) -> Literal:
        literal = parse_literal(node)
        if literal is None:
            raise Untranslatable("an expression where a constant is needed")
        return literal

    def _stored(self, node: exp.Expr) -> Stored:
        value = self._expressions.value(node) if dotted(node) else None
        if value is None or not value.stored or value.origin is None or value.field is None:
            raise Untranslatable("an expression where a column is needed")
        return Stored(value.origin.path, storage_type(value.field.type))


_HANDLERS: dict[type[exp.Expr], Callable[[_Filter, exp.Expr, bool], Predicate]] = {
    exp.And: _Filter._and,
    exp.Or: _Filter._or,
    exp.Not: _Filter._not,
    exp.Paren: _Filter._paren,
    exp.Boolean: _Filter._constant,
    exp.Null: _Filter._null,
    exp.Column: _Filter._flag,
    exp.Dot: _Filter._flag,
    exp.Between: _Filter._between,
    exp.In: _Filter._in,
    exp.Is: _Filter._is,
    exp.NullSafeEQ: _Filter._distinct,
    exp.NullSafeNEQ: _Filter._distinct,
    exp.Like: _Filter._like,
    exp.Escape: _Filter._escape,
}


def _only(node: exp.Expr, *known: str) -> None:
    if any(value and key not in known for key, value in node.args.items()):
        raise Untranslatable(type(node).__name__)


def _folded(op: str, left: Literal, right: Literal, negated: bool) -> Predicate:
    """``1 = 1`` and its like, which people and tools write."""
    if "null" in (left.kind, right.kind):
        return Constant(False)
    if left.kind != right.kind or left.kind == "varchar" or op not in _FOLDED:
        raise Untranslatable("a comparison of constants")
    return Constant(_FOLDED[op](left.value, right.value) != negated)


def _columns(op: str, left: Stored, right: Stored, negated: bool) -> Predicate:
    op = NEGATED[op] if negated else op
    if left.type != right.type or not left.comparable:
        raise Untranslatable(f"{left.type} and {right.type}")
    if left.floating and (negated or op == "<>"):
        # See `predicates` on NaN; here either side may be one.
        raise Untranslatable("NaN on either side")
    return CompareColumns(op, left.path, right.path)
