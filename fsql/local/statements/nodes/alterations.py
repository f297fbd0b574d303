"""ALTER TABLE and MSCK REPAIR TABLE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsql.local.statements.nodes.base import ColumnDef, Name, Partition, Statement

__all__ = [
    "AddColumns",
    "AddPartitions",
    "AlterTable",
    "ChangeColumn",
    "DropColumn",
    "DropPartitions",
    "RenamePartition",
    "RepairTable",
    "SetLocation",
    "SetProperties",
    "UnsetProperties",
]


@dataclass(frozen=True)
class AddPartitions(Statement):
    """ALTER TABLE table ADD PARTITION (…) [LOCATION '…'] …."""

    subtype = "ALTER_TABLE_ADD_PARTITION"
    table: Name
    partitions: tuple[Partition, ...]
    if_not_exists: bool = False


@dataclass(frozen=True)
class DropPartitions(Statement):
    """ALTER TABLE table DROP PARTITION (…), …."""

    subtype = "ALTER_TABLE_DROP_PARTITION"
    table: Name
    partitions: tuple[Partition, ...]
    if_exists: bool = False


@dataclass(frozen=True)
class RenamePartition(Statement):
    """ALTER TABLE table PARTITION (…) RENAME TO PARTITION (…)."""

    subtype = "ALTER_TABLE_RENAME_PARTITION"
    table: Name
    old: Partition
    new: Partition


@dataclass(frozen=True)
class SetLocation(Statement):
    """ALTER TABLE table [PARTITION (…)] SET LOCATION '…'."""

    subtype = "ALTER_TABLE_SET_LOCATION"
    table: Name
    location: str
    partition: Partition | None = None


@dataclass(frozen=True)
class AddColumns(Statement):
    """ALTER TABLE table ADD COLUMNS (…), or REPLACE COLUMNS (…) where `replace` is set."""

    subtype = "ALTER_TABLE_ADD_COLUMNS"
    table: Name
    columns: tuple[ColumnDef, ...]
    replace: bool = False


@dataclass(frozen=True)
class ChangeColumn(Statement):
    """ALTER TABLE table CHANGE [COLUMN] old new type [COMMENT '…'] [FIRST | AFTER column].

    Attributes:
        after: the column before it from now on, "" for none; None if it stays where it is.
    """

    subtype = "ALTER_TABLE_CHANGE_COLUMN"
    table: Name
    old: str
    column: ColumnDef
    after: str | None = None


@dataclass(frozen=True)
class DropColumn(Statement):
    """ALTER TABLE table DROP COLUMN column."""

    subtype = "ALTER_TABLE_DROP_COLUMN"
    table: Name
    column: str


@dataclass(frozen=True)
class RepairTable(Statement):
    """MSCK REPAIR TABLE."""

    subtype = "MSCK_REPAIR"
    table: Name


@dataclass(frozen=True)
class SetProperties(Statement):
    """ALTER TABLE table SET TBLPROPERTIES ('key' = 'value', …)."""

    subtype = "ALTER_TABLE_SET_TBLPROPERTIES"
    table: Name
    properties: Mapping[str, str]


@dataclass(frozen=True)
class UnsetProperties(Statement):
    """ALTER TABLE table UNSET TBLPROPERTIES ('key', …)."""

    subtype = "ALTER_TABLE_UNSET_TBLPROPERTIES"
    table: Name
    keys: tuple[str, ...]


@dataclass(frozen=True)
class AlterTable(Statement):
    """ALTER TABLE in a form without a class of its own, which only AWS carries out."""

    subtype = "ALTER_TABLE"
    text: str
