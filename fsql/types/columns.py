"""Types for columns that SQLAlchemy lacks: nested ones, and any of Arrow's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from fsql.errors import UnsupportedType

__all__ = ["AnyType", "Array", "Arrow", "Map", "Struct", "instance"]

AnyType = TypeEngine[Any] | type[TypeEngine[Any]]

# SQLAlchemy 2.1 wants each type to say which operators suit it; 2.0 has no such thing.
_OPERATORS: Any = getattr(operators, "OperatorClass", None)
_INDEXABLE: Any = _OPERATORS.BASE | _OPERATORS.INDEXABLE if _OPERATORS else None
_ANY: Any = _OPERATORS.ANY if _OPERATORS else None


class Struct(sa.types.Indexable, TypeEngine[dict[str, Any]]):
    """A record with named fields: ``Struct(dir=Double, speed=Double)``.

    In expressions ``table.c.wind["speed"]`` is the field, typed as declared. A mapping
    serves for names that are no Python identifiers: ``Struct({"from": String})``.
    """

    __visit_name__ = "fsql_struct"
    operator_classes = _INDEXABLE

    class Comparator(sa.types.Indexable.Comparator[Any]):
        """Field access: the name is part of the SQL, never a parameter."""

        type: Struct

        def _setup_getitem(self, index: Any) -> tuple[Any, Any, TypeEngine[Any]]:
            fields = self.type.fields
            if index not in fields:
                raise KeyError(f"No field {index!r} in {self.type!r}. Fields: {', '.join(fields)}.")
            return operators.getitem, sa.literal_column(index), fields[index]

    comparator_factory = Comparator

    def __init__(self, fields: Mapping[str, AnyType] | None = None, /, **named: AnyType) -> None:
        given = {**(fields or {}), **named}
        if not given:
            raise UnsupportedType("Struct() has no fields. Neither Parquet nor Athena store that.")
        self.fields = {name: instance(type_) for name, type_ in given.items()}

    def adapt(self, cls: Any, **kw: Any) -> Any:
        """A copy; SQLAlchemy's own way of making one cannot know the fields."""
        return cls(self.fields)

    @property
    def python_type(self) -> type[dict[str, Any]]:
        return dict

    @property
    def _static_cache_key(self) -> Any:
        return (type(self), tuple((n, t._static_cache_key) for n, t in self.fields.items()))

    def __repr__(self) -> str:
        return f"Struct({', '.join(f'{name}={type_!r}' for name, type_ in self.fields.items())})"


class Array(sa.types.Indexable, TypeEngine[list[Any]]):
    """A list of one type: ``Array(String)``. ``table.c.tags[1]`` is the first item, as in Trino."""

    __visit_name__ = "fsql_array"
    operator_classes = _INDEXABLE

    class Comparator(sa.types.Indexable.Comparator[Any]):
        """Subscripts, counted from 1."""

        type: Array

        def _setup_getitem(self, index: Any) -> tuple[Any, Any, TypeEngine[Any]]:
            return operators.getitem, index, self.type.item_type

    comparator_factory = Comparator

    def __init__(self, item_type: AnyType) -> None:
        self.item_type = instance(item_type)

    @property
    def python_type(self) -> type[list[Any]]:
        return list

    @property
    def _static_cache_key(self) -> Any:
        return (type(self), self.item_type._static_cache_key)

    def __repr__(self) -> str:
        return f"Array({self.item_type!r})"


class Map(sa.types.Indexable, TypeEngine[dict[Any, Any]]):
    """A map: ``Map(String, Double)``. ``table.c.m["k"]`` is the value, NULL if absent."""

    __visit_name__ = "fsql_map"
    operator_classes = _INDEXABLE

    class Comparator(sa.types.Indexable.Comparator[Any]):
        """Look-up by key."""

        type: Map

        def _setup_getitem(self, index: Any) -> tuple[Any, Any, TypeEngine[Any]]:
            return operators.getitem, index, self.type.value_type

    comparator_factory = Comparator

    def __init__(self, key_type: AnyType, value_type: AnyType) -> None:
        self.key_type = instance(key_type)
        self.value_type = instance(value_type)

    @property
    def python_type(self) -> type[dict[Any, Any]]:
        return dict

    @property
    def _static_cache_key(self) -> Any:
        return (type(self), self.key_type._static_cache_key, self.value_type._static_cache_key)

    def __repr__(self) -> str:
        return f"Map({self.key_type!r}, {self.value_type!r})"


class Arrow(TypeEngine[Any]):
    """Any Arrow type that SQLAlchemy has no word for: ``Arrow(pa.uint8())``."""

    __visit_name__ = "fsql_arrow"
    operator_classes = _ANY

    def __init__(self, arrow: pa.DataType) -> None:
        self.arrow = arrow

    @property
    def _static_cache_key(self) -> Any:
        return (type(self), str(self.arrow))

    def __repr__(self) -> str:
        return f"Arrow({self.arrow})"


def instance(type_: AnyType) -> TypeEngine[Any]:
    """A type, which may be given as its class."""
    return type_() if isinstance(type_, type) else type_
