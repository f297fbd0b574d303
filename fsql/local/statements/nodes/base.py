"""What statements are made of: names, queries, columns, partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import sqlglot.expressions as exp

from fsql.local.transpile import TrinoError, parse_statements

__all__ = ["ColumnDef", "Name", "Partition", "Query", "Statement"]


@dataclass(frozen=True)
class Name:
    """A table's or view's name as written; ``where`` is its position, ``line 1:15``."""

    table: str
    database: str | None = None
    catalog: str | None = None
    where: str = "line 1:1"

    def __str__(self) -> str:
        return ".".join(part for part in (self.catalog, self.database, self.table) if part)


@dataclass(frozen=True)
class Query:
    """A query inside a statement. Its text is blank up to where it starts in the statement."""

    text: str

    def parse(self) -> exp.Query:
        """The syntax tree, fresh; TrinoError SYNTAX_ERROR."""
        parsed = parse_statements(self.text)
        if len(parsed) == 1 and isinstance(parsed[0], exp.Values):
            return _selected(parsed[0])
        if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
            raise TrinoError("SYNTAX_ERROR", "Queries of this type are not supported")
        return parsed[0]


def _selected(values: exp.Values) -> exp.Query:
    """VALUES on its own as a SELECT, its columns named as Trino names them."""
    first = values.expressions[0]
    width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
    columns = [exp.to_identifier(f"_col{i}") for i in range(width)]
    values.set("alias", exp.TableAlias(this=exp.to_identifier("values_"), columns=columns))
    return exp.select("*").from_(values)


@dataclass(frozen=True)
class ColumnDef:
    """A column of CREATE TABLE: its type in Hive's words."""

    name: str
    type: str
    comment: str | None = None


@dataclass(frozen=True)
class Partition:
    """A partition of ALTER TABLE: values by column, and where its files lie if said."""

    values: Mapping[str, str]
    location: str | None = None


@dataclass(frozen=True)
class Statement:
    """The base of all statements."""

    type: ClassVar[str] = "DDL"
    subtype: ClassVar[str] = ""
    suffix: ClassVar[str] = ".txt"
    folder: ClassVar[str] = ""
