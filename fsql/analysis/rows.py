"""What is known of the rows that a query or a relation in FROM gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from fsql.analysis.predicates import And, Predicate
from fsql.analysis.scopes import Column, NotUnderstood, Scope
from fsql.analysis.values import NOTHING

__all__ = ["Plan", "Rows", "expect", "row_limit"]


@dataclass(frozen=True)
class Plan:
    """Rows that are some rows of one feature group's table, as they are stored."""

    database: str
    table: str
    predicate: Predicate | None = None
    limit: int | None = None

    def filtered(self, predicate: Predicate) -> Plan | None:
        """Those of the rows for which `predicate` holds; None: that is no plain scan."""
        if self.limit is not None:
            return None
        both = predicate if self.predicate is None else And((self.predicate, predicate))
        return replace(self, predicate=both)

    def limited(self, limit: int | None) -> Plan:
        """At most `limit` of the rows."""
        limits = [each for each in (self.limit, limit) if each is not None]
        return replace(self, limit=min(limits, default=None))


@dataclass(frozen=True)
class Rows:
    """The rows of a query, or of one or more relations in a FROM.

    Args:
        columns: the columns that are known, in order.
        opaque: qualifiers of relations that have more columns than are known.
        bound: an upper bound of the row count.
        plan: the rows as a scan, if they are one.
    """

    columns: tuple[Column, ...] = ()
    opaque: tuple[tuple[str, ...], ...] = ()
    bound: int | None = None
    plan: Plan | None = None

    @property
    def known(self) -> bool:
        """Whether all columns are known."""
        return not self.opaque

    def scope(self, parent: Scope | None) -> Scope:
        """The scope that names of these columns are looked up in."""
        return Scope(list(self.columns), list(self.opaque), parent)

    def beside(self, other: Rows) -> Rows:
        """The cross product."""
        bounds = (self.bound, other.bound)
        product = None if None in bounds else (self.bound or 0) * (other.bound or 0)
        return Rows(self.columns + other.columns, self.opaque + other.opaque, product)

    def optional(self) -> Rows:
        """The rows, or one of NULLs, as an outer join adds."""
        columns = tuple(column.optional() for column in self.columns)
        return replace(self, columns=columns, plan=None)

    def limited(self, node: exp.Expr) -> Rows:
        """What the ORDER BY, OFFSET and LIMIT of `node` leave."""
        limit, exact = row_limit(node)
        if limit is None and exact and not node.args.get("order"):
            return self
        bounds = [each for each in (self.bound, limit) if each is not None]
        keeps = exact and not node.args.get("order") and self.plan is not None
        plan = self.plan.limited(limit) if keeps and self.plan else None
        return replace(self, bound=min(bounds, default=None), plan=plan)

    def renamed(self, names: Sequence[str]) -> Rows:
        """The rows with other column names.

        Raises:
            NotUnderstood: there are more or fewer columns than names.
        """
        if not names:
            return self
        if self.opaque and not self.columns:
            return replace(self, columns=unknown(names), opaque=(), plan=None)
        if self.opaque or len(names) != len(self.columns):
            raise NotUnderstood(f"{len(names)} names for {len(self.columns)} columns")
        pairs = zip(names, self.columns, strict=True)
        columns = tuple(Column(name, column.value, column.qualifier) for name, column in pairs)
        return replace(self, columns=columns)

    def aliased(self, alias: str | None) -> Rows:
        """The rows as those of a relation called `alias`; without one they have no qualifier."""
        qualifier = () if alias is None else (alias.lower(),)
        columns = tuple(column.under(qualifier) for column in self.columns)
        return replace(self, columns=columns, opaque=(qualifier,) if self.opaque else ())


def unknown(names: Sequence[str]) -> tuple[Column, ...]:
    """Columns of which only the names are known."""
    return tuple(Column(name, NOTHING) for name in names)


OPAQUE = Rows(opaque=((),))


def expect(node: exp.Expr, *known: str) -> None:
    """Refuse clauses that are not in the list of known ones.

    Raises:
        NotUnderstood: there is another clause.
    """
    for key, value in node.args.items():
        if value and key not in known:
            raise NotUnderstood(f"{key} in {type(node).__name__}")


def row_limit(node: exp.Expr) -> tuple[int | None, bool]:
    """LIMIT or FETCH FIRST as a number; and whether it says all about which rows stay."""
    exact = not node.args.get("offset")
    limit = node.args.get("limit")
    if limit is None:
        return None, exact
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options and (options.args.get("with_ties") or options.args.get("percent")):
            return None, False
        count = limit.args.get("count")
        return (1, exact) if count is None else _number(count, exact)
    return _number(limit.expression, exact)


def _number(node: exp.Expr | None, exact: bool) -> tuple[int | None, bool]:
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        return int(node.name), exact
    is_all = isinstance(node, exp.Var) and node.name.upper() == "ALL"
    return None, exact and is_all
