"""What follows the table's name in ALTER TABLE."""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.statements import nodes as st
from fsql.local.tables.reading import Reader

__all__ = ["AlterClauses"]


class AlterClauses:
    """Reads the change of ALTER TABLE, by its first words."""

    def __init__(self, parser: Reader, table: st.Name) -> None:
        self.parser = parser
        self.table = table

    def read(self) -> st.Statement:
        """The statement; a form that is not known as AlterTable."""
        for words, read in _FORMS.items():
            if self.parser.skip(*words):
                return self.parser.end(read(self))
        return st.AlterTable(self.parser.sql)

    # Partitions

    def add_partitions(self) -> st.Statement:
        quiet = self.parser.if_not_exists()
        return st.AddPartitions(self.table, self._partitions(between=""), quiet)

    def drop_partitions(self) -> st.Statement:
        quiet = self.parser.if_exists()
        return st.DropPartitions(self.table, self._partitions(between=","), quiet)

    def partition(self) -> st.Statement:
        values = self._values()
        if self.parser.skip("SET", "LOCATION"):
            return st.SetLocation(self.table, self.parser.string(), values)
        self.parser.need("RENAME")
        self.parser.need("TO")
        return st.RenamePartition(self.table, values, self._one_partition())

    def _partitions(self, between: str) -> tuple[st.Partition, ...]:
        parser, found = self.parser, list[st.Partition]()
        while not found or parser.at("PARTITION") or (between and parser.skip(between)):
            values = self._one_partition().values
            found.append(st.Partition(values, parser.string() if parser.skip("LOCATION") else None))
        return tuple(found)

    def _one_partition(self) -> st.Partition:
        self.parser.need("PARTITION")
        return self._values()

    def _values(self) -> st.Partition:
        return st.Partition(dict(self.parser.parenthesized(self._value)))

    def _value(self) -> tuple[str, str]:
        parser = self.parser
        column = parser.identifier('"')
        parser.need("=")
        sign = "-" if parser.skip("-") else ""
        text = parser.take().value
        while parser.skip("."):
            text += "." + parser.take().value
        return column, sign + text

    # Columns

    def add_columns(self) -> st.Statement:
        return st.AddColumns(self.table, tuple(self.parser.parenthesized(self.parser.column)))

    def replace_columns(self) -> st.Statement:
        columns = tuple(self.parser.parenthesized(self.parser.column))
        return st.AddColumns(self.table, columns, replace=True)

    def change_column(self) -> st.Statement:
        parser = self.parser
        parser.skip("COLUMN")
        old = parser.identifier('"')
        column = parser.column("FIRST", "AFTER")
        if parser.skip("FIRST"):
            return st.ChangeColumn(self.table, old, column, "")
        after = parser.identifier('"') if parser.skip("AFTER") else None
        return st.ChangeColumn(self.table, old, column, after)

    def drop_column(self) -> st.Statement:
        return st.DropColumn(self.table, self.parser.identifier('"'))

    # The table

    def set_location(self) -> st.Statement:
        return st.SetLocation(self.table, self.parser.string())

    def set_properties(self) -> st.Statement:
        properties = dict(self.parser.parenthesized(self.parser.property))
        return st.SetProperties(self.table, properties)

    def unset_properties(self) -> st.Statement:
        keys = self.parser.parenthesized(self.parser.string)
        return st.UnsetProperties(self.table, tuple(keys))


_Form = Callable[[AlterClauses], st.Statement]

_FORMS: dict[tuple[str, ...], _Form] = {
    ("ADD", "COLUMNS"): AlterClauses.add_columns,
    ("REPLACE", "COLUMNS"): AlterClauses.replace_columns,
    ("CHANGE",): AlterClauses.change_column,
    ("DROP", "COLUMN"): AlterClauses.drop_column,
    ("ADD",): AlterClauses.add_partitions,
    ("DROP",): AlterClauses.drop_partitions,
    ("PARTITION",): AlterClauses.partition,
    ("SET", "LOCATION"): AlterClauses.set_location,
    ("SET", "TBLPROPERTIES"): AlterClauses.set_properties,
    ("UNSET", "TBLPROPERTIES"): AlterClauses.unset_properties,
}
