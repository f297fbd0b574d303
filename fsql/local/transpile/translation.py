"""One statement's translation: it resolves tables, names relations and translates queries.

Inside a translated query every relation has a name of ours and every column is called c0, c1, …,
so that no name of the user's can mean anything else to DuckDB than it does to Trino. `QUERIES`
and `RELATIONS` hold one function for each kind of query and of FROM item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

from sqlglot import exp

from fsql.local.transpile.binder import Bound
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import can_coerce
from fsql.local.transpile.names import identifier, written
from fsql.local.transpile.places import checked, fault, unexpected
from fsql.local.transpile.scope import Field, Relation, Scope
from fsql.local.transpile.types import Type

__all__ = ["QUERIES", "Resolve", "Scan", "Translation", "columns_as", "query"]


@dataclass(frozen=True)
class Scan:
    """What a table name becomes: a DuckDB FROM item, and its columns' Trino types by name.

    `hidden` names the columns that ``*`` does not stand for.
    """

    sql: exp.Expr
    columns: Mapping[str, str]
    hidden: frozenset[str] = frozenset()


Resolve = Callable[[exp.Table], Scan]
"""From a table reference to its Scan; raises `TrinoError`. Names of CTEs never reach it."""


@dataclass(frozen=True)
class Cte:
    """A WITH query that later ones may name: its name in DuckDB's text, and its columns."""

    sql: str
    names: tuple[str | None, ...]
    types: tuple[Type, ...]


@dataclass
class Translation:
    """What the translation of a query needs to know besides its syntax tree."""

    resolve: Resolve
    ctes: Mapping[str, Cte] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def name(self) -> str:
        """A name for a relation, used nowhere else in this statement."""
        return f"r{next(self.numbers)}"

    def subquery(self, query: exp.Expr, outer: Scope) -> Bound:
        """A query within an expression."""
        return self.query(query, outer)

    def query(self, node: exp.Expr, outer: Scope | None = None) -> Bound:
        """Any query; it sees the names of `outer`."""
        translate = QUERIES.get(type(node))
        if translate is None:
            raise unexpected(node)
        clause = node.args.get("with_")
        if clause is None:
            return translate(self, node, outer)
        inner, definitions = self._with(clause, outer)
        bound = translate(inner, node, outer)
        return replace(bound, build=lambda names: f"WITH {definitions} {bound.build(names)}")

    def relation(self, bound: Bound) -> Relation:
        """A query as a FROM item, its fields without a qualifier."""
        name = self.name()
        columns = zip(bound.names, bound.types, strict=True)
        fields = [Field(own, (), f"{name}.c{i}", type_) for i, (own, type_) in enumerate(columns)]
        return Relation(f"({bound.sql}) AS {name}", tuple(fields))

    # ---- WITH ----------------------------------------------------------------------------------

    def _with(self, clause: exp.With, outer: Scope | None) -> tuple[Translation, str]:
        known = self
        texts = []
        checked(clause, "expressions", "recursive")
        for node in clause.expressions:
            if not isinstance(node, exp.CTE):
                raise fault(node, "NOT_SUPPORTED", "Inline functions are not supported")
            checked(node, "this", "alias")
            name = identifier(node.args["alias"].this)
            if clause.recursive and isinstance(node.this, exp.Union) and _names_itself(node, name):
                cte, text = known._recursive(node, name, outer)
            else:
                cte, text = known._plain_cte(node, outer)
            known = replace(known, ctes={**known.ctes, name: cte})
            texts.append(text)
        return known, f"{'RECURSIVE ' * bool(clause.recursive)}{', '.join(texts)}"

    def _plain_cte(self, node: exp.CTE, outer: Scope | None) -> tuple[Cte, str]:
        bound = self.query(node.this, outer)
        name = self.name()
        return Cte(name, _aliased(node, bound.names), bound.types), f"{name} AS ({bound.sql})"

    def _recursive(self, node: exp.CTE, name: str, outer: Scope | None) -> tuple[Cte, str]:
        base = self.query(node.this.this, outer)
        cte = Cte(self.name(), _aliased(node, base.names), base.types)
        inner = replace(self, ctes={**self.ctes, name: cte})
        step = inner.query(node.this.expression, outer)
        if len(step.types) != len(base.types) or not all(map(can_coerce, step.types, base.types)):
            raise fault(
                node.this.expression,
                "TYPE_MISMATCH",
                "recursion step relation output types are not coercible to those of its base: "
                f"({_listed(step.types)}) to ({_listed(base.types)})",
            )
        word = "UNION" if node.this.args.get("distinct") else "UNION ALL"
        text = f"{base.sql} {word} ({columns_as(step, base.types)})"
        columns = ", ".join(f"c{i}" for i in range(len(base.types)))
        return cte, f"{cte.sql}({columns}) AS ({text})"


def _listed(types: tuple[Type, ...]) -> str:
    return ", ".join(map(str, types))


def _names_itself(node: exp.CTE, name: str) -> bool:
    return any(t.name.lower() == name and not t.db for t in node.this.find_all(exp.Table))


def _aliased(node: exp.CTE, names: tuple[str | None, ...]) -> tuple[str | None, ...]:
    columns = node.args["alias"].columns
    if not columns:
        return names
    if len(columns) != len(names):
        message = (
            f"Column alias list has {len(columns)} entries but "
            f"WITH query({node.alias}) has {len(names)} columns"
        )
        raise fault(node, "MISMATCHED_COLUMN_ALIASES", message)
    return tuple(written(column) for column in columns)


Translate = Callable[[Translation, Any, Scope | None], Bound]
QUERIES: dict[type[exp.Expr], Translate] = {}
T = TypeVar("T", bound=Translate)


def query(*kinds: type[exp.Expr]) -> Callable[[T], T]:
    """Register a function as the translation of these kinds of queries."""

    def register(function: T) -> T:
        QUERIES.update(dict.fromkeys(kinds, function))
        return function

    return register


def columns_as(bound: Bound, types: tuple[Type, ...] | list[Type]) -> str:
    """The text of a query with its columns coerced to `types`, still called c0, c1, …"""
    if list(bound.types) == list(types):
        return bound.sql
    casts = [
        cast_sql(f"q.c{i}", a, b) for i, (a, b) in enumerate(zip(bound.types, types, strict=True))
    ]
    named = ", ".join(f"{cast} AS c{i}" for i, cast in enumerate(casts))
    return f"SELECT {named} FROM ({bound.sql}) AS q"
