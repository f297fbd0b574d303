"""What stands in FROM: tables, views, subqueries, joins, UNNEST and LATERAL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import pyarrow as pa
from sqlglot import exp

from fsql.analysis.engine_types import BIGINT, EngineType, from_arrow
from fsql.analysis.expressions import Expressions
from fsql.analysis.model import AsOf, Lookup, Origin, Relation
from fsql.analysis.rows import OPAQUE, Plan, Rows, expect, unknown
from fsql.analysis.scopes import Column, NotUnderstood, Scope
from fsql.analysis.values import Value, merge
from fsql.analysis.versions import as_of
from fsql.errors import UnsupportedType
from fsql.types import storage_type

__all__ = ["CATALOG", "Relations", "Tables"]

CATALOG = "awsdatacatalog"
"""Athena's name of the Glue catalog; other catalogs are not known to fsql."""

Ctes = Mapping[str, Rows]
Query = Callable[[exp.Expr, Ctes, Scope | None], Rows]


class Tables:
    """Base tables and views, by the catalog.

    Args:
        lookup: the catalog.
        database: what a name without a database means.
        view: the rows of a view's query in its own database.
    """

    def __init__(
        self, lookup: Lookup, database: str, view: Callable[[str, str, Relation], Rows]
    ) -> None:
        self._lookup, self._database, self._view = lookup, database.lower(), view

    def rows(self, table: exp.Table) -> Rows:
        """What the catalog knows of a table, under its full name."""
        catalog, name = table.catalog.lower() or CATALOG, table.name.lower()
        database = table.db.lower() or self._database
        qualifier = (catalog, database, name)
        rows = OPAQUE
        version = table.args.get("version")
        relation = self._lookup(database, name) if catalog == CATALOG else None
        if relation is not None:
            known = self._known if version is None else partial(_earlier, as_of(version))
            rows = known(database, name, relation)
        columns = tuple(column.under(qualifier) for column in rows.columns)
        return replace(rows, columns=columns, opaque=(qualifier,) if rows.opaque else ())

    def _known(self, database: str, name: str, relation: Relation) -> Rows:
        if relation.query is not None:
            return self._of_view(database, name, relation)
        columns = tuple(_columns(relation, database, name))
        plan = Plan(database, name) if relation.exact else None
        return Rows(columns, bound=relation.rows, plan=plan)

    def _of_view(self, database: str, name: str, relation: Relation) -> Rows:
        rows = self._view(database, name, relation)
        names = list(relation.columns)
        if not names:
            return rows
        given = [column.name and column.name.lower() for column in rows.columns]
        if rows.known and given == names:
            return rows.renamed(names)
        # The view's table has changed since: Trino calls it stale, so nothing is certain.
        return Rows(unknown(names))


def _earlier(as_of: AsOf, database: str, name: str, relation: Relation) -> Rows:
    """The rows that a table had; only an engine has them."""
    known = relation.earlier(as_of) if relation.earlier and relation.query is None else None
    if known is None:
        return OPAQUE
    columns, stored, count = known
    then = replace(relation, columns=columns, stored=stored)
    return Rows(tuple(_columns(then, database, name)), bound=count)


def _columns(relation: Relation, database: str, table: str) -> list[Column]:
    columns = []
    for name, field in relation.columns.items():
        stored = relation.stored.get(name)
        type_ = _engine_type(stored or field.type, relation.exact and stored is None)
        exact = relation.exact and type_ is not None
        origin = Origin(database, table, (name,))
        columns.append(Column(name, Value(type_, field if exact else None, origin, exact)))
    return columns


@lru_cache(maxsize=4096)
def _engine_type(type_: pa.DataType, exact: bool) -> EngineType | None:
    try:
        return from_arrow(storage_type(type_) if exact else type_)
    except UnsupportedType:
        return None


class Relations:
    """The FROM clause of one query.

    Args:
        tables: the catalog's tables.
        query: what a subquery gives.
        ctes: the WITH queries that names can mean.
        parent: the scope around this query.
    """

    def __init__(self, tables: Tables, query: Query, ctes: Ctes, parent: Scope | None) -> None:
        self._tables, self._query, self._ctes, self._parent = tables, query, ctes, parent

    def rows(self, select: exp.Expr) -> Rows:
        """All of FROM; one row without columns where there is none.

        A comma binds loosest: ``a, b JOIN c`` is a beside the join of b and c.

        Raises:
            NotUnderstood: something in it is not known for certain.
        """
        clause = select.args.get("from_")
        if clause is None:
            return Rows(bound=1)
        before = Rows(bound=1)
        group = self._relation(clause.this, before)
        joins = select.args.get("joins") or ()
        for join in joins:
            if _is_comma(join):
                before = before.beside(group)
                group = self._relation(join.this, before)
            else:
                group = self._join(group, join, before)
        return before.beside(group) if any(map(_is_comma, joins)) else group

    def _join(self, left: Rows, join: exp.Join, before: Rows) -> Rows:
        expect(join, "this", "on", "using", "kind", "side")
        if (join.kind or "INNER") not in ("INNER", "CROSS", "OUTER"):
            raise NotUnderstood(f"{join.kind} JOIN")
        right = self._relation(join.this, before.beside(left))
        using = [str(name.name) for name in join.args.get("using") or ()]
        shared = [_shared(name, left, right) for name in using]
        left_side = left.optional() if join.side in ("RIGHT", "FULL") else left
        right_side = right.optional() if join.side in ("LEFT", "FULL") else right
        joined = left_side.beside(right_side)
        if using:
            names = {name.lower() for name in using}
            rest = [column for column in joined.columns if _key(column) not in names]
            joined = replace(joined, columns=(*shared, *rest))
        return replace(joined, bound=_join_bound(left.bound, right.bound, join.side))

    def _relation(self, node: exp.Expr, before: Rows) -> Rows:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise NotUnderstood(type(node).__name__)
        rows = handler(self, node, before)
        alias = node.args.get("alias")
        if alias is not None:
            rows = rows.renamed(_alias_columns(node)).aliased(alias.name or None)
        if node.args.get("sample"):
            rows = replace(rows, plan=None)
        for join in node.args.get("joins") or ():
            rows = self._join(rows, join, before)
        return rows

    # --- one relation --------------------------------------------------------------------------

    def _table(self, node: exp.Table, before: Rows) -> Rows:
        expect(node, "this", "db", "catalog", "alias", "joins", "sample", "version")
        if not isinstance(node.this, exp.Identifier):
            return OPAQUE
        if not node.db and node.name.lower() in self._ctes:
            return self._ctes[node.name.lower()].aliased(node.name)
        return self._tables.rows(node)

    def _subquery(self, node: exp.Subquery, before: Rows) -> Rows:
        if _is_relation(node.this):
            expect(node, "this", "alias", "joins", "sample")
            return self._relation(node.this, before)
        return self._query(node, self._ctes, self._parent).aliased(None)

    def _values(self, node: exp.Values, before: Rows) -> Rows:
        return self._query(node, self._ctes, self._parent).aliased(None)

    def _lateral(self, node: exp.Lateral, before: Rows) -> Rows:
        expect(node, "this", "alias")
        return self._query(node.this, self._ctes, before.scope(self._parent)).aliased(None)

    def _unnest(self, node: exp.Unnest, before: Rows) -> Rows:
        expect(node, "expressions", "alias", "offset", "joins")
        expressions = Expressions(before.scope(self._parent), _no_subquery)
        inside = [_unnested(value) for value in expressions.values(node.expressions)]
        if None in inside:
            return OPAQUE
        columns = [column for group in inside for column in group or ()]
        ordinality = [Column(None, Value(BIGINT))] if node.args.get("offset") else []
        return Rows((*columns, *ordinality))


Handler = Callable[[Relations, Any, Rows], Rows]

_HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Table: Relations._table,
    exp.Subquery: Relations._subquery,
    exp.Values: Relations._values,
    exp.Lateral: Relations._lateral,
    exp.Unnest: Relations._unnest,
}


def _no_subquery(node: exp.Expr, scope: Scope) -> Value:
    raise NotUnderstood("a subquery in UNNEST")


def _is_comma(join: exp.Join) -> bool:
    return not any(join.args.get(key) for key in ("on", "using", "kind", "side", "method"))


def _is_relation(node: exp.Expr) -> bool:
    """Whether parentheses are around a relation, not around a query."""
    while isinstance(node, exp.Subquery):
        if node.args.get("alias") or node.args.get("joins"):
            return True
        node = node.this
    return isinstance(node, (exp.Table, exp.Unnest, exp.Lateral))


def _alias_columns(node: exp.Expr) -> list[str]:
    names = [str(name.name) for name in node.args["alias"].args.get("columns") or ()]
    ordinality = node.args.get("offset")
    return [*names, str(ordinality.name)] if isinstance(ordinality, exp.Identifier) else names


def _unnested(value: Value) -> list[Column] | None:
    """The columns of an array or map; an array of rows gives its fields."""
    if value.type is None:
        return None
    if value.type.name == "map":
        return [Column(None, value.key().optional()), Column(None, value.item().optional())]
    if value.type.name != "array":
        return None
    element = value.element().optional()
    if element.type is None or element.type.name != "row":
        return [Column(None, element)]
    return [
        Column(name, element.member(name.lower()).optional() if name else Value(type_))
        for name, type_ in element.type.fields
    ]


def _key(column: Column) -> str | None:
    return column.name.lower() if column.name is not None else None


def _shared(name: str, left: Rows, right: Rows) -> Column:
    """The one column that JOIN USING makes of two."""
    values = [rows.scope(None).resolve([name.lower()]) for rows in (left, right)]
    if not (left.known and right.known):
        raise NotUnderstood("JOIN USING on columns that are not known")
    return Column(name, merge(values).passed())


def _join_bound(left: int | None, right: int | None, side: str) -> int | None:
    if left is None or right is None:
        return None
    unmatched_left = left if side in ("LEFT", "FULL") else 0
    unmatched_right = right if side in ("RIGHT", "FULL") else 0
    return left * right + unmatched_left + unmatched_right
