"""From one expression of Athena's SQL to DuckDB's text and Trino's type.

`RULES` holds one small function for each kind of syntax node; the modules that fill it are
imported by the package. A node without a rule is no part of Trino's grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlglot import exp

from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import can_coerce, common_type
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.places import at, fault, unexpected, written_as
from fsql.local.transpile.scope import Scope, Typed
from fsql.local.transpile.types import UNKNOWN, Type

__all__ = ["RULES", "Binder", "Block", "Bound", "Queries", "Rule", "rule"]


@dataclass(frozen=True)
class Bound:
    """A translated query: the names and types of its columns, and its text."""

    names: tuple[str | None, ...]
    types: tuple[Type, ...]
    build: Callable[[Sequence[str]], str]
    """From what the columns are to be called (quoted) to DuckDB's text."""

    @property
    def sql(self) -> str:
        """The text with the columns called c0, c1, …"""
        return self.build([f"c{i}" for i in range(len(self.names))])


class Queries(Protocol):
    """What an expression needs of the translation of queries: its subqueries."""

    def subquery(self, query: exp.Expr, outer: Scope) -> Bound:
        """Translate a query nested in an expression; it sees the names of `outer`."""
        ...


@dataclass
class Block:
    """What is known of the SELECT around an expression while it is translated."""

    clause: str = "SELECT"
    aggregates_allowed: bool = True
    windows_allowed: bool = True
    keys: frozenset[str] = frozenset()
    """The text of each GROUP BY expression."""
    loose: list[exp.Expr] = field(default_factory=list)
    """Columns that stand neither in an aggregate nor in a GROUP BY expression."""
    aggregated: bool = False
    """Whether an aggregate function has been met."""
    windows: dict[str, exp.Window] = field(default_factory=dict)
    """The WINDOW clause."""
    hoisted: list[str] | None = None
    """Within TRY: aggregates and subqueries, which DuckDB's TRY can't hold."""


Rule = Callable[["Binder", Any], Typed]
RULES: dict[type[exp.Expr], Rule] = {}
R = TypeVar("R", bound=Rule)


def rule(*kinds: type[exp.Expr]) -> Callable[[R], R]:
    """Register a function as the rule for these kinds of syntax nodes."""

    def register(function: R) -> R:
        RULES.update(dict.fromkeys(kinds, function))
        return function

    return register


class Binder:
    """Translates expressions that stand in one place: one scope, one clause of one SELECT."""

    def __init__(self, queries: Queries, scope: Scope, block: Block) -> None:
        self.queries = queries
        self.scope = scope
        self.block = block

    def bind(self, node: exp.Expr) -> Typed:
        """Translate `node`; raises `TrinoError` with its place where Athena would refuse it."""
        if not isinstance(node, exp.Expr):  # sqlglot lets an operand be missing
            raise TrinoError("SYNTAX_ERROR", "line 1:1: mismatched input. Expecting: <expression>")
        found = RULES.get(type(node))
        if found is None:
            raise unexpected(node)
        mark = len(self.block.loose)
        typed = found(self, node)
        if typed.sql in self.block.keys:
            del self.block.loose[mark:]
        return typed

    def bind_as(self, node: exp.Expr, target: Type, what: str) -> str:
        """`node` coerced to `target`; `what` names it in the error if it can't be."""
        typed = self.bind(node)
        if not can_coerce(typed.type, target):
            raise fault(
                node,
                "TYPE_MISMATCH",
                f"{what} must evaluate to a {target}: actual type {typed.type}",
            )
        return coerced(typed, target)

    def bind_common(self, nodes: Iterable[exp.Expr], what: str) -> tuple[list[str], Type]:
        """All of `nodes` coerced to their common type, and that type."""
        bound = [(node, self.bind(node)) for node in nodes]
        common = UNKNOWN
        for node, typed in bound:
            wider = common_type(common, typed.type)
            if wider is None:
                raise fault(
                    node, "TYPE_MISMATCH", _no_common(what, common, [t.type for _, t in bound])
                )
            common = wider
        return [coerced(typed, common) for _, typed in bound], common

    def within(self, scope: Scope) -> Binder:
        """A binder for a lambda's body: other names, same SELECT."""
        return Binder(self.queries, scope, self.block)

    @contextmanager
    def inside_aggregate(self, node: exp.Expr) -> Iterator[None]:
        """Around an aggregate's arguments: their columns need no GROUP BY, nor may they nest."""
        if not self.block.aggregates_allowed:
            raise TrinoError("EXPRESSION_NOT_SCALAR", _misplaced(node, self.block.clause))
        self.block.aggregated = True
        mark = len(self.block.loose)
        with self.changed(
            clause="aggregation", aggregates_allowed=False, windows_allowed=False, hoisted=None
        ):
            yield
        del self.block.loose[mark:]

    @contextmanager
    def inside_window(self, node: exp.Expr) -> Iterator[None]:
        """Around a window function's arguments, which hold no window functions."""
        if not self.block.windows_allowed:
            raise TrinoError("EXPRESSION_NOT_SCALAR", _misplaced(node, self.block.clause))
        with self.changed(clause="window function", windows_allowed=False, hoisted=None):
            yield

    @contextmanager
    def changed(self, **changes: Any) -> Iterator[None]:
        """Some of the block's attributes changed for a while."""
        before = {name: getattr(self.block, name) for name in changes}
        vars(self.block).update(changes)
        try:
            yield
        finally:
            vars(self.block).update(before)

    def hoist(self, sql: str) -> str:
        """`sql` itself; within TRY a name for it, whose value is computed outside."""
        if self.block.hoisted is None:
            return sql
        self.block.hoisted.append(sql)
        return f"\0{len(self.block.hoisted) - 1}\0"


def coerced(typed: Typed, target: Type) -> str:
    """The text of `typed` as a `target`, which it coerces to."""
    return cast_sql(typed.sql, typed.type, target)


def _no_common(what: str, common: Type, types: list[Type]) -> str:
    distinct = ", ".join(dict.fromkeys(map(str, types)))
    wrong = next(t for t in types if common_type(common, t) is None)
    return (
        f"All {what} must be the same type or coercible to a common type. Cannot find common type "
        f"between {common} and {wrong}, all types (without duplicates): [{distinct}]"
    )


def _misplaced(node: exp.Expr, clause: str) -> str:
    if clause in ("aggregation", "window function"):
        return f"{at(node)}: Cannot nest {clause}s inside {clause}: [{written_as(node)}]"
    return (
        f"{at(node)}: {clause} clause cannot contain aggregations, window functions or grouping "
        f"operations: [{written_as(node)}]"
    )
