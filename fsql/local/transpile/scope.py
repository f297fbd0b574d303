"""What names mean at one place of a query: fields of relations, parameters of lambdas, CTEs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fsql.local.transpile.types import Type

__all__ = ["Field", "Relation", "Scope", "Typed"]


@dataclass(frozen=True, slots=True)
class Typed:
    """A translated expression: DuckDB's text, Trino's type, and the value of a constant."""

    sql: str
    type: Type
    literal: str | int | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a relation as expressions see it."""

    name: str | None
    """Lower case; None for a column without a name."""
    qualifier: tuple[str, ...]
    """What may stand before the name: ("db", "t") or the alias."""
    sql: str
    type: Type

    def answers(self, name: str, qualifier: tuple[str, ...]) -> bool:
        """Whether ``qualifier.name`` may mean this field."""
        if name != self.name:
            return False
        return not qualifier or self.qualifier[-len(qualifier) :] == qualifier


@dataclass(frozen=True, slots=True)
class Relation:
    """A DuckDB FROM item and the fields it brings."""

    sql: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Scope:
    """The names visible to an expression, innermost first."""

    fields: Sequence[Field] = ()
    outer: Scope | None = None
    parameters: Mapping[str, Typed] = field(default_factory=dict)
    """Of a lambda: its parameters by name."""

    def find(self, name: str, qualifier: tuple[str, ...]) -> tuple[list[Field], bool]:
        """The fields that ``qualifier.name`` may mean, and whether they are of this query."""
        scope: Scope | None = self
        local = True
        while scope is not None:
            if found := [f for f in scope.fields if f.answers(name, qualifier)]:
                return found, local
            local &= bool(scope.parameters)
            scope = scope.outer
        return [], False

    def parameter(self, name: str) -> Typed | None:
        """The lambda parameter called `name`."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.parameters:
                return scope.parameters[name]
            scope = scope.outer
        return None
