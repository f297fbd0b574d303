"""Statements that change the rows of a table, or how its files hold them."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import ClassVar

import sqlglot.expressions as exp

from fsql.local.statements.nodes.base import Name, Statement
from fsql.local.transpile import TrinoError, parse_statements

__all__ = ["Change", "Delete", "Merge", "Optimize", "Update", "Vacuum"]


@dataclass(frozen=True)
class Change(Statement):
    """The base of the statements that change rows of a table; the file that their name of a
    result promises is never written (measured on Athena).
    """

    type = "DML"
    suffix = ".csv"
    kind: ClassVar[builtins.type[exp.Expr]]
    text: str

    def parse(self) -> exp.Expr:
        """The syntax tree, fresh; TrinoError SYNTAX_ERROR."""
        parsed = parse_statements(self.text)
        if len(parsed) != 1 or not isinstance(parsed[0], self.kind):
            raise TrinoError("SYNTAX_ERROR", "Queries of this type are not supported")
        return parsed[0]


@dataclass(frozen=True)
class Delete(Change):
    """DELETE FROM."""

    subtype = "DELETE"
    kind = exp.Delete


@dataclass(frozen=True)
class Update(Change):
    """UPDATE."""

    subtype = "UPDATE"
    kind = exp.Update


@dataclass(frozen=True)
class Merge(Change):
    """MERGE INTO."""

    subtype = "MERGE"
    kind = exp.Merge


@dataclass(frozen=True)
class Optimize(Statement):
    """OPTIMIZE table REWRITE DATA USING BIN_PACK [WHERE predicate].

    Attributes:
        where: a DELETE of the rows that the predicate holds for, as far as the text goes: files
            that have some are chosen. None for all files.
    """

    type = "DML"
    subtype = "OPTIMIZE"
    table: Name
    where: Delete | None = None


@dataclass(frozen=True)
class Vacuum(Statement):
    """VACUUM table."""

    type = "DML"
    subtype = "VACUUM"
    table: Name
