"""SQLAlchemy's types as Arrow's, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from fsql.errors import UnsupportedType
from fsql.types.columns import AnyType, Array, Arrow, Map, Struct, instance
from fsql.types.instants import EpochType, IsoTextType
from fsql.types.times import Epoch, IsoText, Timestamp

__all__ = ["arrow_type", "sqlalchemy_type"]

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
    type_ = instance(type_)
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
    (Epoch, lambda t: EpochType(t.unit, t.integer)),
    (IsoText, lambda t: IsoTextType(t.text)),
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
    if isinstance(type_, EpochType):
        return Epoch(type_.unit, type_.plain)
    if isinstance(type_, IsoTextType):
        return IsoText(type_.plain)
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
