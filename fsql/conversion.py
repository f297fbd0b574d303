"""Values between their exact Arrow type and the one they are stored in.

Both ways are exact or an error: a value that does not fit is named, never bent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from fsql.errors import LossyCast, UnsupportedType
from fsql.notes import categories_of
from fsql.rebuilding import rebuilt, takeable
from fsql.types import InstantType, holds_instants, plain_field, plain_type, storage_type

__all__ = ["decode", "decode_table", "encode", "first_beyond_python", "python_value", "stored"]

Column: TypeAlias = pa.ChunkedArray


def encode(column: Column, exact: pa.Field, *, truncate: bool = False) -> Column:
    """Turn a column of its exact type into its storage type.

    Args:
        column: values of the type `exact.type`.
        exact: the column's name and exact type.
        truncate: let nanoseconds be cut to microseconds instead of refusing them.

    Raises:
        LossyCast: a value does not fit the storage type; it is named.
    """
    target = storage_type(exact.type)
    if isinstance(column.type, InstantType):
        return pa.chunked_array([chunk.storage for chunk in column.chunks], target)
    if column.type.equals(target):
        return column
    if truncate and pa.types.is_timestamp(column.type):
        # A cast would round towards 1970 and so move earlier times forward.
        column = pc.floor_temporal(column, unit="microsecond")
    steps = (_named(column.type, target), _bridge(target, _named(exact.type, target)), target)
    return _through(column, steps, exact.name, target, safe=not truncate)


def stored(column: Column) -> Column:
    """`encode` by the column's own type, nanoseconds cut: equal values are equal in it."""
    return encode(column, pa.field("", column.type), truncate=True)


def decode(column: Column, exact: pa.Field) -> Column:
    """Turn what an engine or a data file gave back into the exact type.

    Times that are shown as integers or text become these.

    Raises:
        LossyCast: a value does not fit the exact type; it is named.
    """
    if column.type.equals(exact.type):
        return column
    known = categories_of(exact) if pa.types.is_dictionary(exact.type) else None
    if known is not None:
        values = takeable(exact.type.value_type)
        return _categorized(decode(column, exact.with_type(values)), known.cast(values), exact)
    named = _named(column.type, exact.type)
    return _through(column, (named, _bridge(exact.type), exact.type), exact.name, exact.type)


def _categorized(column: Column, known: pa.Array, exact: pa.Field) -> Column:
    """Values as numbers of their categories; those that are none yet come last."""
    places = pc.index_in(column, known)
    new = pc.unique(column.filter(pc.and_(pc.is_null(places), pc.is_valid(column))))
    if len(new):
        known = pa.concat_arrays([known, new])
        places = pc.index_in(column, known)
    try:
        numbers = places.cast(exact.type.index_type)
    except pa.ArrowInvalid as error:
        raise LossyCast(exact.name, known[-1].as_py(), str(exact.type)) from error
    known, ordered = known.cast(exact.type.value_type), exact.type.ordered
    parts = numbers.chunks or [pa.array([], exact.type.index_type)]
    chunks = [pa.DictionaryArray.from_arrays(part, known, ordered=ordered) for part in parts]
    return pa.chunked_array(chunks, exact.type)


def decode_table(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """`decode` for each column by position; `schema`'s names and metadata are the result's."""
    columns = [decode(table.column(i), field) for i, field in enumerate(schema)]
    shown = pa.schema(list(map(plain_field, schema)), schema.metadata)
    return pa.Table.from_arrays(columns, schema=shown)


def _through(
    column: Column,
    steps: tuple[pa.DataType, pa.DataType, pa.DataType],
    name: str,
    wanted: pa.DataType,
    *,
    safe: bool = True,
) -> Column:
    named, bridge, target = steps

    def convert(chunk: pa.Array) -> pa.Array:
        chunk = chunk if chunk.type.equals(named) else chunk.view(named)
        return _cast(_cast(chunk, bridge, safe), target, safe)

    try:
        return pa.chunked_array([convert(chunk) for chunk in column.chunks], plain_type(target))
    except pa.ArrowNotImplementedError as error:
        raise UnsupportedType(f"Column {name!r}: no way from {column.type} to {wanted}.") from error
    except pa.ArrowInvalid as error:
        raise LossyCast(name, _first_refused(column, convert), str(wanted)) from error


def _cast(array: pa.Array, target: pa.DataType, safe: bool) -> pa.Array:
    if array.type.equals(target):
        return array
    if isinstance(target, InstantType):
        return target.shown(array)
    if not (_is_strict(target) or holds_instants(target) or _has_fixed_lists(target)):
        # A struct that is NULL may hide numbers of categories that there are not.
        with contextlib.suppress(pa.ArrowNotImplementedError, pa.lib.ArrowIndexError):
            return array.cast(target, safe=safe)
    return rebuilt(array, target, lambda part, type_: _cast(part, type_, safe))


def _is_strict(type_: pa.DataType) -> bool:
    """Whether a field inside must not be NULL: Arrow casts to no such field, NULL or not."""
    if pa.types.is_map(type_):
        return _is_strict_field(type_.item_field) or _is_strict(type_.key_type)
    if pa.types.is_struct(type_):
        return any(map(_is_strict_field, type_))
    return _is_list(type_) and _is_strict_field(type_.value_field)


def _has_fixed_lists(type_: pa.DataType) -> bool:
    """Whether it has lists of a fixed size, for which Arrow has no safe cast."""
    if pa.types.is_fixed_size_list(type_):
        return True
    if not pa.types.is_nested(type_):
        return False
    return any(_has_fixed_lists(type_.field(place).type) for place in range(type_.num_fields))


def _is_strict_field(field: pa.Field) -> bool:
    return not field.nullable or _is_strict(field.type)


def _first_refused(column: Column, convert: Callable[[pa.Array], pa.Array]) -> object:
    """The first value that `convert` refuses, found by halving."""
    chunk = next(chunk for chunk in column.chunks if not _converts(chunk, convert))
    while len(chunk) > 1:
        left = chunk.slice(0, len(chunk) // 2)
        chunk = chunk.slice(len(chunk) // 2) if _converts(left, convert) else left
    return python_value(chunk, 0)


def python_value(array: pa.Array, place: int) -> object:
    """One value as Python has it; as text where Python has none, as for times after 9999."""
    try:
        return array[place].as_py()
    except (OverflowError, ValueError):
        if pa.types.is_temporal(array.type):
            return f"{array[place].value} {getattr(array.type, 'unit', 'days')}"
        text = array.slice(place, 1).to_string(skip_new_lines=True)
        return " ".join(text.removeprefix("[").removesuffix("]").split())


def first_beyond_python(array: pa.Array) -> object:
    """The first value that Python has none for, as text; None if there is no such value."""
    for place, scalar in enumerate(array):
        try:
            scalar.as_py()
        except (OverflowError, ValueError):
            return python_value(array, place)
    return None


def _converts(array: pa.Array, convert: Callable[[pa.Array], pa.Array]) -> bool:
    try:
        convert(array)
    except pa.ArrowInvalid:
        return False
    return True


def _named(type_: pa.DataType, like: pa.DataType) -> pa.DataType:
    """`type_` with the field names that `like` has at the same places.

    Arrow casts structs by name and fills what it does not find with NULL, so names
    have to agree before a cast. They differ in case only: Athena folds it.
    """
    if pa.types.is_dictionary(like):
        return _named(type_, like.value_type)
    if pa.types.is_struct(type_) and pa.types.is_struct(like):
        return _named_struct(type_, like)
    if pa.types.is_map(type_) and pa.types.is_map(like):
        return pa.map_(
            _named(type_.key_type, like.key_type), _named(type_.item_type, like.item_type)
        )
    if _is_list(type_) and _is_list(like):
        return _same_list(type_, _named(type_.value_type, like.value_type))
    return type_


def _named_struct(type_: pa.StructType, like: pa.StructType) -> pa.DataType:
    given = [field.name.lower() for field in type_]
    wanted = [field.name.lower() for field in like]
    if given != wanted:
        raise UnsupportedType(f"Struct fields {given} found where {wanted} are expected.")
    pairs = zip(type_, like, strict=True)
    return pa.struct([(theirs.name, _named(mine.type, theirs.type)) for mine, theirs in pairs])


def _is_list(type_: pa.DataType) -> bool:
    return isinstance(type_, pa.ListType | pa.LargeListType | pa.FixedSizeListType)


def _same_list(type_: pa.DataType, item: pa.DataType) -> pa.DataType:
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(item, type_.list_size)
    return pa.large_list(item) if pa.types.is_large_list(type_) else pa.list_(item)


def _bridge(type_: pa.DataType, shape: pa.DataType | None = None) -> pa.DataType:
    """A stop on the way to `type_` where Arrow has no direct cast.

    time32 is reached from int32 only, so a stored count of seconds goes int64, int32,
    time32. With `shape`, the exact type, the same stop is made on the way out.
    """
    found = _bridged(type_, shape if shape is not None else type_)
    # The same type, but for names and notes that are lost in making it anew.
    return type_ if found.equals(type_) else found


def _bridged(type_: pa.DataType, leaf: pa.DataType) -> pa.DataType:
    if pa.types.is_time32(leaf):
        return pa.int32()
    if isinstance(leaf, InstantType):
        return leaf.storage_type
    if pa.types.is_struct(type_) and pa.types.is_struct(leaf):
        pairs = zip(type_, leaf, strict=True)
        return pa.struct([(mine.name, _bridge(mine.type, his.type)) for mine, his in pairs])
    if pa.types.is_map(type_) and pa.types.is_map(leaf):
        key = _bridge(type_.key_type, leaf.key_type)
        return pa.map_(key, _bridge(type_.item_type, leaf.item_type))
    if _is_list(type_) and _is_list(leaf):
        return _same_list(type_, _bridge(type_.value_type, leaf.value_type))
    return type_
