"""Which handler carries out which statement, and the error of each that has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsql.local.athena.prepared import PreparedStatements
from fsql.local.statements import nodes as st
from fsql.local.statements.alter import add_columns, set_location
from fsql.local.statements.changes import change
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.ddl import (
    create_database,
    create_table,
    create_view,
    drop_database,
    drop_table,
    drop_view,
)
from fsql.local.statements.evolve import change_column, drop_column
from fsql.local.statements.explain import explain
from fsql.local.statements.inserts import create_table_as, insert
from fsql.local.statements.maintenance import optimize, vacuum
from fsql.local.statements.properties import set_properties, unset_properties
from fsql.local.statements.select import Translations, run_select
from fsql.local.statements.show import (
    describe,
    show_columns,
    show_create_table,
    show_create_view,
    show_databases,
    show_partitions,
    show_properties,
    show_tables,
    show_views,
)
from fsql.local.statements.unload import unload
from fsql.local.tables.partitions import (
    add_partitions,
    drop_partitions,
    rename_partition,
    repair_table,
)
from fsql.local.transpile import TrinoError

__all__ = ["Executor"]

Handler = Callable[[Context, Any], Outcome]


class Executor:
    """Carries out statements; a new kind of statement is one more entry."""

    def __init__(self, prepared: PreparedStatements) -> None:
        translations = Translations()
        self._handlers: dict[type[st.Statement], Handler] = {
            st.AddColumns: add_columns,
            st.AddPartitions: add_partitions,
            st.ChangeColumn: change_column,
            st.CreateDatabase: create_database,
            st.CreateTable: create_table,
            st.CreateTableAs: lambda context, s: create_table_as(context, s, translations),
            st.CreateView: lambda context, s: create_view(context, s, translations),
            st.Deallocate: prepared.deallocate,
            st.Delete: change,
            st.Describe: describe,
            st.DropColumn: drop_column,
            st.DropDatabase: drop_database,
            st.DropPartitions: drop_partitions,
            st.DropTable: drop_table,
            st.DropView: drop_view,
            st.Execute: lambda context, s: self.run(context, prepared.statement(context, s)),
            st.Explain: lambda context, s: explain(context, s, translations),
            st.Insert: lambda context, s: insert(context, s, translations),
            st.Merge: change,
            st.Optimize: optimize,
            st.Prepare: prepared.prepare,
            st.RenamePartition: rename_partition,
            st.RepairTable: repair_table,
            st.Select: lambda context, s: run_select(context, s, translations),
            st.SetLocation: set_location,
            st.SetProperties: set_properties,
            st.ShowColumns: show_columns,
            st.ShowCreateTable: show_create_table,
            st.ShowCreateView: show_create_view,
            st.ShowDatabases: show_databases,
            st.ShowPartitions: show_partitions,
            st.ShowProperties: show_properties,
            st.ShowTables: show_tables,
            st.ShowViews: show_views,
            st.Unload: lambda context, s: unload(context, s, translations),
            st.UnsetProperties: unset_properties,
            st.Update: change,
            st.Vacuum: vacuum,
        }

    def run(self, context: Context, statement: st.Statement) -> Outcome:
        """Carry out a statement.

        Raises:
            TrinoError: NOT_SUPPORTED for a statement that only AWS carries out.
        """
        handler = self._handlers.get(type(statement))
        if handler is None:
            what = statement.subtype.replace("_", " ")
            raise TrinoError("NOT_SUPPORTED", f"The embedded Athena does not run {what} yet")
        return handler(context, statement)
