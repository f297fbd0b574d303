"""CREATE and DROP of databases, tables and views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fsql.local.statements.nodes.base import ColumnDef, Name, Query, Statement

__all__ = ["CreateDatabase", "CreateTable", "CreateView", "DropDatabase", "DropTable", "DropView"]


@dataclass(frozen=True)
class CreateTable(Statement):
    """CREATE [EXTERNAL] TABLE with columns.

    Attributes:
        partitions: Hive's partition columns of an external table; else Iceberg's partition
            fields as written, ``day(ts)``.
        stored_as: a format by its name, or else the classes given for it.
        serde: of ROW FORMAT SERDE; the properties are those of DELIMITED if it is None.
    """

    subtype = "CREATE_TABLE"
    table: Name
    columns: tuple[ColumnDef, ...]
    external: bool = False
    if_not_exists: bool = False
    partitions: tuple[ColumnDef, ...] = ()
    transforms: tuple[str, ...] = ()
    bucketed_by: tuple[str, ...] = ()
    buckets: int = -1
    comment: str | None = None
    location: str | None = None
    stored_as: str | None = None
    input_format: str | None = None
    output_format: str | None = None
    serde: str | None = None
    serde_properties: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateDatabase(Statement):
    """CREATE DATABASE or SCHEMA."""

    subtype = "CREATE_DATABASE"
    name: str
    if_not_exists: bool = False
    comment: str | None = None
    location: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropDatabase(Statement):
    """DROP DATABASE or SCHEMA."""

    subtype = "DROP_DATABASE"
    name: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class DropTable(Statement):
    """DROP TABLE."""

    subtype = "DROP_TABLE"
    table: Name
    if_exists: bool = False


@dataclass(frozen=True)
class CreateView(Statement):
    """CREATE [OR REPLACE] VIEW view AS query."""

    subtype = "CREATE_VIEW"
    view: Name
    query: Query
    replace: bool = False


@dataclass(frozen=True)
class DropView(Statement):
    """DROP VIEW."""

    subtype = "DROP_VIEW"
    view: Name
    if_exists: bool = False
