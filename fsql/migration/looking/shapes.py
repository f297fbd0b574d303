"""Glue's column types taken apart, and how two of them differ in words.

Names of fields may hold blanks and other marks that `fsql.typetext` does not read without quotes;
in Glue's text they end at ``: , < >`` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Column", "Shape", "among", "is_wider", "renamed", "shape"]

_PARTS: Mapping[str, tuple[str, ...]] = {"array": ("element",), "map": ("key", "value")}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_WIDER = {"int": "bigint", "float": "double"}


@dataclass(frozen=True)
class Shape:
    """A type as a tree.

    Attributes:
        kind: Hive's word, of a nested type without its arguments.
        text: the whole of it.
        fields: of a struct; of an array ``element``, of a map ``key`` and ``value``.
    """

    kind: str
    text: str
    fields: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column or field.

    Attributes:
        id: Iceberg's, where it is known.
    """

    name: str
    shape: Shape
    id: str | None = None


def shape(text: str) -> Shape:
    """A type in Hive's words as a tree; text that is no type of Hive's is one leaf."""
    try:
        found, rest = _read(text)
    except ValueError:
        return Shape(text, text)
    return found if not rest else Shape(text, text)


def _read(text: str) -> tuple[Shape, str]:
    """The type that a text begins with, and what follows it."""
    head = re.match(r"\s*(array|map|struct)\s*<", text, re.IGNORECASE)
    if head is None:
        leaf = re.match(r"\s*([a-z_ ]+\s*(?:\([\d\s,]*\))?)", text, re.IGNORECASE)
        if leaf is None:
            raise ValueError(text)
        kind = re.sub(r"\s", "", leaf[1]).lower()
        return Shape(kind, kind), text[leaf.end() :]
    kind, rest = head[1].lower(), text[head.end() :]
    fields: list[Column] = []
    while True:
        column, rest = _field(kind, len(fields), rest)
        fields.append(column)
        mark, rest = rest[:1], rest[1:]
        if mark == ">":
            return Shape(kind, _written(kind, fields), tuple(fields)), rest
        if mark != ",":
            raise ValueError(text)


def _field(kind: str, place: int, text: str) -> tuple[Column, str]:
    if kind == "struct":
        name, mark, text = text.partition(":")
        if not mark:
            raise ValueError(text)
    else:
        names = _PARTS[kind]
        if place >= len(names):
            raise ValueError(text)
        name = names[place]
    inner, rest = _read(text)
    return Column(name, inner), rest


def _written(kind: str, fields: list[Column]) -> str:
    named = kind == "struct"
    return f"{kind}<{','.join((f'{f.name}:' if named else '') + f.shape.text for f in fields)}>"


def is_wider(found: Shape, said: Shape) -> bool:
    """Whether Iceberg lets `said` become `found`, so that it holds all of its values.

    Source: https://iceberg.apache.org/spec/#schema-evolution, "Type promotion".
    """
    if _WIDER.get(said.kind) == found.kind:
        return True
    mine, theirs = _DECIMAL.fullmatch(said.kind), _DECIMAL.fullmatch(found.kind)
    return bool(mine and theirs) and mine[2] == theirs[2] and int(theirs[1]) > int(mine[1])  # type: ignore[index]


def among(
    said: tuple[Column, ...],
    found: tuple[Column, ...],
    wider: Mapping[str, str],
    prefix: str = "",
) -> Iterator[str]:
    """How columns that are found differ from those that are said to be there, in words.

    Args:
        wider: by path the types that columns are known to be stored in.
        prefix: the path of the column they are in, with a dot.
    """
    old, new = ({column.name.lower(): column for column in columns} for columns in (said, found))
    others = dict(renamed(said, found))
    for name in [name for name in old if name not in new]:
        if name in others:
            yield f"column {prefix}{name} is called {prefix}{others[name]} now"
        else:
            yield f"column {prefix}{name} is gone"
    for name in [name for name in new if name not in old and name not in others.values()]:
        yield f"column {prefix}{name} {new[name].shape.text} is new"
    for name, column in old.items():
        same = new.get(others.get(name, name))
        if same is not None:
            yield from _types(f"{prefix}{same.name}", column.shape, same.shape, wider)
    yield from _order(old, new, others, prefix)


def _types(path: str, said: Shape, found: Shape, wider: Mapping[str, str]) -> Iterator[str]:
    if said.fields and said.kind == found.kind:
        yield from among(said.fields, found.fields, wider, f"{path}.")
    elif said.kind != found.kind and not (wider.get(path) == found.text and is_wider(found, said)):
        yield f"column {path} is {found.text} where {said.text} is expected"


def _order(
    old: Mapping[str, Column], new: Mapping[str, Column], renamed: Mapping[str, str], prefix: str
) -> Iterator[str]:
    mine = [renamed.get(name, name) for name in old if renamed.get(name, name) in new]
    theirs = [name for name in new if name in mine]
    if mine != theirs:
        place = f" in {prefix[:-1]}" if prefix else ""
        yield f"the columns{place} stand as {', '.join(theirs)} where {', '.join(mine)} is expected"


def renamed(said: tuple[Column, ...], found: tuple[Column, ...]) -> Iterator[tuple[str, str]]:
    """Old and new names of columns that were renamed, as Iceberg's ids or else places tell."""
    old, new = ({column.name.lower() for column in columns} for columns in (said, found))
    gone = {place: c for place, c in enumerate(said) if c.name.lower() not in new}
    made = {place: c for place, c in enumerate(found) if c.name.lower() not in old}
    by_id = {column.id: column for column in made.values() if column.id is not None}
    for place, column in gone.items():
        other = made.get(place)
        if column.id is not None:
            other = by_id.get(column.id)
        elif other is not None and other.shape.kind != column.shape.kind:
            other = None
        if other is not None:
            yield column.name.lower(), other.name.lower()
