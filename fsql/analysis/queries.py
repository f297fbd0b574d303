"""What queries give: SELECT, VALUES, set operations, WITH, and views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from fsql.analysis.expressions import Expressions, dotted, label
from fsql.analysis.filters import predicate
from fsql.analysis.model import Lookup, Relation
from fsql.analysis.parsing import parse_query
from fsql.analysis.relations import Ctes, Relations, Tables
from fsql.analysis.rows import OPAQUE, Plan, Rows, expect, unknown
from fsql.analysis.scopes import Column, NotUnderstood, Scope
from fsql.analysis.values import NOTHING, Value, merge

__all__ = ["Queries"]

_MODIFIERS = ("with_", "order", "limit", "offset")
_AGGREGATES = (
    exp.Count,
    exp.CountIf,
    exp.Sum,
    exp.Avg,
    exp.Min,
    exp.Max,
    exp.ArgMin,
    exp.ArgMax,
    exp.AnyValue,
    exp.ArrayAgg,
    exp.ApproxDistinct,
    exp.LogicalAnd,
    exp.LogicalOr,
)


class Queries:
    """Queries over one catalog.

    Args:
        lookup: the catalog.
        database: what a table name without a database means.
        views: the views that are being expanded, so that a circle ends.
    """

    def __init__(
        self, lookup: Lookup, database: str, views: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        self._lookup, self._views = lookup, views
        self._tables = Tables(lookup, database, self._view)

    def rows(self, node: exp.Expr, ctes: Ctes, parent: Scope | None) -> Rows:
        """What a query gives; rows of unknown columns if it is not understood."""
        handler = _HANDLERS.get(type(node))
        try:
            return handler(self, node, ctes, parent) if handler else OPAQUE
        except NotUnderstood:
            return OPAQUE

    def _view(self, database: str, name: str, relation: Relation) -> Rows:
        if (database, name) in self._views or relation.query is None:
            return OPAQUE
        inner = Queries(
            self._lookup, relation.database or database, self._views | {(database, name)}
        )
        query = parse_query(relation.query)
        return OPAQUE if query is None else inner.rows(query, {}, None)

    # --- kinds of queries ----------------------------------------------------------------------

    def _subquery(self, node: exp.Subquery, ctes: Ctes, parent: Scope | None) -> Rows:
        expect(node, "this", "alias", "joins", "sample", *_MODIFIERS)
        return self.rows(node.this, self._with(node, ctes, parent), parent).limited(node)

    def _set_operation(self, node: exp.SetOperation, ctes: Ctes, parent: Scope | None) -> Rows:
        expect(node, "this", "expression", "distinct", *_MODIFIERS)
        inner = self._with(node, ctes, parent)
        left, right = (self.rows(part, inner, parent) for part in (node.left, node.right))
        if not left.known or (right.known and len(left.columns) != len(right.columns)):
            return OPAQUE
        others = [c.value for c in right.columns] if right.known else [NOTHING] * len(left.columns)
        columns = tuple(
            Column(column.name, merge([column.value, other]).passed())
            for column, other in zip(left.columns, others, strict=True)
        )
        # The sum is a bound of each of them, and of chains however they are nested.
        both = left.bound is not None and right.bound is not None
        bound = (left.bound or 0) + (right.bound or 0) if both else None
        return Rows(columns, bound=bound).limited(node)

    def _values(self, node: exp.Values, ctes: Ctes, parent: Scope | None) -> Rows:
        expect(node, "expressions", "alias", "joins", "sample", *_MODIFIERS)
        expressions = self._expressions(Scope([], [], parent), ctes)
        rows = [
            expressions.values(row.expressions if isinstance(row, exp.Tuple) else [row])
            for row in node.expressions
        ]
        if len({len(row) for row in rows}) != 1:
            raise NotUnderstood("VALUES of several lengths")
        columns = tuple(Column(None, merge(values)) for values in zip(*rows, strict=True))
        return Rows(columns, bound=len(rows)).limited(node)

    def _select(self, node: exp.Select, ctes: Ctes, parent: Scope | None) -> Rows:
        expect(node, "expressions", "from_", "joins", "where", *_SELECT_CLAUSES, *_MODIFIERS)
        if node.args.get("group"):
            expect(node.args["group"], "expressions", "all")
        if node.args.get("distinct"):
            expect(node.args["distinct"])
        inner = self._with(node, ctes, parent)
        source = Relations(self._tables, self.rows, inner, parent).rows(node)
        expressions = self._expressions(source.scope(parent), inner)
        columns = tuple(self._outputs(node, source, expressions))
        if _groups_sets(node):
            columns = tuple(column.optional() for column in columns)
        plan = _plan(node, source, columns, expressions)
        return Rows(columns, bound=_bound(node, source), plan=plan).limited(node)

    # --- parts of queries ----------------------------------------------------------------------

    def _expressions(self, scope: Scope, ctes: Ctes) -> Expressions:
        return Expressions(scope, lambda node, inside: self._scalar(node, ctes, inside))

    def _scalar(self, node: exp.Expr, ctes: Ctes, scope: Scope) -> Value:
        rows = self.rows(node, ctes, scope)
        return rows.columns[0].value if rows.known and len(rows.columns) == 1 else NOTHING

    def _with(self, node: exp.Expr, ctes: Ctes, parent: Scope | None) -> Ctes:
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        named = dict(ctes)
        for cte in clause.expressions:
            names = [str(column.name) for column in cte.args["alias"].args.get("columns") or ()]
            if clause.args.get("recursive") and _reads_itself(cte):
                rows = Rows(unknown(names)) if names else OPAQUE
            else:
                rows = self.rows(cte.this, named, parent).renamed(names)
            named[cte.alias.lower()] = rows
        return named

    def _outputs(self, node: exp.Select, source: Rows, expressions: Expressions) -> list[Column]:
        columns: list[Column] = []
        if not node.expressions:
            raise NotUnderstood("SELECT of nothing")
        for item in node.expressions:
            names: list[str] = []
            if isinstance(item, exp.Aliases):
                names, item = [str(name.name) for name in item.expressions], item.this
            if _is_star(item):
                starred = Rows(tuple(_starred(item, source, expressions)))
                columns += starred.renamed(names).columns
            elif names:
                raise NotUnderstood("several names for one expression")
            else:
                columns.append(Column(label(item), expressions.value(item)))
        return columns


Handler = Callable[[Queries, Any, Ctes, Scope | None], Rows]

_SELECT_CLAUSES = ("group", "having", "windows", "distinct")
_HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Select: Queries._select,
    exp.Subquery: Queries._subquery,
    exp.Values: Queries._values,
    exp.Union: Queries._set_operation,
    exp.Intersect: Queries._set_operation,
    exp.Except: Queries._set_operation,
}


def _reads_itself(cte: exp.Expr) -> bool:
    name = cte.alias.lower()
    return any(t.name.lower() == name and not t.db for t in cte.this.find_all(exp.Table))


# --- * -----------------------------------------------------------------------------------------


def _is_star(item: exp.Expr) -> bool:
    if isinstance(item, exp.Dot):
        return isinstance(item.expression, exp.Star)
    return isinstance(item, exp.Star) or (
        isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
    )


def _starred(item: exp.Expr, source: Rows, expressions: Expressions) -> list[Column]:
    """``*``, ``relation.*`` or ``row.*``; Trino takes a single name for a relation's."""
    if isinstance(item, exp.Dot):
        target = dotted(item.this)
        return _fields(expressions.value(item.this)) if target is None else _of(target, expressions)
    if isinstance(item, exp.Column):
        expect(item.this)
        return _of([str(part.this) for part in item.parts[:-1]], expressions)
    expect(item)
    if not source.known:
        raise NotUnderstood("* of columns that are not known")
    return [Column(column.name, column.value) for column in source.columns]


def _of(name: Sequence[str], expressions: Expressions) -> list[Column]:
    """``name.*``, as `Scope.resolveAsteriskedIdentifierChainBasis` in Trino's analyzer."""
    parts, scope = [part.lower() for part in name], expressions.scope
    found = scope.named(parts)
    if not found and len(parts) > 1:
        return _fields(scope.resolve(parts))
    is_field = len(parts) > 1 and any(
        column.name and column.name.lower() == parts[1] for column in scope.named(parts[:1])
    )
    if not found or is_field:
        raise NotUnderstood(f"{'.'.join(parts)}.*")
    return [Column(column.name, column.value) for column in found]


def _fields(row: Value) -> list[Column]:
    if row.type is None or row.type.name != "row":
        raise NotUnderstood("* of no row")
    return [
        Column(name, row.member(name.lower()) if name else Value(type_))
        for name, type_ in row.type.fields
    ]


# --- how many rows, and which ------------------------------------------------------------------


def _groups_sets(node: exp.Select) -> bool:
    group = node.args.get("group")
    kinds = (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple)
    return group is not None and any(isinstance(part, kinds) for part in group.expressions)


def _bound(node: exp.Select, source: Rows) -> int | None:
    if _groups_sets(node):
        return None
    if node.args.get("group") is not None or source.bound is None:
        grouped = node.args.get("group") is not None
        return source.bound if grouped or not _aggregates(node) else 1
    # An aggregate function that is not known as one gives a row for none.
    return 1 if _aggregates(node) else max(source.bound, 1)


def _aggregates(node: exp.Select) -> bool:
    if node.args.get("having") is not None:
        return True
    return any(_has_aggregate(item) for item in node.expressions)


def _has_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, _AGGREGATES):
        return True
    if isinstance(node, exp.Query):
        return False
    if isinstance(node, exp.Window):
        node = node.this
        while isinstance(node, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
            node = node.this
    return any(_has_aggregate(child) for child in node.iter_expressions())


def _plan(
    node: exp.Select, source: Rows, columns: tuple[Column, ...], expressions: Expressions
) -> Plan | None:
    """The rows as a scan: a projection and a filter of what is a scan itself."""
    plan = source.plan
    if plan is None or any(node.args.get(clause) for clause in (*_SELECT_CLAUSES, "joins")):
        return None
    if not all(column.value.stored for column in columns):
        return None
    where = node.args.get("where")
    if where is None:
        return plan
    rows = predicate(where.this, expressions)
    return None if rows is None else plan.filtered(rows)
