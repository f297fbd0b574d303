"""FROM: tables, subqueries, joins, UNNEST and LATERAL. Source: Trino documentation, "SELECT"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlglot import exp

from fsql.local.transpile.binder import Binder, Block, coerced
from fsql.local.transpile.coercion import common_type
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.names import identifier, written
from fsql.local.transpile.places import at, checked, fault, unexpected
from fsql.local.transpile.predicates import compared
from fsql.local.transpile.scope import Field, Relation, Scope, Typed
from fsql.local.transpile.translation import Translation
from fsql.local.transpile.types import BOOLEAN, Type, parse_type, quoted

__all__ = ["JOINS", "Place", "aliased", "from_clause", "qualified", "relation", "renamed"]


@dataclass(frozen=True)
class Place:
    """Where a FROM item stands: what is to its left, and the names of the query around."""

    translation: Translation
    left: Relation | None
    outer: Scope | None

    @property
    def scope(self) -> Scope:
        """The names that UNNEST and LATERAL see."""
        return Scope(self.left.fields if self.left else (), self.outer)


Item = Callable[[Place, Any], Relation]
RELATIONS: dict[type[exp.Expr], Item] = {}
"""By kind of syntax node."""
JOINS: dict[type[exp.Expr], Callable[[Place, exp.Join], Relation]] = {}
"""Kinds of items that are no relation of their own: how one is joined to what is left of it."""
F = TypeVar("F", bound=Item)


def relation(*kinds: type[exp.Expr]) -> Callable[[F], F]:
    """Register a function as the translation of these kinds of FROM items."""

    def register(function: F) -> F:
        RELATIONS.update(dict.fromkeys(kinds, function))
        return function

    return register


def from_clause(translation: Translation, node: exp.Select, outer: Scope | None) -> Relation | None:
    """The FROM of a SELECT with its joins; None for a SELECT without one."""
    clause = node.args.get("from_")
    if clause is None:
        return None
    return _joined(translation, clause.this, node.args.get("joins") or [], outer)


def _joined(
    translation: Translation, first: exp.Expr, joins: list[exp.Join], outer: Scope | None
) -> Relation:
    """``a JOIN b …, c JOIN d …``: a comma binds looser than JOIN."""
    whole: Relation | None = None
    left = _item(Place(translation, None, outer), first)
    for join in joins:
        place = Place(translation, left if whole is None else _crossed(whole, left), outer)
        if not _is_comma(join):
            left = _join(replace(place, left=left), join)
        elif _is_lateral(join.this):
            left, whole = _join(place, join), None
        else:
            whole, left = place.left, _item(Place(translation, None, outer), join.this)
    return left if whole is None else _crossed(whole, left)


def _is_comma(join: exp.Join) -> bool:
    return not any(join.args.get(word) for word in ("side", "kind", "on", "using", "method"))


def _is_lateral(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Unnest, exp.Lateral))


def _crossed(left: Relation, right: Relation) -> Relation:
    return Relation(f"({left.sql} CROSS JOIN {right.sql})", left.fields + right.fields)


# ---- tables and subqueries ---------------------------------------------------------------------


def _item(place: Place, node: exp.Expr) -> Relation:
    translate = RELATIONS.get(type(node))
    if translate is None:
        raise unexpected(node)
    return translate(place, node)


@relation(exp.Table)
def _table(place: Place, node: exp.Table) -> Relation:
    if not isinstance(node.this, exp.Identifier):
        name = node.this.name if isinstance(node.this, exp.Expr) else node.name
        raise fault(node, "FUNCTION_NOT_FOUND", f"Table function '{name}' not registered")
    checked(node, "this", "db", "catalog", "alias", "joins", "sample", "version")
    cte = place.translation.ctes.get(identifier(node.this)) if not node.db else None
    if cte and node.args.get("version"):
        message = f"'{node.name}' is a query of WITH; only tables have versions"
        raise fault(node, "NOT_SUPPORTED", message)
    found = _cte(place, cte) if cte else _scanned(place, node)
    parts = [p for p in (node.args.get("catalog"), node.args.get("db"), node.this) if p]
    qualifier = tuple(identifier(part) for part in parts)
    found = Relation(found.sql + _sample(node), qualified(found.fields, qualifier))
    found = aliased(node, found)
    joins = node.args.get("joins")
    return found if not joins else _joined_table(place, found, joins)


def _joined_table(place: Place, left: Relation, joins: list[exp.Join]) -> Relation:
    for join in joins:
        left = _join(replace(place, left=left), join)
    return left


def _cte(place: Place, cte: Any) -> Relation:
    name = place.translation.name()
    columns = zip(cte.names, cte.types, strict=True)
    fields = [Field(own, (), f"{name}.c{i}", type_) for i, (own, type_) in enumerate(columns)]
    return Relation(f"{cte.sql} AS {name}", tuple(fields))


def _scanned(place: Place, node: exp.Table) -> Relation:
    scan = place.translation.resolve(node)
    name = place.translation.name()
    text = scan.sql.sql("duckdb")
    if isinstance(scan.sql, exp.Query) and not isinstance(scan.sql, exp.Subquery):
        text = f"({text})"
    fields = [
        Field(
            column.lower(),
            (),
            f"{name}.{quoted(column)}",
            parse_type(type_),
            column in scan.hidden,
        )
        for column, type_ in scan.columns.items()
    ]
    return Relation(f"{text} AS {name}", tuple(fields))


def qualified(fields: Sequence[Field], qualifier: tuple[str, ...]) -> tuple[Field, ...]:
    """The fields with what may stand before their names."""
    return tuple(replace(own, qualifier=qualifier) for own in fields)


def _sample(node: exp.Expr) -> str:
    sample = node.args.get("sample")
    if sample is None:
        return ""
    checked(sample, "method", "percent")
    method, percent = sample.args.get("method"), sample.args.get("percent")
    share = percent.name if isinstance(percent, exp.Literal) and not percent.is_string else ""
    word = method.name.upper() if method is not None else ""
    if word not in ("BERNOULLI", "SYSTEM") or not share:
        raise fault(sample, "SYNTAX_ERROR", f"mismatched input '{sample.sql('trino')}'")
    return f" TABLESAMPLE {word} ({share} PERCENT)"


def aliased(node: exp.Expr, found: Relation) -> Relation:
    """The item's own alias, which hides the names it had."""
    alias = node.args.get("alias")
    if alias is None:
        return found
    if alias.this is None:
        raise unexpected(alias)
    name = identifier(alias.this)
    fields = qualified(found.fields, (name,))
    if alias.columns:
        fields = renamed(node, name, fields, alias.columns)
    return Relation(found.sql, fields)


def renamed(
    node: exp.Expr, name: str, fields: tuple[Field, ...], columns: list[exp.Identifier]
) -> tuple[Field, ...]:
    """The fields with the names of a column alias list; what is hidden has none."""
    fields = tuple(own for own in fields if not own.hidden)
    if len(columns) != len(fields):
        message = (
            f"Column alias list has {len(columns)} entries but '{name}' has {len(fields)} columns "
            "available"
        )
        raise fault(node, "MISMATCHED_COLUMN_ALIASES", message)
    pairs = zip(fields, columns, strict=True)
    return tuple(replace(own, name=written(column)) for own, column in pairs)


@relation(exp.Subquery)
def _subquery(place: Place, node: exp.Subquery) -> Relation:
    if isinstance(node.this, exp.Table):
        checked(node, "this", "alias", "joins", "sample")
        found = _item(place, node.this)
    else:
        found = place.translation.relation(_bound(place, node))
    found = aliased(node, Relation(found.sql + _sample(node), found.fields))
    joins = node.args.get("joins")
    return found if not joins else _joined_table(place, found, joins)


def _bound(place: Place, node: exp.Subquery) -> Any:
    inner = node.copy() if node.args.get("alias") or node.args.get("joins") else node
    for name in ("alias", "joins", "sample"):
        inner.args.pop(name, None) if inner is not node else None
    return place.translation.query(node.this if _is_bare(node) else inner, place.outer)


def _is_bare(node: exp.Subquery) -> bool:
    return not any(node.args.get(name) for name in ("with_", "order", "limit", "offset"))


@relation(exp.Values)
def _values(place: Place, node: exp.Values) -> Relation:
    return aliased(node, place.translation.relation(place.translation.query(node, place.outer)))


# ---- joins -------------------------------------------------------------------------------------


def _join(place: Place, join: exp.Join) -> Relation:
    checked(join, "this", "side", "kind", "on", "using", "method")
    if join.args.get("method"):
        raise fault(join, "NOT_SUPPORTED", f"{join.args['method']} join is not supported")
    assert place.left is not None
    special = JOINS.get(type(join.this))
    if special:
        return special(place, join)
    left = place.left
    right = _item(place if _is_lateral(join.this) else replace(place, left=None), join.this)
    if join.args.get("using"):
        return _join_using(left, right, join)
    both = Relation("", left.fields + right.fields)
    on = join.args.get("on")
    if on is None:
        return Relation(f"({left.sql} CROSS JOIN {right.sql})", both.fields)
    binder = Binder(place.translation, Scope(both.fields, place.outer), Block("JOIN", False, False))
    condition = binder.bind_as(on, BOOLEAN, "JOIN ON clause")
    return Relation(f"({left.sql} {_side(join)}JOIN {right.sql} ON {condition})", both.fields)


def _side(join: exp.Join) -> str:
    side = join.side.upper()
    if join.kind.upper() not in ("", "INNER", "OUTER", "CROSS") or side not in _SIDES:
        raise fault(join, "SYNTAX_ERROR", f"mismatched input '{join.kind or side}'")
    return f"{side} " if side else ""


_SIDES = ("", "LEFT", "RIGHT", "FULL")


def _join_using(left: Relation, right: Relation, join: exp.Join) -> Relation:
    """The named columns appear once, first and without a qualifier."""
    merged, conditions, used = [], [], []
    for column in join.args["using"]:
        name = identifier(column)
        a, b = _only(left, column, name, "left"), _only(right, column, name, "right")
        common = common_type(a.type, b.type)
        if common is None:
            raise fault(column, "TYPE_MISMATCH", f"Column types {a.type} and {b.type} don't match")
        one, other = Typed(a.sql, a.type), Typed(b.sql, b.type)
        conditions.append(compared("=", one, other, common))
        merged.append(Field(written(column), (), _merged(join, one, other, common), common))
        used += [a, b]
    rest = [own for own in left.fields + right.fields if own not in used]
    text = f"({left.sql} {_side(join)}JOIN {right.sql} ON {' AND '.join(conditions)})"
    return Relation(text, (*merged, *rest))


def _only(side: Relation, node: exp.Expr, name: str, which: str) -> Field:
    found = [own for own in side.fields if (own.name or "").lower() == name]
    if len(found) != 1:
        problem = "is ambiguous" if found else f"is missing from {which} side of join"
        code = "AMBIGUOUS_NAME" if found else "COLUMN_NOT_FOUND"
        raise TrinoError(code, f"{at(node)}: Column '{name}' {problem}")
    return found[0]


def _merged(join: exp.Join, left: Typed, right: Typed, common: Type) -> str:
    a, b = coerced(left, common), coerced(right, common)
    side = join.side.upper()
    return {"RIGHT": b, "FULL": f"coalesce({a}, {b})"}.get(side, a)


@relation(exp.Lateral)
def _lateral(place: Place, node: exp.Lateral) -> Relation:
    checked(node, "this", "alias")
    bound = place.translation.query(node.this, place.scope)
    found = place.translation.relation(bound)
    return aliased(node, Relation(f"LATERAL {found.sql}", found.fields))
