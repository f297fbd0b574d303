"""Arrays taken apart and put together again, where Arrow casts the parts but not the whole.

Arrow has no cast to a dictionary of anything but text and bytes, and none to a list of
a fixed size of text views, though the values themselves pose no problem.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fsql.types import mapped_field, plain_type

__all__ = ["fixed_lists", "offsets_of", "rebuilt", "takeable"]

Cast = Callable[[pa.Array, pa.DataType], pa.Array]


def rebuilt(array: pa.Array, target: pa.DataType, cast: Cast) -> pa.Array:
    """An array of another type, by casting what it is made of.

    Args:
        array: of the same shape as `target`, dictionaries apart.
        cast: for the parts; it may come back here. For what is shown as something else it
            gives that.

    Raises:
        pyarrow.ArrowNotImplementedError: neither has Arrow a cast nor has the type parts.
        pyarrow.ArrowInvalid: a part refuses a value.
    """
    if pa.types.is_dictionary(target):
        return _dictionary(array, target, cast)
    if pa.types.is_dictionary(array.type):
        return _plain(array, target, cast)
    if pa.types.is_struct(target) and pa.types.is_struct(array.type):
        return _struct(array, target, cast)
    if pa.types.is_map(target) and pa.types.is_map(array.type):
        return _map(array, target, cast)
    if hasattr(target, "value_type") and hasattr(array.type, "value_type"):
        return _list(array, target, cast)
    raise pa.ArrowNotImplementedError(f"no cast from {array.type} to {target}")


def _plain(array: pa.DictionaryArray, target: pa.DataType, cast: Cast) -> pa.Array:
    """Values instead of their numbers. Arrow cannot take from views."""
    return cast(cast(array.dictionary, takeable(target)).take(array.indices), target)


def takeable(type_: pa.DataType) -> pa.DataType:
    """The type to compute with: Arrow has few functions for views."""
    if pa.types.is_string_view(type_):
        return pa.large_string()
    return pa.large_binary() if pa.types.is_binary_view(type_) else type_


def _dictionary(array: pa.Array, target: pa.DictionaryType, cast: Cast) -> pa.Array:
    encoded = cast(array, takeable(target.value_type)).dictionary_encode()
    indices = encoded.indices.cast(target.index_type)
    values = cast(encoded.dictionary, target.value_type)
    return pa.DictionaryArray.from_arrays(indices, values, ordered=target.ordered)


def _struct(array: pa.Array, target: pa.StructType, cast: Cast) -> pa.Array:
    parts, made = zip(array.flatten(), target, strict=True), plain_type(target)
    children = [cast(part, field.type) for part, field in parts]
    return pa.StructArray.from_arrays(children, fields=list(made), mask=array.is_null())


def _map(array: pa.Array, target: pa.MapType, cast: Cast) -> pa.Array:
    offsets, (keys, items) = _offsets(array), _items(array, array.keys, array.items)
    made = cast(keys, target.key_type), cast(items, target.item_type)
    return pa.MapArray.from_arrays(offsets, *made, plain_type(target), mask=array.is_null())


def _list(array: pa.Array, target: pa.DataType, cast: Cast) -> pa.Array:
    lengths, null, type_ = pc.list_value_length(array), array.is_null(), plain_type(target)
    items = cast(array.flatten(), target.value_type)
    if pa.types.is_fixed_size_list(target):
        return fixed_lists(items, lengths, type_)
    large = pa.types.is_large_list(target)
    offsets = offsets_of(lengths).cast(pa.int64() if large else pa.int32())
    kind = pa.LargeListArray if large else pa.ListArray
    return kind.from_arrays(offsets, items, type=type_, mask=null)


def fixed_lists(items: pa.Array, lengths: pa.Array, type_: pa.DataType) -> pa.Array:
    """Lists of one size; Arrow's own cast leaves under a NULL what memory happens to hold.

    Args:
        items: of those lists that are not NULL, one after the other.
        lengths: of all lists.

    Raises:
        pyarrow.ArrowInvalid: a list has another size.
    """
    size = type_.list_size
    if pc.any(pc.not_equal(lengths, size)).as_py():
        raise pa.ArrowInvalid(f"a list does not have {size} items")
    if lengths.null_count:
        there = np.repeat(lengths.is_valid().to_numpy(zero_copy_only=False), size)
        places = pa.array(np.cumsum(there) - 1, mask=~there)
        items = items.cast(_takeable(items.type)).take(places).cast(items.type)
    return pa.FixedSizeListArray.from_arrays(items, type=type_, mask=lengths.is_null())


def _takeable(type_: pa.DataType) -> pa.DataType:
    return mapped_field(pa.field("", type_), takeable).type


def offsets_of(lengths: pa.Array) -> pa.Array:
    """Where lists of these lengths begin and end."""
    ends = pc.cumulative_sum(pc.fill_null(lengths, 0).cast(pa.int64()))
    return pa.concat_arrays([pa.array([0], pa.int64()), ends])


def _offsets(array: pa.Array) -> pa.Array:
    """Where lists begin and end, counted from the first one's begin."""
    return pc.subtract(array.offsets, array.offsets[0])


def _items(array: pa.Array, *parts: pa.Array) -> list[pa.Array]:
    """What lies between the first offset and the last: a slice leaves more around it."""
    first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
    return [part.slice(first, last - first) for part in parts]
