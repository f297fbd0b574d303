"""What is known of the values of an expression.

Functions that hand out some of the values they are given keep the exact type; everything
that computes new values has the engine's type, or none when that is not certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from fsql.analysis.engine_types import VARCHAR, from_sql
from fsql.analysis.functions import result_type
from fsql.analysis.scopes import Scope
from fsql.analysis.values import NOTHING, NULL, Value, list_of, merge

__all__ = ["Expressions", "dotted", "label"]

Subquery = Callable[[exp.Expr, Scope], Value]

# Words that Trino reads as functions and sqlglot as columns.
_KEYWORDS = frozenset({"current_schema", "current_path"})


def dotted(node: exp.Expr) -> tuple[str, ...] | None:
    """The parts of a dotted name as written, ``(w).speed`` too; None for other expressions."""
    if isinstance(node, exp.Column):
        parts = tuple(str(part.this) for part in node.parts)
        return None if _is_keyword(node) else parts
    if isinstance(node, exp.Paren):
        return dotted(node.this)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        base = dotted(node.this)
        return base and (*base, str(node.expression.this))
    return None


def label(node: exp.Expr) -> str | None:
    """The name that Trino gives a column of a SELECT; None: by its position."""
    if isinstance(node, exp.Alias):
        return str(node.alias)
    parts = dotted(node)
    return parts[-1] if parts else None


def _is_keyword(node: exp.Column) -> bool:
    name = node.this
    return len(node.parts) == 1 and not name.quoted and name.name.lower() in _KEYWORDS


class Expressions:
    """The expressions of one query.

    Args:
        scope: what names mean.
        subquery: the value of a subquery that stands for one value.
    """

    def __init__(self, scope: Scope, subquery: Subquery) -> None:
        self.scope = scope
        self._subquery = subquery

    def value(self, node: exp.Expr) -> Value:
        """What is known of the expression's values.

        Raises:
            NotUnderstood: it names a column that there is not, or more than one.
        """
        handler = _HANDLERS.get(type(node))
        return handler(self, node) if handler else Value(result_type(node, self.value))

    def values(self, nodes: Sequence[exp.Expr]) -> list[Value]:
        """`value` for each."""
        return [self.value(node) for node in nodes]

    # --- names and parts -----------------------------------------------------------------------

    def _name(self, node: exp.Expr) -> Value:
        parts = dotted(node)
        if parts is not None:
            return self.scope.resolve([part.lower() for part in parts])
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
            return self.value(node.this).member(str(node.expression.this).lower())
        return Value(VARCHAR) if isinstance(node, exp.Column) else NOTHING

    def _inner(self, node: exp.Expr) -> Value:
        return self.value(node.this)

    def _bracket(self, node: exp.Expr) -> Value:
        base = self.value(node.this)
        if base.type is None or isinstance(node.expressions[0], exp.Slice):
            return NOTHING
        return {"array": base.element, "map": base.item}.get(base.type.name, lambda: NOTHING)()

    def _scalar_subquery(self, node: exp.Expr) -> Value:
        return self._subquery(node, self.scope).passed()

    # --- values of their argument --------------------------------------------------------------

    def _passed(self, node: exp.Expr) -> Value:
        return self.value(node.this).passed()

    def _aggregate(self, node: exp.Expr) -> Value:
        argument = node.this
        if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
            argument = argument.expressions[0]
        chosen = self.value(argument).passed()
        many = node.expressions or node.args.get("count")
        return list_of(chosen) if many else chosen

    def _array_aggregate(self, node: exp.Expr) -> Value:
        argument = node.this
        while isinstance(argument, (exp.Order, exp.Distinct)):
            inner = argument.this or argument.expressions
            argument = inner[0] if isinstance(inner, list) else inner
        return list_of(self.value(argument))

    def _neighbour(self, node: exp.Expr) -> Value:
        default = node.args.get("default")
        chosen = self.value(node.this).passed()
        return merge([chosen, self.value(default)]).passed() if default else chosen

    def _some_elements(self, node: exp.Expr) -> Value:
        return self.value(node.this).any_length()

    def _one_element(self, node: exp.Expr) -> Value:
        return self.value(node.this).element()

    def _reverse(self, node: exp.Expr) -> Value:
        base = self.value(node.this)
        is_text = base.type is not None and base.type.name == "varchar"
        return Value(base.type) if is_text else base.any_length()

    def _map_keys(self, node: exp.Expr) -> Value:
        return list_of(self.value(node.this).key())

    # --- one of several values -----------------------------------------------------------------

    def _first_of(self, node: exp.Expr) -> Value:
        return merge(self.values([node.this, *node.expressions])).passed()

    def _if(self, node: exp.Expr) -> Value:
        otherwise = node.args.get("false")
        branches = [self.value(node.args["true"]), self.value(otherwise) if otherwise else NULL]
        return merge(branches).passed()

    def _case(self, node: exp.Expr) -> Value:
        default = node.args.get("default")
        branches = self.values([branch.args["true"] for branch in node.args["ifs"]])
        return merge([*branches, self.value(default) if default else NULL]).passed()

    def _array(self, node: exp.Expr) -> Value:
        return list_of(merge(self.values(node.expressions)))

    # --- other types ---------------------------------------------------------------------------

    def _cast(self, node: exp.Expr) -> Value:
        return Value(from_sql(node.args["to"]))

    def _null(self, node: exp.Expr) -> Value:
        return NULL


Handler = Callable[[Expressions, exp.Expr], Value]

_HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Column: Expressions._name,
    exp.Dot: Expressions._name,
    exp.Paren: Expressions._inner,
    exp.Alias: Expressions._inner,
    exp.Bracket: Expressions._bracket,
    exp.Subquery: Expressions._scalar_subquery,
    exp.Window: Expressions._passed,
    exp.Filter: Expressions._passed,
    exp.IgnoreNulls: Expressions._passed,
    exp.RespectNulls: Expressions._passed,
    exp.FirstValue: Expressions._passed,
    exp.LastValue: Expressions._passed,
    exp.NthValue: Expressions._passed,
    exp.Nullif: Expressions._passed,
    exp.Try: Expressions._passed,
    exp.Max: Expressions._aggregate,
    exp.Min: Expressions._aggregate,
    exp.ArgMax: Expressions._aggregate,
    exp.ArgMin: Expressions._aggregate,
    exp.AnyValue: Expressions._aggregate,
    exp.ArrayAgg: Expressions._array_aggregate,
    exp.ArrayUniqueAgg: Expressions._array_aggregate,
    exp.Lag: Expressions._neighbour,
    exp.Lead: Expressions._neighbour,
    exp.ArrayFilter: Expressions._some_elements,
    exp.ArrayDistinct: Expressions._some_elements,
    exp.ArraySort: Expressions._some_elements,
    exp.ArraySlice: Expressions._some_elements,
    exp.Shuffle: Expressions._some_elements,
    exp.Reverse: Expressions._reverse,
    exp.ArrayMax: Expressions._one_element,
    exp.ArrayMin: Expressions._one_element,
    exp.ArrayFirst: Expressions._one_element,
    exp.ArrayLast: Expressions._one_element,
    exp.MapKeys: Expressions._map_keys,
    exp.Coalesce: Expressions._first_of,
    exp.Greatest: Expressions._first_of,
    exp.Least: Expressions._first_of,
    exp.If: Expressions._if,
    exp.Case: Expressions._case,
    exp.Array: Expressions._array,
    exp.Cast: Expressions._cast,
    exp.TryCast: Expressions._cast,
    exp.Null: Expressions._null,
}
