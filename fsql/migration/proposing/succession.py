"""The SELECT that fills a new version of a group from the one before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from fsql.migration.model import paths
from fsql.migration.model.comparing import renames
from fsql.migration.model.state import State
from fsql.types import storage_type
from fsql.typetext import trino_type

__all__ = ["Succession", "succession"]

Quote = Callable[[str], str]


@dataclass(frozen=True)
class Succession:
    """How rows of a group become those of its next version.

    Attributes:
        select: in Athena's SQL; what it leaves out becomes NULL.
        renamed: paths of the new version that are taken to be others of the old one.
        left_out: columns for which the old version has nothing that could become them.
        columns: how many the SELECT has.
    """

    select: str
    renamed: Mapping[str, str]
    left_out: tuple[str, ...]
    columns: int


def succession(
    before: State, after: State, quote: Quote, database: str | None = None
) -> Succession:
    """What fills `after` from `before`.

    Args:
        before, after: two versions of a group.
        quote: a name as it stands in SQL.
        database: of the table that is read; None is the store's own.
    """
    found = renames(before, replace(before, schema=after.schema))
    renamed = {_sibling(change.path, change.to): change.path for change in found}
    expressions = _Expressions(quote, renamed)
    chosen, left_out = list[str](), list[str]()
    for field in after.schema:
        sql = expressions.column(before.schema, field)
        left_out += [field.name] * (sql is None)
        chosen += filter(None, [sql])
    table = ".".join(map(quote, filter(None, [database, before.table])))
    columns = ",\n".join(f"    {sql}" for sql in chosen)
    select = f"SELECT\n{columns}\nFROM {table}"
    return Succession(select, renamed, tuple(left_out), len(chosen))


def _sibling(path: str, name: str) -> str:
    return paths.dotted([*paths.parts(path)[:-1], name])


@dataclass(frozen=True)
class _Expressions:
    """Old values as new ones, in Athena's SQL; None where no cast leads from one to the other."""

    quote: Quote
    renamed: Mapping[str, str]

    def column(self, old: pa.Schema, new: pa.Field) -> str | None:
        """A column of the new version; columns are found whatever their case."""
        path = paths.dotted([new.name])
        was = paths.find(old, self.renamed.get(path, path))
        if was is None:
            return None
        types = storage_type(was.type), storage_type(new.type)
        sql = self._value(self.quote(was.name), *types, (new.name,))
        named = sql is None or sql == self.quote(new.name)
        return sql if named else f"{sql} AS {self.quote(new.name)}"

    def _value(
        self, source: str, old: pa.DataType, new: pa.DataType, path: Sequence[str]
    ) -> str | None:
        if old == new:
            return source
        if pa.types.is_struct(old) and pa.types.is_struct(new):
            return self._struct(source, old, new, path)
        if pa.types.is_list(old) and pa.types.is_list(new):
            item = self._value("item", old.value_type, new.value_type, [*path, "element"])
            return None if item is None else f"transform({source}, item -> {item})"
        if pa.types.is_map(old) and pa.types.is_map(new) and old.key_type == new.key_type:
            value = self._value("val", old.item_type, new.item_type, [*path, "value"])
            return None if value is None else f"transform_values({source}, (k, val) -> {value})"
        if pa.types.is_nested(old) or pa.types.is_nested(new):
            return None
        return f"CAST({source} AS {trino_type(new)})"

    def _struct(
        self, source: str, old: pa.DataType, new: pa.DataType, path: Sequence[str]
    ) -> str | None:
        parts = list[str | None]()
        for field in new:
            inner = [*path, field.name]
            was = self.renamed.get(paths.dotted(inner))
            name = field.name if was is None else paths.parts(was)[-1]
            place = old.get_field_index(name.lower())
            if place < 0:
                parts.append("NULL")
            else:
                value = f"{source}.{self.quote(old[place].name)}"
                parts.append(self._value(value, old[place].type, field.type, inner))
        if None in parts:
            return None
        row = f"CAST(ROW({', '.join(filter(None, parts))}) AS {trino_type(new)})"
        return f"IF({source} IS NULL, NULL, {row})"
