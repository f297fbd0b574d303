"""Names in a query and what they stand for, by Trino's rules.

Trino folds all identifiers' case, quoted ones too. A dotted name is the column whose
qualified name is the longest prefix, then row fields; inner queries see the columns
of outer ones (`Scope.resolveField` in Trino's analyzer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fsql.analysis.values import NOTHING, Value

__all__ = ["Column", "NotUnderstood", "Scope"]


class NotUnderstood(Exception):
    """The query, or a part of it, is outside of what is analysed for certain."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation.

    Args:
        name: in the case it was written in; None if it has none.
        value: what is known of its values.
        qualifier: lower-case catalog, database and table, or the alias alone.
    """

    name: str | None
    value: Value
    qualifier: tuple[str, ...] = ()

    def under(self, qualifier: tuple[str, ...]) -> Column:
        """The same column of a relation of another name."""
        return Column(self.name, self.value, qualifier)

    def optional(self) -> Column:
        """The same column on the outer side of a join."""
        return replace(self, value=self.value.optional())


@dataclass(slots=True)
class Scope:
    """The columns that names in one query can mean.

    Args:
        columns: of all relations in FROM, in order.
        opaque: qualifiers of relations with columns that are not known.
        parent: the scope around a subquery.
    """

    columns: list[Column]
    opaque: list[tuple[str, ...]] = field(default_factory=list)
    parent: Scope | None = None
    _by_name: dict[str, list[Column]] | None = None

    def resolve(self, parts: Sequence[str]) -> Value:
        """The value of a dotted name, given in lower case.

        Raises:
            NotUnderstood: no such column, or more than one.
        """
        scope: Scope | None = self
        while scope is not None:
            for length in range(len(parts), 0, -1):
                found = scope._column(parts[:length])
                if found is not None:
                    for name in parts[length:]:
                        found = found.member(name)
                    return found
            if scope.opaque or parts[-1].startswith("$"):
                return NOTHING
            scope = scope.parent
        raise NotUnderstood(f"no column {'.'.join(parts)}")

    def named(self, qualifier: Sequence[str]) -> list[Column]:
        """The columns of the relation of that name.

        Raises:
            NotUnderstood: their names are not known.
        """
        if any(_ends_with(opaque, qualifier) for opaque in self.opaque):
            raise NotUnderstood(f"columns of {'.'.join(qualifier)}")
        return [column for column in self.columns if _ends_with(column.qualifier, qualifier)]

    def _column(self, parts: Sequence[str]) -> Value | None:
        qualifier = parts[:-1]
        found = self._with_name(parts[-1])
        if qualifier:
            found = [column for column in found if _ends_with(column.qualifier, qualifier)]
            if not found and any(_ends_with(opaque, qualifier) for opaque in self.opaque):
                return NOTHING
        if len(found) > 1:
            raise NotUnderstood(f"column {'.'.join(parts)} is ambiguous")
        return found[0].value if found else None

    def _with_name(self, name: str) -> list[Column]:
        if self._by_name is None:
            self._by_name = {}
            for column in self.columns:
                if column.name is not None:
                    self._by_name.setdefault(column.name.lower(), []).append(column)
        return self._by_name.get(name, [])


def _ends_with(qualifier: tuple[str, ...], suffix: Sequence[str]) -> bool:
    return len(suffix) <= len(qualifier) and qualifier[-len(suffix) :] == tuple(suffix)
