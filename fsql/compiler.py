"""SQL text for fsql's types and feature groups, on top of PyAthena's compilers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from pyathena.sqlalchemy.compiler import (
    AthenaDDLCompiler,
    AthenaDMLTypeCompiler,
    AthenaStatementCompiler,
    AthenaTypeCompiler,
)
from pyathena.sqlalchemy.preparer import AthenaDDLIdentifierPreparer
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.ddl import CreateTable

from fsql.errors import ConfigError, UnsupportedType
from fsql.hivekeys import HiveKey, hive_keys
from fsql.model import FeatureGroup
from fsql.types import Map, Struct, arrow_type, storage_type
from fsql.typetext import hive_type, trino_type

__all__ = ["FsqlDDLCompiler", "FsqlStatementCompiler", "FsqlTypeCompiler"]


class FsqlTypeCompiler(AthenaTypeCompiler):
    """Types in Hive's words, for DDL."""

    def _hive(self, type_: Any, **kw: Any) -> str:
        return hive_type(storage_type(arrow_type(type_)))

    visit_fsql_struct = visit_fsql_array = visit_fsql_map = _hive
    visit_fsql_timestamp = visit_fsql_arrow = _hive

    def visit_uuid(self, type_: Any, **kw: Any) -> str:
        """As text; PyAthena's CHAR(32) is no type of Iceberg's in Athena."""
        return "STRING"


class FsqlDMLTypeCompiler(AthenaDMLTypeCompiler):
    """Types in Trino's words, for casts in queries."""

    def _trino(self, type_: Any, **kw: Any) -> str:
        return trino_type(storage_type(arrow_type(type_)))

    visit_fsql_struct = visit_fsql_array = visit_fsql_map = _trino
    visit_fsql_timestamp = visit_fsql_arrow = _trino


class FsqlStatementCompiler(AthenaStatementCompiler):
    """Queries; nested values are taken apart as Trino does."""

    @sa.util.memoized_property
    def _dml_type_compiler(self) -> FsqlDMLTypeCompiler:
        return FsqlDMLTypeCompiler(self.dialect)

    def visit_update(self, update_stmt: Any, visiting_cte: Any = None, **kw: Any) -> str:
        """UPDATE; PyAthena rewrites those of single items of SQLAlchemy's own arrays."""
        if hasattr(update_stmt, "_ordered_values"):
            arrays: Any = super()  # PyAthena leaves the method untyped
            return str(arrays.visit_update(update_stmt, visiting_cte, **kw))
        # SQLAlchemy 2.1 has no such attribute, without which PyAthena 4.2.1 fails.
        return SQLCompiler.visit_update(self, update_stmt, visiting_cte=visiting_cte, **kw)

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        """What stands behind a table's name: `Select.with_hint` says of which state it is."""
        return text

    def visit_regexp_match_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """A match of a regular expression; flags go into it, as Java has them."""
        pattern = self._pattern(binary, binary.modifiers["flags"], **kw)
        return f"regexp_like({self.process(binary.left, **kw)}, {pattern})"

    def visit_not_regexp_match_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """No match."""
        return f"NOT {self.visit_regexp_match_op_binary(binary, operator, **kw)}"

    def visit_regexp_replace_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """A text with what matches replaced."""
        pattern, replacement = binary.right.clauses
        left, right = self.process(binary.left, **kw), self.process(replacement, **kw)
        flagged = self._flagged(self.process(pattern, **kw), binary.modifiers["flags"])
        return f"regexp_replace({left}, {flagged}, {right})"

    def _pattern(self, binary: Any, flags: Any, **kw: Any) -> str:
        return self._flagged(self.process(binary.right, **kw), flags)

    def _flagged(self, pattern: str, flags: str | None) -> str:
        if flags is None:
            return pattern
        return f"concat({self.render_literal_value(f'(?{flags})', sa.String())}, {pattern})"

    def visit_bitwise_and_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """Trino's bitwise operators are functions."""
        return self._bitwise("bitwise_and", binary.left, binary.right, **kw)

    def visit_bitwise_or_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """As for "and"."""
        return self._bitwise("bitwise_or", binary.left, binary.right, **kw)

    def visit_bitwise_xor_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """As for "and"."""
        return self._bitwise("bitwise_xor", binary.left, binary.right, **kw)

    def visit_bitwise_lshift_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """As for "and"."""
        return self._bitwise("bitwise_left_shift", binary.left, binary.right, **kw)

    def visit_bitwise_rshift_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """As for "and"; the sign stays."""
        return self._bitwise("bitwise_right_shift_arithmetic", binary.left, binary.right, **kw)

    def visit_bitwise_not_op_unary_operator(self, element: Any, operator: Any, **kw: Any) -> str:
        """As for "and"."""
        return self._bitwise("bitwise_not", element.element, **kw)

    def _bitwise(self, function: str, *operands: Any, **kw: Any) -> str:
        return f"{function}({', '.join(self.process(operand, **kw) for operand in operands)})"

    def visit_getitem_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """A struct's field, a map's value by key or an array's item; NULL if there is none."""
        if isinstance(binary.left.type, Struct):
            whole = self.process(binary.left, **kw)
            return f"{whole}.{self.preparer.quote(binary.right.name)}"
        if getattr(binary.left.type, "item_type", None) is None and not isinstance(
            binary.left.type, Map
        ):
            arrays: Any = super()  # PyAthena leaves the method untyped
            return str(arrays.visit_getitem_binary(binary, operator, **kw))
        whole = self.process(binary.left, **kw)
        return f"element_at({whole}, {self.process(binary.right, **kw)})"


_LOOKS = ("row_format", "file_format", "serdeproperties", "bucket_count", "compression")


class FsqlDDLCompiler(AthenaDDLCompiler):
    """DDL; a feature group is an Iceberg table, or one of Parquet files in Hive-style folders.

    Athena takes no table properties of our own in CREATE TABLE, so the exact schema is
    set right after it, see `fsql.dialect`, and with it how a Hive-style group names its files.
    """

    def visit_create_table(self, create: CreateTable, **kw: Any) -> str:
        """CREATE TABLE for any table."""
        if isinstance(create.element, FeatureGroup):
            return self._create_group(create.element, bool(create.if_not_exists))
        return super().visit_create_table(create, **kw)

    def _create_group(self, group: FeatureGroup, if_not_exists: bool) -> str:
        hive, partitions = group.definition.table_format == "hive", group.definition.partition_by
        keys = hive_keys(partitions, group.storage_schema) if hive else ()
        fields = [self._key(group, key) for key in keys] if hive else map(str, partitions)
        in_files = [c for c in group.columns if c.name not in [key.name for key in keys]]
        columns = ",\n".join(f"  {self.get_column_specification(c)}" for c in in_files)
        exists = "IF NOT EXISTS " if if_not_exists else ""
        parts = [f"\nCREATE {'EXTERNAL ' if hive else ''}TABLE {exists}"]
        parts += [f"{self.preparer.format_table(group)} (\n{columns}\n)"]
        if group.comment:
            parts.append(f"\n{self._get_comment_specification(group.comment)}")
        if partitions:
            parts.append(f"\nPARTITIONED BY ({', '.join(fields)})")
        parts.append("\nSTORED AS PARQUET" if hive else "")
        parts.append(f"\nLOCATION '{self._location(group)}'")
        parts.append("" if hive else "\nTBLPROPERTIES ('table_type' = 'ICEBERG')")
        return "".join(parts)

    def _key(self, group: FeatureGroup, key: HiveKey) -> str:
        if key.is_column:
            return self.get_column_specification(group.columns[key.name])
        return f"`{key.name}` {hive_type(key.type)}"

    def get_column_specification(self, column: Any, **kw: Any) -> str:
        """A column's name, type and comment; a feature group's types as they are stored."""
        if not self._is_iceberg(column.table):
            return super().get_column_specification(column, **kw)
        try:
            type_ = storage_type(arrow_type(column.type))
        except UnsupportedType:
            return super().get_column_specification(column, **kw)
        name = AthenaDDLIdentifierPreparer(self.dialect).format_column(column)
        # Glue's comments of columns are one line.
        line = " ".join(column.comment.splitlines()) if column.comment else ""
        comment = f" {self._get_comment_specification(line)}" if line else ""
        return f"{name} {hive_type(type_)}{comment}"

    def _get_table_location_specification(
        self, table: Any, dialect_opts: Any, connect_opts: Any
    ) -> str:
        """PyAthena's, which would take a quote in a name for the end of the location."""
        location = super()._get_table_location(table, dialect_opts, connect_opts)
        if location is None:
            return str(super()._get_table_location_specification(table, dialect_opts, connect_opts))
        escaped = location.replace("\\", "\\\\").replace("'", "\\'")
        return f"LOCATION '{escaped.replace('%', '%%')}'"

    def _is_iceberg(self, table: Any) -> bool:
        options, connection = self._options(table)
        return isinstance(table, FeatureGroup) or self._is_iceberg_table(options, connection)

    def _options(self, table: Any) -> tuple[Any, Any]:
        connection: Any = getattr(self.dialect, "_connect_options", {})
        return table.dialect_options["awsathena"], connection

    def _get_table_properties(self, dialect_opts: Any, connect_opts: Any) -> Any:
        """The table's own; one of which nothing says how its files look is an Iceberg table.

        PyAthena would make it one of text files, in which nothing can be updated.
        """
        if any(dialect_opts[option] for option in _LOOKS):
            return super()._get_table_properties(dialect_opts, connect_opts)
        found = super()._get_table_properties(dialect_opts, connect_opts)
        return found or {"table_type": "ICEBERG"}

    def _location(self, group: FeatureGroup) -> str:
        options: Any = getattr(self.dialect, "_connect_options", {})
        warehouse = options.get("location")
        if not warehouse:
            raise ConfigError(
                f"No location for {group.name!r}: the URL has no warehouse=s3://bucket/prefix/."
            )
        return f"{warehouse}{group.schema or options['schema_name']}/{group.name}/"
