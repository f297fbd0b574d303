"""Columns as a tree that changes at random, and what rows of one state are in another.

A value of a struct is a dict by field id, so that a row means the same under every later tree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any, TypeAlias

import pyarrow as pa

NAMES = "abcde"
WIDER = {
    pa.int32(): pa.int64(),
    pa.uint8(): pa.int64(),
    pa.float32(): pa.float64(),
    pa.decimal128(5, 2): pa.decimal128(20, 2),
}
OSLO = pa.timestamp("s", "Europe/Oslo")
LEAVES = (*WIDER, pa.int64(), pa.string(), pa.dictionary(pa.int32(), pa.string()), OSLO, pa.bool_())


@dataclass(frozen=True)
class Many:
    """A list of items, or a map from text to them."""

    item: Type
    ids: tuple[int, ...]

    @property
    def is_map(self) -> bool:
        return len(self.ids) == 2


Type: TypeAlias = "pa.DataType | Many | tuple[Node, ...]"


@dataclass(frozen=True)
class Node:
    """A column, or a field of a struct."""

    name: str
    id: int
    type: Type


@dataclass
class Tree:
    """A table's columns beside its key."""

    random: Random
    nodes: tuple[Node, ...] = ()
    last: int = 0
    dropped: list[Node] = field(default_factory=list)

    @classmethod
    def grown(cls, random: Random) -> Tree:
        tree = cls(random, last=1)
        tree.nodes = tuple(Node(name, tree._id(), tree._type()) for name in NAMES[:3])
        return tree

    @property
    def schema(self) -> pa.Schema:
        """The exact schema."""
        return pa.schema([("id", pa.int64()), *((n.name, _arrow(n.type)) for n in self.nodes)])

    @property
    def ids(self) -> dict[str, int]:
        """Field ids by dotted path."""
        return {"id": 1, **dict(_ids(self.nodes, ""))}

    def change(self) -> None:
        """Change something somewhere."""
        self.nodes = self._changed(self.nodes, top=True)

    def row(self) -> dict[int, Any]:
        """Values of all columns."""
        return {node.id: self._value(node.type) for node in self.nodes}

    def _id(self) -> int:
        self.last += 1
        return self.last

    def _type(self, depth: int = 2) -> Type:
        kind = self.random.choice(["leaf", "leaf", "struct", "list", "map"] if depth else ["leaf"])
        if kind == "leaf":
            return self.random.choice(LEAVES)
        if kind == "struct":
            names = self.random.sample(NAMES, 2)
            return tuple(Node(name, self._id(), self._type(depth - 1)) for name in names)
        ids = tuple(self._id() for _ in range(1 if kind == "list" else 2))
        return Many(self._type(depth - 1), ids)

    def _changed(self, nodes: tuple[Node, ...], *, top: bool = False) -> tuple[Node, ...]:
        place = self.random.randrange(len(nodes))
        node = nodes[place]
        inner = _struct_in(node.type)
        if inner is not None and self.random.random() < 0.6:
            node = replace(node, type=_with(node.type, self._changed(inner)))
            return (*nodes[:place], node, *nodes[place + 1 :])
        kinds = ["add", "rename", "move", "swap", "widen", "back"]
        kinds += ["drop"] if len(nodes) > 1 else []
        others = [*nodes[:place], *nodes[place + 1 :]]
        free = [name for name in NAMES if name not in {n.name for n in nodes}]
        match self.random.choice(kinds):
            case "drop":
                if top:
                    self.dropped.append(node)
                return tuple(others)
            case "add" if free:
                new = Node(self.random.choice(free), self._id(), self._type(1))
                others[place:place] = [node, new]
            case "rename" if free:
                others.insert(place, replace(node, name=self.random.choice(free)))
            case "swap" if others:
                other = others[0]
                others[0] = replace(other, name=node.name)
                others.insert(place, replace(node, name=other.name))
            case "widen" if node.type in WIDER:
                others.insert(place, replace(node, type=WIDER[node.type]))
            case "back" if top and self.dropped and free:
                others.insert(place, node)
                others.append(replace(self.dropped.pop(), name=free[0]))
            case _:
                others.insert(self.random.randrange(len(nodes)), node)
        return tuple(others)

    def _value(self, type_: Type) -> Any:
        if self.random.random() < 0.15:
            return None
        if isinstance(type_, tuple):
            return {node.id: self._value(node.type) for node in type_}
        if isinstance(type_, Many):
            items = [self._value(type_.item) for _ in range(self.random.randrange(3))]
            return {f"k{i}": item for i, item in enumerate(items)} if type_.is_map else items
        return self._leaf(type_)

    def _leaf(self, type_: pa.DataType) -> Any:
        random = self.random
        if pa.types.is_integer(type_):
            signed = pa.types.is_signed_integer(type_)
            return random.choice([0, 7, 255, *([-(2**31)] if signed else [])])
        if pa.types.is_floating(type_):
            return random.choice([0.5, -1.25, 0.0, 1e10 if type_ == pa.float64() else 3.0])
        if pa.types.is_decimal(type_):
            return random.choice([Decimal("1.25"), Decimal("-999.99"), Decimal("0.00")])
        if pa.types.is_timestamp(type_):
            return dt.datetime(2026, random.randint(1, 12), 3, tzinfo=dt.UTC)
        return (
            random.random() < 0.5 if pa.types.is_boolean(type_) else random.choice(["", "x", "é"])
        )


def shown(row: dict[int, Any], nodes: tuple[Node, ...]) -> dict[str, Any]:
    """A row that was written, as it is read under other columns; maps as dicts."""
    return {node.name: _shown(row.get(node.id), node.type) for node in nodes}


def _shown(value: Any, type_: Type, inside: bool = False) -> Any:
    if value is None or isinstance(type_, pa.DataType):
        return value
    if isinstance(type_, Many):
        if isinstance(value, dict):
            return {key: _shown(item, type_.item, True) for key, item in value.items()}
        return [_shown(item, type_.item, True) for item in value]
    if not inside and not _anything(value, type_):
        return None  # a struct of which a file has no field
    return {node.name: _shown(value.get(node.id), node.type, inside) for node in type_}


def _anything(value: dict[int, Any], nodes: tuple[Node, ...]) -> bool:
    """Whether a struct as it was written has any of the fields."""
    return any(
        node.id in value
        and (
            not isinstance(node.type, tuple)
            or value[node.id] is None
            or _anything(value[node.id], node.type)
        )
        for node in nodes
    )


def _struct_in(type_: Type) -> tuple[Node, ...] | None:
    if isinstance(type_, Many):
        return _struct_in(type_.item)
    return type_ if isinstance(type_, tuple) else None


def _with(type_: Type, nodes: tuple[Node, ...]) -> Type:
    return replace(type_, item=_with(type_.item, nodes)) if isinstance(type_, Many) else nodes


def _arrow(type_: Type) -> pa.DataType:
    if isinstance(type_, tuple):
        return pa.struct([(node.name, _arrow(node.type)) for node in type_])
    if isinstance(type_, Many):
        item = _arrow(type_.item)
        return pa.map_(pa.string(), item) if type_.is_map else pa.list_(item)
    return type_


def _ids(nodes: tuple[Node, ...], above: str) -> Iterator[tuple[str, int]]:
    for node in nodes:
        yield above + node.name, node.id
        yield from _inner_ids(node.type, above + node.name)


def _inner_ids(type_: Type, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(type_, tuple):
        yield from _ids(type_, path + ".")
    elif isinstance(type_, Many):
        names = ("key", "value") if type_.is_map else ("element",)
        yield from zip((f"{path}.{name}" for name in names), type_.ids, strict=True)
        yield from _inner_ids(type_.item, f"{path}.{names[-1]}")
