"""The one type tree, and a visitor for each language that spells it.

The tree is Arrow's: a feature group's exact schema is an Arrow schema. What Athena
can store is poorer, so every exact type has a *storage* type, itself an Arrow type,
that Iceberg, Hive, Trino and DuckDB all have a name for. Columns are declared with
SQLAlchemy's own types and the few that this module adds.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from fsql.errors import UnsupportedType

__all__ = [
    "Array",
    "Arrow",
    "Map",
    "Struct",
    "Timestamp",
    "TypeVisitor",
    "arrow_type",
    "sqlalchemy_type",
    "storage_type",
]

T = TypeVar("T")
AnyType = TypeEngine[Any] | type[TypeEngine[Any]]

MAX_DECIMAL_DIGITS = 38  # https://docs.aws.amazon.com/athena/latest/ug/data-types.html


# SQLAlchemy 2.1 wants each type to say which operators suit it; 2.0 has no such thing.
_OPERATORS: Any = getattr(operators, "OperatorClass", None)
_INDEXABLE: Any = _OPERATORS.BASE | _OPERATORS.INDEXABLE if _OPERATORS else None
_ANY: Any = _OPERATORS.ANY if _OPERATORS else None


# --- types for columns -------------------------------------------------------------------------


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
        self.fields = {name: _instance(type_) for name, type_ in given.items()}

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
        self.item_type = _instance(item_type)

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
        self.key_type = _instance(key_type)
        self.value_type = _instance(value_type)

    @property
    def python_type(self) -> type[dict[Any, Any]]:
        return dict

    @property
    def _static_cache_key(self) -> Any:
        return (type(self), self.key_type._static_cache_key, self.value_type._static_cache_key)

    def __repr__(self) -> str:
        return f"Map({self.key_type!r}, {self.value_type!r})"


class Timestamp(sa.types.DateTime):
    """An instant, stored as microseconds in UTC, read back in its unit and zone.

    Args:
        unit: "s", "ms", "us" or "ns". Nanoseconds that microseconds cannot hold are
            refused on writing, unless the group says ``truncate=True``.
        tz: an IANA zone or offset to restore; None gives naive times, which mean UTC.
    """

    __visit_name__ = "fsql_timestamp"

    def __init__(self, unit: str = "us", tz: str | None = None) -> None:
        super().__init__(timezone=tz is not None)
        if unit not in ("s", "ms", "us", "ns"):
            raise UnsupportedType(f"Timestamp unit {unit!r}. Expected 's', 'ms', 'us' or 'ns'.")
        self.unit = unit
        self.tz = tz

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        """Parameters become what is stored: naive times in UTC."""
        return stored_time

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[dt.datetime], str]:
        """Literals in Trino's form, with all six digits."""
        return lambda value: f"TIMESTAMP '{stored_time(value):%Y-%m-%d %H:%M:%S.%f}'"

    def __repr__(self) -> str:
        zone = f", tz={self.tz!r}" if self.tz else ""
        return f"Timestamp({self.unit!r}{zone})"


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


def stored_time(value: Any) -> Any:
    """A datetime as it is stored: naive, in UTC. Other values pass."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value


def _instance(type_: AnyType) -> TypeEngine[Any]:
    return type_() if isinstance(type_, type) else type_


# --- SQLAlchemy <-> Arrow ----------------------------------------------------------------------

_SIMPLE: tuple[tuple[type[TypeEngine[Any]], pa.DataType], ...] = (
    # The first match wins, so subclasses stand before their parents.
    (sa.types.BigInteger, pa.int64()),
    (sa.types.SmallInteger, pa.int16()),
    (sa.types.Integer, pa.int32()),
    (sa.types.Double, pa.float64()),
    (sa.types.REAL, pa.float32()),
    (sa.types.Boolean, pa.bool_()),
    (sa.types.String, pa.string()),
    (sa.types.LargeBinary, pa.binary()),
    (sa.types.BINARY, pa.binary()),
    (sa.types.VARBINARY, pa.binary()),
    (sa.types.Date, pa.date32()),
    (sa.types.Time, pa.time64("us")),
)


def arrow_type(type_: AnyType) -> pa.DataType:
    """The exact Arrow type of a column declared with a SQLAlchemy type.

    Raises:
        UnsupportedType: the type has no Arrow counterpart.
    """
    type_ = _instance(type_)
    for declared, make in (*_COMPOSED, *_SIMPLE):
        if isinstance(type_, declared):
            return make(type_) if callable(make) else make
    raise UnsupportedType(
        f"{type_!r} has no Arrow counterpart. Use a type of fsql.types, or Arrow(pa.…())."
    )


def _floating(type_: sa.types.Float[Any]) -> pa.DataType:
    single = isinstance(type_, sa.types.REAL) or (
        not isinstance(type_, sa.types.Double) and (type_.precision or 53) <= 24
    )
    return pa.float32() if single else pa.float64()


def _decimal(type_: sa.types.Numeric[Any]) -> pa.DataType:
    if type_.precision is None:
        raise UnsupportedType(f"{type_!r} needs a precision, such as Numeric(18, 4).")
    return pa.decimal128(type_.precision, type_.scale or 0)


_COMPOSED: tuple[tuple[type[TypeEngine[Any]], Callable[[Any], pa.DataType]], ...] = (
    (Arrow, lambda t: t.arrow),
    (Struct, lambda t: pa.struct([(name, arrow_type(f)) for name, f in t.fields.items()])),
    (Array, lambda t: pa.list_(arrow_type(t.item_type))),
    (Map, lambda t: pa.map_(arrow_type(t.key_type), arrow_type(t.value_type))),
    (Timestamp, lambda t: pa.timestamp(t.unit, t.tz)),
    (sa.types.DateTime, lambda t: pa.timestamp("us", "UTC" if t.timezone else None)),
    (sa.types.Float, _floating),
    (sa.types.Numeric, _decimal),
)


def sqlalchemy_type(type_: pa.DataType) -> TypeEngine[Any]:
    """The SQLAlchemy type that `arrow_type` takes back to exactly `type_`."""
    if pa.types.is_struct(type_):
        return _exactly(type_, lambda: Struct({f.name: sqlalchemy_type(f.type) for f in type_}))
    if pa.types.is_list(type_):
        return _exactly(type_, lambda: Array(sqlalchemy_type(type_.value_type)))
    if pa.types.is_map(type_):
        key, item = type_.key_type, type_.item_type
        return _exactly(type_, lambda: Map(sqlalchemy_type(key), sqlalchemy_type(item)))
    if pa.types.is_timestamp(type_):
        return Timestamp(type_.unit, type_.tz)
    if pa.types.is_decimal128(type_):
        return _exactly(type_, lambda: sa.types.Numeric(type_.precision, type_.scale))
    for declared, arrow in _SIMPLE:
        if arrow == type_:
            return declared()
    return Arrow(type_)


def _exactly(type_: pa.DataType, make: Callable[[], TypeEngine[Any]]) -> TypeEngine[Any]:
    """What `make` gives, unless field names or nullability of `type_` would be lost in it."""
    made = make()
    return made if arrow_type(made).equals(type_, check_metadata=True) else Arrow(type_)


# --- visitors over Arrow types -----------------------------------------------------------------


class TypeVisitor(Generic[T]):
    """One method for each kind of Arrow type; `visit` picks it.

    A target overrides what it can express. What it does not is refused.
    """

    def visit(self, type_: pa.DataType) -> T:
        """Dispatch on the kind of `type_`."""
        for is_kind, name in _KINDS:
            if is_kind(type_):
                result: T = getattr(self, name)(type_)
                return result
        return self.unsupported(type_)

    def unsupported(self, type_: pa.DataType) -> T:
        """Refuse a type that the target has no word for."""
        raise UnsupportedType(f"Type {type_} cannot be stored. Cast it to a type that can.")

    boolean = integer = floating = decimal = text = binary = unsupported
    date = time = timestamp = duration = unsupported
    list = struct = map = dictionary = extension = unsupported


def _any(*tests: Callable[[pa.DataType], bool]) -> Callable[[pa.DataType], bool]:
    return lambda type_: any(test(type_) for test in tests)


_KINDS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "floating"),
    (pa.types.is_decimal, "decimal"),
    (_any(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view), "text"),
    (
        _any(
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_fixed_size_binary,
            pa.types.is_binary_view,
        ),
        "binary",
    ),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_duration, "duration"),
    (
        _any(
            pa.types.is_list,
            pa.types.is_large_list,
            pa.types.is_fixed_size_list,
        ),
        "list",
    ),
    (pa.types.is_struct, "struct"),
    (pa.types.is_map, "map"),
    (pa.types.is_dictionary, "dictionary"),
    (lambda type_: isinstance(type_, pa.BaseExtensionType), "extension"),
)


_REMEDIES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_null, "It holds nothing but NULL; give it a type, as with .astype('float64')."),
    (_any(pa.types.is_list_view, pa.types.is_large_list_view), "Cast it to list."),
    (pa.types.is_interval, "Cast it to duration, or store its parts as columns of integers."),
    (pa.types.is_union, "Store each of its types as a field of a struct."),
    (pa.types.is_run_end_encoded, "Decode it with pyarrow.compute.run_end_decode."),
)


_FIELD_NAME = re.compile(r"[^:,<>()\"`\x00-\x1f]+")


class _Storage(TypeVisitor[pa.DataType]):
    """The Arrow type that lies in the Parquet files."""

    def unsupported(self, type_: pa.DataType) -> pa.DataType:
        remedies = (remedy for is_kind, remedy in _REMEDIES if is_kind(type_))
        remedy = next(remedies, "Cast it to a type that can.")
        raise UnsupportedType(f"Type {type_} cannot be stored. {remedy}")

    def boolean(self, type_: pa.DataType) -> pa.DataType:
        return type_

    def integer(self, type_: pa.DataType) -> pa.DataType:
        # Iceberg has int and long only; a uint64 needs 20 digits.
        if pa.types.is_uint64(type_):
            return pa.decimal128(20, 0)
        signed_bits = type_.bit_width + pa.types.is_unsigned_integer(type_)
        return pa.int32() if signed_bits <= 32 else pa.int64()

    def floating(self, type_: pa.DataType) -> pa.DataType:
        return pa.float64() if pa.types.is_float64(type_) else pa.float32()

    def decimal(self, type_: pa.DataType) -> pa.DataType:
        if type_.precision > MAX_DECIMAL_DIGITS or not 0 <= type_.scale <= type_.precision:
            raise UnsupportedType(
                f"Type {type_} cannot be stored: Athena's decimals have at most"
                f" {MAX_DECIMAL_DIGITS} digits and a scale from 0 to the precision."
                " Cast it to such a one, or to text."
            )
        return pa.decimal128(type_.precision, type_.scale)

    def text(self, type_: pa.DataType) -> pa.DataType:
        return pa.string()

    def binary(self, type_: pa.DataType) -> pa.DataType:
        return pa.binary()

    def date(self, type_: pa.DataType) -> pa.DataType:
        return pa.date32()

    def time(self, type_: pa.DataType) -> pa.DataType:
        # Athena's Iceberg tables have no time type: the count of the unit is stored.
        return pa.int64()

    def timestamp(self, type_: pa.DataType) -> pa.DataType:
        if type_.tz is not None and not _is_zone(type_.tz):
            raise UnsupportedType(
                f"{type_}: {type_.tz!r} is no time zone. Expected a name such as 'Europe/Oslo',"
                " or an offset such as '+05:30'."
            )
        return pa.timestamp("us")

    def duration(self, type_: pa.DataType) -> pa.DataType:
        return pa.int64()

    def list(self, type_: pa.DataType) -> pa.DataType:
        return pa.list_(pa.field("element", self.visit(type_.value_type)))

    def struct(self, type_: pa.DataType) -> pa.DataType:
        if not type_.num_fields:
            raise UnsupportedType("A struct without fields cannot be stored. Drop the column.")
        # Athena folds names to lower case; the exact ones come back with the exact schema.
        names = [field.name.lower() for field in type_]
        for name in names:
            if not _FIELD_NAME.fullmatch(name):
                raise UnsupportedType(
                    f"{type_} has a field named {name!r}. Glue's types have no quotes, so names"
                    ' must not be empty or hold any of : , < > ( ) " `. Rename it.'
                )
        if len(set(names)) < len(names):
            raise UnsupportedType(
                f"{type_} has fields that differ in case only; Athena folds case. Rename one."
            )
        return pa.struct([(name, self.visit(f.type)) for name, f in zip(names, type_, strict=True)])

    def map(self, type_: pa.DataType) -> pa.DataType:
        return pa.map_(self.visit(type_.key_type), self.visit(type_.item_type))

    def dictionary(self, type_: pa.DataType) -> pa.DataType:
        return self.visit(type_.value_type)

    def extension(self, type_: pa.DataType) -> pa.DataType:
        return self.visit(type_.storage_type)


@functools.lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    if re.fullmatch(r"[+-]\d{2}:\d{2}", name):
        return True
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


_storage = _Storage()


def storage_type(type_: pa.DataType) -> pa.DataType:
    """The Arrow type in which values of an exact type are stored.

    Raises:
        UnsupportedType: it cannot be stored.
    """
    return _storage.visit(type_)
