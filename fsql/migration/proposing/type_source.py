"""Column types as Python's source text: what evaluates to exactly the same Arrow type."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from fsql.migration.proposing.source import Code, call, code, literal, named, quoted
from fsql.model import encode_schema
from fsql.types import (
    Array,
    Arrow,
    Epoch,
    EpochType,
    IsoText,
    IsoTextType,
    Map,
    Struct,
    Timestamp,
    TypeVisitor,
    sqlalchemy_type,
)

__all__ = ["column_source", "type_source"]

PYARROW = "import pyarrow as pa"
SQLALCHEMY = "import sqlalchemy as sa"


def type_source(type_: pa.DataType) -> Code:
    """The SQLAlchemy type that stands for an exact Arrow type, as a model declares it."""
    return _declared(sqlalchemy_type(type_))


def column_source(path: str, field: pa.Field, comment: str | None = None) -> Code:
    """A ``sa.Column`` that is named by its path, as operations take it."""
    arguments = [code(quoted(path)), type_source(field.type)]
    if not field.nullable:
        arguments.append(code("nullable=False"))
    if comment is not None:
        arguments.append(named("comment", literal(comment)))
    if field.metadata:
        arguments.append(named("info", literal({"arrow": dict(field.metadata)})))
    return call("sa.Column", arguments, SQLALCHEMY)


def _of_fsql(name: str, arguments: Iterable[Code]) -> Code:
    return call(name, arguments, f"from fsql.types import {name}")


def _declared(type_: Any) -> Code:
    for kind, written in _DECLARED:
        if isinstance(type_, kind):
            return written(type_)
    return code(f"sa.{type(type_).__name__}()", SQLALCHEMY)


def _struct(type_: Struct) -> Code:
    fields = {name: _declared(field) for name, field in type_.fields.items()}
    if all(name.isidentifier() and not keyword.iskeyword(name) for name in fields):
        return _of_fsql("Struct", [named(name, field) for name, field in fields.items()])
    pairs = [
        Code(f"{quoted(name)}: {field.head}", field.items, field.tail, field.imports)
        for name, field in fields.items()
    ]
    return _of_fsql("Struct", [Code("{", tuple(pairs), "}")])


def _timestamp(type_: Timestamp) -> Code:
    zone = [] if type_.tz is None else [literal(type_.tz)]
    return _of_fsql("Timestamp", [literal(type_.unit), *zone])


def _epoch(type_: Epoch) -> Code:
    integer = [] if type_.integer == pa.int64() else [_ARROW.visit(type_.integer)]
    return _of_fsql("Epoch", [literal(type_.unit), *integer])


def _iso_text(type_: IsoText) -> Code:
    return _of_fsql("IsoText", [] if type_.text == pa.string() else [_ARROW.visit(type_.text)])


def _numeric(type_: sa.Numeric[Any]) -> Code:
    return code(f"sa.Numeric({type_.precision}, {type_.scale})", SQLALCHEMY)


_DECLARED: tuple[tuple[type[Any], Callable[[Any], Code]], ...] = (
    (Struct, _struct),
    (Array, lambda type_: _of_fsql("Array", [_declared(type_.item_type)])),
    (Map, lambda type_: _of_fsql("Map", map(_declared, (type_.key_type, type_.value_type)))),
    (Timestamp, _timestamp),
    (Epoch, _epoch),
    (IsoText, _iso_text),
    (Arrow, lambda type_: _of_fsql("Arrow", [_ARROW.visit(type_.arrow)])),
    # Double and REAL are numeric to SQLAlchemy, too.
    (sa.Float, lambda type_: code(f"sa.{type(type_).__name__}()", SQLALCHEMY)),
    (sa.Numeric, _numeric),
)


class _ArrowSource(TypeVisitor[Code]):
    """Arrow's own types in pyarrow's words."""

    def unsupported(self, type_: pa.DataType) -> Code:
        # Some extension types have parameters that only their own serialization tells.
        schema = encode_schema(pa.schema([pa.field("", type_)]))
        head = f'decode_schema("{schema}").field(0).type'
        return code(head, "from fsql.model import decode_schema")

    def _plain(self, type_: pa.DataType) -> Code:
        return code(f"pa.{_NAMES.get(str(type_), str(type_))}()", PYARROW)

    boolean = integer = floating = text = date = _plain

    def decimal(self, type_: pa.DataType) -> Code:
        name = str(type_).partition("(")[0]
        return code(f"pa.{name}({type_.precision}, {type_.scale})", PYARROW)

    def binary(self, type_: pa.DataType) -> Code:
        if pa.types.is_fixed_size_binary(type_):
            return code(f"pa.binary({type_.byte_width})", PYARROW)
        return self._plain(type_)

    def time(self, type_: pa.DataType) -> Code:
        return call(f"pa.time{type_.bit_width}", [literal(type_.unit)], PYARROW)

    def timestamp(self, type_: pa.DataType) -> Code:
        zone = [] if type_.tz is None else [literal(type_.tz)]
        return call("pa.timestamp", [literal(type_.unit), *zone], PYARROW)

    def duration(self, type_: pa.DataType) -> Code:
        return call("pa.duration", [literal(type_.unit)], PYARROW)

    def list(self, type_: pa.DataType) -> Code:
        name = "large_list" if pa.types.is_large_list(type_) else "list_"
        size = [type_.list_size] if pa.types.is_fixed_size_list(type_) else []
        usual = getattr(pa, name)(type_.value_type, *size)
        same = usual.equals(type_, check_metadata=True)
        part = self.visit(type_.value_type) if same else self._field(type_.value_field)
        return call(f"pa.{name}", [part, *map(literal, size)], PYARROW)

    def struct(self, type_: pa.DataType) -> Code:
        fields = Code("[", tuple(map(self._field, type_)), "]")
        return call("pa.struct", [fields], PYARROW)

    def map(self, type_: pa.DataType) -> Code:
        usual = pa.map_(type_.key_type, type_.item_type, type_.keys_sorted)
        ordered = [code("keys_sorted=True")] if type_.keys_sorted else []
        if usual.equals(type_, check_metadata=True):
            parts = [self.visit(type_.key_type), self.visit(type_.item_type)]
        else:
            parts = [self._field(type_.key_field), self._field(type_.item_field)]
        return call("pa.map_", [*parts, *ordered], PYARROW)

    def dictionary(self, type_: pa.DataType) -> Code:
        ordered = [code("ordered=True")] if type_.ordered else []
        parts = [self.visit(type_.index_type), self.visit(type_.value_type), *ordered]
        return call("pa.dictionary", parts, PYARROW)

    def extension(self, type_: pa.DataType) -> Code:
        if type_ in (pa.uuid(), pa.json_(), pa.bool8()):
            return code(f"pa.{_NAMES[type_.extension_name]}()", PYARROW)
        if isinstance(type_, EpochType):
            parts = [literal(type_.unit), self.visit(type_.plain)]
            return call("EpochType", parts, "from fsql.types import EpochType")
        if isinstance(type_, IsoTextType):
            parts = [self.visit(type_.plain)]
            return call("IsoTextType", parts, "from fsql.types import IsoTextType")
        return self.unsupported(type_)

    def _field(self, field: pa.Field) -> Code:
        parts = [literal(field.name), self.visit(field.type)]
        if not field.nullable:
            parts.append(code("nullable=False"))
        if field.metadata:
            parts.append(named("metadata", literal(dict(field.metadata))))
        return call("pa.field", parts, PYARROW)


_ARROW: TypeVisitor[Code] = _ArrowSource()

# Where pyarrow's function is not called as its type prints.
_NAMES = {
    "bool": "bool_",
    "halffloat": "float16",
    "float": "float32",
    "double": "float64",
    "date32[day]": "date32",
    "date64[ms]": "date64",
    "arrow.uuid": "uuid",
    "arrow.json": "json_",
    "arrow.bool8": "bool8",
}
