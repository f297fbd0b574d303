"""Alembic's version table, as Alembic sees it: its rows' changes, read from the statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

__all__ = ["Move", "VersionTable", "moved"]

_LITERAL = re.compile(r"'([^']*)'")


@dataclass(frozen=True)
class Move:
    """Heads that are none any more, and those that have become some."""

    gone: frozenset[str] = frozenset()
    come: frozenset[str] = frozenset()

    def then(self, other: Move) -> Move:
        """Both, one after the other."""
        gone = self.gone | (other.gone - self.come)
        return Move(gone - other.come, (self.come - other.gone) | other.come)


class VersionTable(sa.Table):
    """A table that nobody creates by DDL.

    ``info["create"]`` makes it, given what `sqlalchemy.Table.create` was.
    """

    inherit_cache = True

    @classmethod
    def made(cls, name: str, schema: str | None, create: Callable[[], None]) -> VersionTable:
        """The table of a name; `create` makes it where it is missing."""
        column: sa.Column[str] = sa.Column("version_num", sa.String(), nullable=False)
        table: VersionTable = cls(
            name, sa.MetaData(), column, schema=schema, info={"create": create}
        )
        return table

    def create(self, bind: Any, checkfirst: Any = False, **kw: Any) -> None:
        """Make it, if it is missing."""
        self.info["create"]()


def moved(statement: Any) -> Move | None:
    """What a statement changes of a version table; None if it is another statement.

    Alembic writes the revisions as literals: an INSERT has one, a DELETE too, and an UPDATE the
    new one and then the old one.
    """
    if not isinstance(getattr(statement, "table", None), VersionTable):
        return None
    found = _LITERAL.findall(str(statement.compile()))
    if isinstance(statement, sa.Insert):
        return Move(come=frozenset(found))
    if isinstance(statement, sa.Delete):
        return Move(gone=frozenset(found))
    if isinstance(statement, sa.Update):
        new, old = found
        return Move(frozenset({old}), frozenset({new}))
    return None
