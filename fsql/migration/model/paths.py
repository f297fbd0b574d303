"""Columns and fields at any depth of an Arrow schema, by their dotted path.

Below a list or map a path goes on as Iceberg names it: ``readings.element.gust``,
``limits.value.low`` (https://iceberg.apache.org/spec/#nested-types). A name that itself holds
a dot stands in double quotes: ``wind."at.10m"``. Names are found whatever their case, as Athena
folds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import pyarrow as pa

__all__ = [
    "PathError",
    "add",
    "children",
    "dotted",
    "find",
    "get",
    "is_struct",
    "move",
    "names",
    "parts",
    "remove",
    "rename",
    "replace",
    "resolved",
    "siblings",
    "split",
    "walk",
    "with_children",
]

Fields: TypeAlias = list[pa.Field]


class PathError(LookupError):
    """A path that leads nowhere, or to where nothing can be put; it says what is there."""


_PART = re.compile(r'"([^"]+)"|([^".]+)')
_LIST, _MAP = ("element",), ("key", "value")


def parts(path: str) -> tuple[str, ...]:
    """The names in a path.

    Raises:
        PathError: it is none.
    """
    found, end = [], -1
    for match in _PART.finditer(path):
        if match.start() != end + 1:
            break
        found.append(match[1] or match[2])
        end = match.end()
        if path[end : end + 1] not in ("", "."):
            break
    if not found or end != len(path):
        raise PathError(f"{path!r} is no path. Expected names with dots between, as 'wind.gust'.")
    return tuple(found)


def dotted(names: Sequence[str]) -> str:
    """The path of these names; the inverse of `parts`."""
    return ".".join(f'"{name}"' if "." in name else name for name in names)


def split(path: str) -> tuple[str, str]:
    """The path of the parent, "" for a column, and the last name."""
    *parent, name = parts(path)
    return dotted(parent), name


def is_struct(type_: pa.DataType) -> bool:
    """Whether what a type is made of has names of its own, which may come and go."""
    return bool(pa.types.is_struct(type_))


def children(type_: pa.DataType) -> Fields:
    """What a struct, list or map is made of; nothing for other types."""
    if pa.types.is_struct(type_):
        return list(type_)
    if pa.types.is_map(type_):
        return [type_.key_field, type_.item_field]
    return [type_.value_field] if _is_list(type_) else []


def names(type_: pa.DataType) -> list[str]:
    """What `children` are called in paths."""
    if pa.types.is_struct(type_):
        return [field.name for field in type_]
    if pa.types.is_map(type_):
        return list(_MAP)
    return list(_LIST) if _is_list(type_) else []


def with_children(type_: pa.DataType, made: Sequence[pa.Field]) -> pa.DataType:
    """A type of the same kind, made of other fields."""
    if pa.types.is_struct(type_):
        return pa.struct(made)
    if pa.types.is_map(type_):
        return pa.map_(*made, type_.keys_sorted)
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(*made, type_.list_size)
    return pa.large_list(*made) if pa.types.is_large_list(type_) else pa.list_(*made)


def _is_list(type_: pa.DataType) -> bool:
    return isinstance(type_, pa.ListType | pa.LargeListType | pa.FixedSizeListType)


def walk(schema: pa.Schema) -> Iterator[tuple[str, pa.Field]]:
    """Every column and field with its path, parents before what they are made of."""
    for field in schema:
        yield from _walk((field.name,), field)


def _walk(path: tuple[str, ...], field: pa.Field) -> Iterator[tuple[str, pa.Field]]:
    yield dotted(path), field
    for name, child in zip(names(field.type), children(field.type), strict=True):
        yield from _walk((*path, name), child)


def get(schema: pa.Schema, path: str) -> pa.Field:
    """The column or field at a path.

    Raises:
        PathError: there is none; it says what is there.
    """
    return _located(schema, path)[-1][1]


def find(schema: pa.Schema, path: str) -> pa.Field | None:
    """As `get`; None if there is none."""
    try:
        return get(schema, path)
    except PathError:
        return None


def resolved(schema: pa.Schema, path: str) -> str:
    """The path with each name as the schema spells it.

    Raises:
        PathError: as `get`.
    """
    return dotted([name for name, _ in _located(schema, path)])


def siblings(schema: pa.Schema, path: str) -> list[str]:
    """The names beside, and with, the one at a path, in order; of a list's element only that.

    Raises:
        PathError: the parent is not there.
    """
    parent, _ = split(path)
    return names(get(schema, parent).type) if parent else list(schema.names)


def _located(schema: pa.Schema, path: str) -> list[tuple[str, pa.Field]]:
    located: list[tuple[str, pa.Field]] = []
    level, known = list(schema), list(schema.names)
    for part in parts(path):
        place = _place(known, part)
        if place is None:
            raise PathError(_missing(path, located, known))
        located.append((known[place], level[place]))
        level, known = children(level[place].type), names(level[place].type)
    return located


def _missing(path: str, located: list[tuple[str, pa.Field]], known: Sequence[str]) -> str:
    if not located:
        return f"There is no column {path!r}. Columns: {', '.join(known)}."
    above = dotted([name for name, _ in located])
    if not known:
        return f"There is no {path!r}: {above!r} is {located[-1][1].type}, which has no fields."
    return f"There is no {path!r}. Within {above!r} there are: {', '.join(known)}."


def _place(known: Sequence[str], name: str) -> int | None:
    folded = [other.lower() for other in known]
    return folded.index(name.lower()) if name.lower() in folded else None


def replace(schema: pa.Schema, path: str, field: pa.Field) -> pa.Schema:
    """The schema with another field at a path.

    Raises:
        PathError: there is none to replace.
    """
    return _edited(schema, path, lambda level, place: [*level[:place], field, *level[place + 1 :]])


def add(schema: pa.Schema, path: str, field: pa.Field) -> pa.Schema:
    """The schema with a field added behind its siblings.

    Args:
        path: of the new field, whose parent is a struct or, for a column, none.

    Raises:
        PathError: the parent is not there or no struct, or has such a field.
    """
    parent, name = split(path)
    beside = siblings(schema, path)
    above = get(schema, parent) if parent else None
    if above is not None and not is_struct(above.type):
        raise PathError(
            f"{parent!r} is {above.type}; only a struct takes further fields. Add it beside."
        )
    if _place(beside, name) is not None:
        raise PathError(f"There is {path!r} already. Alter that one, or choose another name.")
    if above is None:
        return schema.append(field)
    return replace(schema, parent, above.with_type(pa.struct([*above.type, field])))


def remove(schema: pa.Schema, path: str) -> pa.Schema:
    """The schema without the field at a path.

    Raises:
        PathError: there is none, or it is what a list or map is made of.
    """
    return _edited(schema, path, lambda level, place: [*level[:place], *level[place + 1 :]])


def rename(schema: pa.Schema, path: str, to: str) -> pa.Schema:
    """The schema with another name for the field at a path.

    Raises:
        PathError: there is none, or a sibling has the name, or a list or map gives it.
    """
    _, old = split(resolved(schema, path))
    others = [name for name in siblings(schema, path) if name != old]
    if _place(others, to) is not None:
        raise PathError(f"There is {to!r} already beside {path!r}. Choose another name.")

    def renamed(level: Fields, place: int) -> Fields:
        return [*level[:place], level[place].with_name(to), *level[place + 1 :]]

    return _edited(schema, path, renamed)


def move(schema: pa.Schema, path: str, after: str | None) -> pa.Schema:
    """The schema with the field at a path behind a sibling, or first.

    Raises:
        PathError: there is none, or no such sibling, or a list or map gives the order.
    """

    def moved(level: Fields, place: int) -> Fields:
        rest = [*level[:place], *level[place + 1 :]]
        known = [field.name for field in rest]
        behind = -1 if after is None else _place(known, after)
        if behind is None:
            raise PathError(f"There is no {after!r} beside {path!r}. Beside: {', '.join(known)}.")
        return [*rest[: behind + 1], level[place], *rest[behind + 1 :]]

    return _edited(schema, path, moved)


def _edited(schema: pa.Schema, path: str, edit: Callable[[Fields, int], Fields]) -> pa.Schema:
    """The schema with the fields of one level edited: they, and the place of the one at `path`."""
    located = _located(schema, path)
    *above, (name, _) = located
    if not above:
        fields = edit(list(schema), schema.get_field_index(name))
        return pa.schema(fields, schema.metadata)
    parent = above[-1][1]
    level = edit(children(parent.type), names(parent.type).index(name))
    if not is_struct(parent.type) and [f.name for f in level] != _own_names(parent.type):
        raise PathError(
            f"{path!r} is what {parent.type} is made of, and stays. Change the whole column."
        )
    made = parent.with_type(with_children(parent.type, level))
    return replace(schema, dotted([part for part, _ in above]), made)


def _own_names(type_: pa.DataType) -> list[str]:
    return [field.name for field in children(type_)]
