"""What names mean at one place of a query: fields of relations, parameters of lambdas, CTEs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

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
    """As it was written; names are compared in lower case. None for a column without a name."""
    qualifier: tuple[str, ...]
    """What may stand before the name: ("db", "t") or the alias."""
    sql: str
    type: Type
    hidden: bool = False
    """Whether ``*`` leaves it out, as Trino's ``"$path"``."""

    def answers(self, qualifier: tuple[str, ...]) -> bool:
        """Whether `qualifier` may stand before this field's name."""
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
    inner: bool = False
    """Of a lambda, or of ORDER BY over a SELECT's output: `outer` belongs to the same SELECT."""

    @cached_property
    def by_name(self) -> Mapping[str | None, list[Field]]:
        """The fields of this scope by their names in lower case."""
        found: dict[str | None, list[Field]] = {}
        for own in self.fields:
            found.setdefault(own.name and own.name.lower(), []).append(own)
        return found

    def chain(self) -> Iterator[Scope]:
        """This scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def find(self, name: str, qualifier: tuple[str, ...]) -> tuple[list[Field], bool]:
        """The fields that ``qualifier.name`` may mean, and whether they are of this SELECT."""
        local = True
        for scope in self.chain():
            found = [own for own in scope.by_name.get(name, ()) if own.answers(qualifier)]
            if found:
                return found, local
            local &= scope.inner
        return [], False

    def parameter(self, name: str) -> Typed | None:
        """The lambda parameter called `name`."""
        return next((s.parameters[name] for s in self.chain() if name in s.parameters), None)
