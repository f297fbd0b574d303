"""SHOW and DESCRIBE."""

from __future__ import annotations

from dataclasses import dataclass

from fsql.local.statements.nodes.base import Name, Statement

__all__ = [
    "Describe",
    "ShowColumns",
    "ShowCreateTable",
    "ShowCreateView",
    "ShowDatabases",
    "ShowPartitions",
    "ShowProperties",
    "ShowTables",
    "ShowViews",
]


@dataclass(frozen=True)
class ShowDatabases(Statement):
    """SHOW DATABASES or SCHEMAS ['regex']."""

    type = "UTILITY"
    subtype = "SHOW_DATABASES"
    pattern: str | None = None


@dataclass(frozen=True)
class ShowTables(Statement):
    """SHOW TABLES [IN database] ['regex']."""

    type = "UTILITY"
    subtype = "SHOW_TABLES"
    database: str | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ShowViews(Statement):
    """SHOW VIEWS [IN database] ['regex']."""

    type = "UTILITY"
    subtype = "SHOW_VIEWS"
    database: str | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ShowColumns(Statement):
    """SHOW COLUMNS IN table."""

    type = "UTILITY"
    subtype = "SHOW_COLUMNS"
    table: Name


@dataclass(frozen=True)
class ShowPartitions(Statement):
    """SHOW PARTITIONS table."""

    type = "UTILITY"
    subtype = "SHOW_PARTITIONS"
    table: Name


@dataclass(frozen=True)
class ShowProperties(Statement):
    """SHOW TBLPROPERTIES table [('key')]."""

    type = "UTILITY"
    subtype = "SHOW_TABLE_PROPERTIES"
    table: Name
    key: str | None = None


@dataclass(frozen=True)
class ShowCreateTable(Statement):
    """SHOW CREATE TABLE."""

    type = "UTILITY"
    subtype = "SHOW_CREATE_TABLE"
    table: Name


@dataclass(frozen=True)
class ShowCreateView(Statement):
    """SHOW CREATE VIEW."""

    type = "UTILITY"
    subtype = "SHOW_CREATE_VIEW"
    view: Name


@dataclass(frozen=True)
class Describe(Statement):
    """DESCRIBE [EXTENDED | FORMATTED] table."""

    type = "UTILITY"
    subtype = "DESCRIBE_TABLE"
    table: Name
    detailed: bool = False
