"""What is known of one value in a query: its type, its exact field, where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from fsql.analysis.engine_types import UNKNOWN, EngineType, array_of, common_type
from fsql.analysis.model import Origin

__all__ = ["NOTHING", "NULL", "Value", "list_of", "merge"]


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of the values that one expression takes.

    Args:
        type: the engine's type.
        field: the exact Arrow field, if every value is one of a feature group's column.
        origin: the column they all come from.
        stored: it is, row by row, the column that `origin` names, with nothing done to it.
    """

    type: EngineType | None = None
    field: pa.Field | None = None
    origin: Origin | None = None
    stored: bool = False

    def passed(self) -> Value:
        """The same values in other rows, or NULL."""
        return replace(self.optional(), stored=False)

    def optional(self) -> Value:
        """The same, but NULL is possible."""
        if self.field is None or self.field.nullable:
            return self
        return replace(self, field=self.field.with_nullable(True))

    def member(self, name: str) -> Value:
        """The field `name` (lower case) of a row."""
        type_ = self.type.member(name) if self.type else None
        return Value(type_, self._inside(_member(self.field, name)), self._at(name), self.stored)

    def element(self) -> Value:
        """An element of an array, or NULL."""
        inner = _plain(self.field)
        field = inner.value_field if inner is not None and _is_list(inner) else None
        return self._part("array", 0, "element", field)

    def key(self) -> Value:
        """A key of a map."""
        inner = _plain(self.field)
        field = inner.key_field if inner is not None and pa.types.is_map(inner) else None
        return self._part("map", 0, "key", field)

    def item(self) -> Value:
        """A value of a map, or NULL."""
        inner = _plain(self.field)
        field = inner.item_field if inner is not None and pa.types.is_map(inner) else None
        return self._part("map", 1, "value", field)

    def any_length(self) -> Value:
        """An array of some of these elements, in any order."""
        if self.type is None or self.type.name != "array":
            return NOTHING
        inner = _plain(self.field)
        kept = inner is not None and (pa.types.is_list(inner) or pa.types.is_large_list(inner))
        return self.passed() if kept else list_of(self.element())

    def _part(self, kind: str, index: int, word: str, field: pa.Field | None) -> Value:
        if self.type is None or self.type.name != kind:
            return NOTHING
        type_ = self.type.fields[index][1]
        return Value(type_, self._inside(field), self._at(word)).passed()

    def _inside(self, field: pa.Field | None) -> pa.Field | None:
        """A part's field: NULL where this value is."""
        if field is None or self.field is None:
            return None
        return field.with_nullable(field.nullable or self.field.nullable)

    def _at(self, name: str) -> Origin | None:
        origin = self.origin
        return origin and Origin(origin.database, origin.table, (*origin.path, name))


NOTHING = Value()
NULL = Value(UNKNOWN)


def _plain(field: pa.Field | None) -> pa.DataType | None:
    """The field's type without dictionary and extension around it."""
    if field is None:
        return None
    type_ = field.type
    while True:
        if isinstance(type_, pa.BaseExtensionType):
            type_ = type_.storage_type
        elif pa.types.is_dictionary(type_):
            type_ = type_.value_type
        else:
            return type_


def _is_list(type_: pa.DataType) -> bool:
    return hasattr(type_, "value_field") and not pa.types.is_map(type_)


def _member(field: pa.Field | None, name: str) -> pa.Field | None:
    type_ = _plain(field)
    if type_ is None or not pa.types.is_struct(type_):
        return None
    found = [child for child in type_ if child.name.lower() == name]
    return found[0] if len(found) == 1 else None


def list_of(value: Value) -> Value:
    """An array of such values."""
    field = value.field
    exact = None if field is None else pa.field("", pa.list_(field.type))
    return Value(array_of(value.type) if value.type else None, exact)


def merge(values: Sequence[Value]) -> Value:
    """What is known of a value that is any one of `values`.

    The exact field is kept if all agree on its type; NULL agrees with everything.
    """
    known = [value for value in values if value.type != UNKNOWN]
    if not known:
        return NULL
    first = known[0]
    nullable = len(known) < len(values)
    origin = first.origin if all(value.origin == first.origin for value in known) else None
    type_ = common_type(value.type for value in known)
    return Value(type_, _common_field([value.field for value in known], nullable), origin)


def _common_field(fields: Sequence[pa.Field | None], nullable: bool) -> pa.Field | None:
    first = fields[0]
    if first is None or not all(_same(first, field) for field in fields):
        return None
    if not _all_equal(field.metadata for field in fields if field):
        first = first.remove_metadata()
    return first.with_nullable(nullable or any(field.nullable for field in fields if field))


def _same(first: pa.Field, other: pa.Field | None) -> bool:
    return other is not None and first.type.equals(other.type, check_metadata=True)


def _all_equal(metadata: Iterable[object]) -> bool:
    seen = list(metadata)
    return all(each == seen[0] for each in seen)
