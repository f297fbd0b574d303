"""What Athena can be told: one small class for each kind of statement.

The class says how Athena files the statement (StatementType, SubstatementType) and what its result
file is called. What it does is a handler's affair.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import sqlglot.expressions as exp

from fsql.local.transpile import TrinoError, parse_statements

__all__ = [
    "AddColumns",
    "AddPartitions",
    "AlterTable",
    "Change",
    "ColumnDef",
    "CreateDatabase",
    "CreateTable",
    "CreateTableAs",
    "CreateView",
    "Deallocate",
    "Delete",
    "Describe",
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


@dataclass(frozen=True)
class Select(Statement):
    """SELECT, WITH, VALUES or TABLE."""

    type = "DML"
    subtype = "SELECT"
    suffix = ".csv"
    query: Query


@dataclass(frozen=True)
class Unload(Statement):
    """UNLOAD (query) TO 's3://…/' WITH (…)."""

    type = "DML"
    subtype = "UNLOAD"
    suffix = ""
    query: Query
    target: str
    properties: Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Explain(Statement):
    """EXPLAIN: ``inner`` is the statement explained, ``options`` such as TYPE and FORMAT."""

    type = "DML"
    subtype = "EXPLAIN"
    inner: Statement
    options: Mapping[str, str]
    analyze: bool = False


@dataclass(frozen=True)
class Insert(Statement):
    """INSERT INTO table [(columns)] query."""

    type = "DML"
    subtype = "INSERT"
    suffix = ""
    table: Name
    columns: tuple[str, ...]
    query: Query


@dataclass(frozen=True)
class CreateTableAs(Statement):
    """CREATE TABLE table [WITH (…)] AS query [WITH [NO] DATA]."""

    subtype = "CREATE_TABLE_AS_SELECT"
    suffix = ""
    folder = "tables/"
    table: Name
    query: Query
    properties: Mapping[str, str | list[str]]
    if_not_exists: bool = False
    with_data: bool = True


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
class RepairTable(Statement):
    """MSCK REPAIR TABLE."""

    subtype = "MSCK_REPAIR"
    table: Name


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


@dataclass(frozen=True)
class Prepare(Statement):
    """PREPARE name FROM statement."""

    type = "UTILITY"
    subtype = "PREPARE"
    name: str
    text: str


@dataclass(frozen=True)
class Execute(Statement):
    """EXECUTE name [USING value, …]."""

    type = "DML"
    subtype = "EXECUTE"
    suffix = ".csv"
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Deallocate(Statement):
    """DEALLOCATE PREPARE name."""

    type = "UTILITY"
    subtype = "DEALLOCATE_PREPARE"
    name: str


@dataclass(frozen=True)
class AlterTable(Statement):
    """ALTER TABLE in a form without a class of its own, which only AWS carries out."""

    subtype = "ALTER_TABLE"
    text: str


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
