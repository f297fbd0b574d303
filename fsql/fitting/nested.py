"""Casts between lists, structs and maps: their parts are cast, their shape is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from fsql.errors import nearest
from fsql.fitting.base import Convert, Make, Mismatch, Report
from fsql.rebuilding import fixed_lists, offsets_of

__all__ = ["to_list", "to_map", "to_struct"]

_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


def is_list(type_: pa.DataType) -> bool:
    """Whether it is any of Arrow's lists."""
    return any(test(type_) for test in _LISTS)


def to_struct(given: pa.DataType, exact: pa.DataType, make: Make) -> Convert:
    """Structs field by field; fields are matched by name.

    Raises:
        Mismatch: fields are missing, unknown or of a wrong type; all of them are named.
    """
    casts = _field_casts(given, exact, make)
    strict = [field.name for field in exact if not field.nullable]

    def convert(array: pa.Array, report: Report) -> pa.Array:
        names = [field.name for field in given]
        parts = dict(zip(names, array.flatten(), strict=True))
        children = [cast(parts[name], _within(name, report)) for name, cast in casts.items()]
        for name in strict:
            missing = pc.and_(parts[name].is_null(), array.is_valid())
            _within(name, report)(missing, "is NULL, and is declared NOT NULL")
        return pa.StructArray.from_arrays(children, fields=list(exact), mask=array.is_null())

    return convert


def _field_casts(given: pa.DataType, exact: pa.DataType, make: Make) -> dict[str, Convert]:
    there = {field.name: field.type for field in given}
    casts, wrong = {}, list(_strange(there, [field.name for field in exact]))
    for field in exact:
        try:
            casts[field.name] = make(there.get(field.name, pa.null()), field.type)
        except Mismatch as mismatch:
            wrong.append(f"field {field.name!r} {mismatch}")
    if len(there) < given.num_fields:
        wrong.append("two fields share a name")
    if wrong:
        raise Mismatch("; ".join(wrong))
    return casts


def _strange(given: dict[str, pa.DataType], expected: list[str]) -> Iterator[str]:
    for name in expected:
        if name not in given:
            yield f"lacks the field {name!r}"
    for name in given:
        if name not in expected:
            close = nearest(name, expected, most=1)
            yield f"has the unknown field {name!r}" + (f", like {close[0]!r}" if close else "")


def _within(part: str, report: Report) -> Report:
    return lambda refused, what: report(refused, f"field {part!r} {what}")


def to_list(given: pa.DataType, exact: pa.DataType, make: Make) -> Convert:
    """Lists item by item; a list for a fixed-size one must have that size.

    Raises:
        Mismatch: the items have a wrong type.
    """
    if not is_list(given):
        raise Mismatch(f"holds {given}, expected {exact}")
    cast = _item_cast(given.value_type, exact.value_type, make)
    size = exact.list_size if pa.types.is_fixed_size_list(exact) else None

    def convert(array: pa.Array, report: Report) -> pa.Array:
        lengths = pc.list_value_length(array)
        if size is not None:
            wrong = pc.not_equal(lengths, size)
            report(wrong, f"does not have {size} items")
            if pc.any(wrong).as_py():
                return pa.nulls(len(array), exact)
        items = cast(array.flatten(), _items(lengths, report))
        if size is not None:
            return fixed_lists(items, lengths, exact)
        return _list_of(items, lengths, array.is_null()).cast(exact)

    return convert


def _item_cast(given: pa.DataType, exact: pa.DataType, make: Make) -> Convert:
    try:
        return make(given, exact)
    except Mismatch as mismatch:
        raise Mismatch(f"its items: {mismatch}") from mismatch


def _list_of(items: pa.Array, lengths: pa.Array, mask: pa.Array) -> pa.LargeListArray:
    return pa.LargeListArray.from_arrays(offsets_of(lengths), items, mask=mask)


def _items(lengths: pa.Array, report: Report) -> Report:
    """Report the lists that refused items lie in."""

    def report_items(refused: pa.Array, what: str) -> None:
        counted = pc.cumulative_sum(pc.fill_null(refused, False).cast(pa.int64()))
        until = pa.concat_arrays([pa.array([0], pa.int64()), counted]).take(offsets_of(lengths))
        whose = "an item's" if what.startswith(("field", "an item")) else "an item"
        report(pc.not_equal(until[1:], until[:-1]), f"{whose} {what}")

    return report_items


def to_map(given: pa.DataType, exact: pa.DataType, make: Make) -> Convert:
    """Maps, and lists of two-field structs, which is what polars makes of a map.

    Raises:
        Mismatch: keys or values have a wrong type.
    """
    if is_list(given) and pa.types.is_null(given.value_type):
        return _to_empty_maps(exact)
    key, value = _entry_types(given, exact)
    entries = pa.list_(pa.struct([("key", key), ("value", value)]))
    wanted = pa.struct([("key", exact.key_type), ("value", exact.item_type)])
    cast = to_list(entries, pa.list_(wanted), make)

    def convert(array: pa.Array, report: Report) -> pa.Array:
        lists = cast(_renamed(array, entries), report)
        keys, values = lists.flatten().flatten()
        lengths = pc.list_value_length(lists)
        if keys.null_count:
            _items(lengths, report)(keys.is_null(), "has NULL as its key")
            return pa.nulls(len(array), exact)
        offsets = offsets_of(lengths).cast(pa.int32())
        return pa.MapArray.from_arrays(offsets, keys, values, exact, mask=array.is_null())

    return convert


def _to_empty_maps(exact: pa.DataType) -> Convert:
    """What Python's empty dicts become, if there are no others to tell their types by."""

    def convert(array: pa.Array, report: Report) -> pa.Array:
        report(pc.greater(pc.list_value_length(array), 0), "has NULL as its key")
        offsets = pa.array([0] * (len(array) + 1), pa.int32())
        keys, items = pa.array([], exact.key_type), pa.array([], exact.item_type)
        return pa.MapArray.from_arrays(offsets, keys, items, exact, mask=array.is_null())

    return convert


def _entry_types(given: pa.DataType, exact: pa.DataType) -> tuple[pa.DataType, pa.DataType]:
    if pa.types.is_map(given):
        return given.key_type, given.item_type
    entry = given.value_type if is_list(given) else given
    if not is_list(given) or not pa.types.is_struct(entry) or entry.num_fields != 2:
        raise Mismatch(f"holds {given}, expected {exact}")
    return entry.field(0).type, entry.field(1).type


def _renamed(array: pa.Array, entries: pa.ListType) -> pa.Array:
    """The same entries in plain lists of structs with the fields key and value."""
    if pa.types.is_map(array.type):
        # A map's entries may bear any names, and casts go by name.
        keys, values = array.type.key_field.name, array.type.item_field.name
        named = pa.struct(
            [(keys, entries.value_type[0].type), (values, entries.value_type[1].type)]
        )
        array = array.cast(pa.list_(named))
    lengths, items = pc.list_value_length(array), array.flatten()
    fields = list(entries.value_type)
    structs = pa.StructArray.from_arrays(items.flatten(), fields=fields, mask=items.is_null())
    return _list_of(structs, lengths, array.is_null())
