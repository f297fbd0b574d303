"""What Athena can be told: one small class for each kind of statement.

The class says how Athena files the statement (StatementType, SubstatementType) and what its result
file is called. What it does is a handler's affair.
"""

from __future__ import annotations

from fsql.local.statements.nodes.alterations import (
    AddColumns,
    AddPartitions,
    AlterTable,
    ChangeColumn,
    DropColumn,
    DropPartitions,
    RenamePartition,
    RepairTable,
    SetLocation,
    SetProperties,
    UnsetProperties,
)
from fsql.local.statements.nodes.base import ColumnDef, Name, Partition, Query, Statement
from fsql.local.statements.nodes.changes import Change, Delete, Merge, Optimize, Update, Vacuum
from fsql.local.statements.nodes.definitions import (
    CreateDatabase,
    CreateTable,
    CreateView,
    DropDatabase,
    DropTable,
    DropView,
)
from fsql.local.statements.nodes.listings import (
    Describe,
    ShowColumns,
    ShowCreateTable,
    ShowCreateView,
    ShowDatabases,
    ShowPartitions,
    ShowProperties,
    ShowTables,
    ShowViews,
)
from fsql.local.statements.nodes.queries import (
    CreateTableAs,
    Deallocate,
    Execute,
    Explain,
    Insert,
    Prepare,
    Select,
    Unload,
)

__all__ = [
    "AddColumns",
    "AddPartitions",
    "AlterTable",
    "Change",
    "ChangeColumn",
    "ColumnDef",
    "CreateDatabase",
    "CreateTable",
    "CreateTableAs",
    "CreateView",
    "Deallocate",
    "Delete",
    "Describe",
    "DropColumn",
    "DropDatabase",
    "DropPartitions",
    "DropTable",
    "DropView",
    "Execute",
    "Explain",
    "Insert",
    "Merge",
    "Name",
    "Optimize",
    "Partition",
    "Prepare",
    "Query",
    "RenamePartition",
    "RepairTable",
    "Select",
    "SetLocation",
    "SetProperties",
    "ShowColumns",
    "ShowCreateTable",
    "ShowCreateView",
    "ShowDatabases",
    "ShowPartitions",
    "ShowProperties",
    "ShowTables",
    "ShowViews",
    "Statement",
    "Unload",
    "UnsetProperties",
    "Update",
    "Vacuum",
]
