"""SQLAlchemy's numbers and intervals as Athena's literals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.type_api import NativeForEmulated, TypeEngine

from fsql.formatting import ParameterFormatter, literal

__all__ = ["SCALARS"]

_FORMATTER = ParameterFormatter()


class _Scalar:
    """Values become what their column holds; Athena casts none of them in an INSERT."""

    @staticmethod
    def plain(value: Any) -> Any:
        """A value as the Python type that the formatter writes as the right literal."""
        return value

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        """What makes a parameter of a value."""
        return self.plain

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        """What makes a literal of a value, in the statement's text."""
        return lambda value: literal(self.plain(value), _FORMATTER)


class FsqlNumeric(_Scalar, sa.Numeric[Any]):
    """DECIMAL: a float is the decimal that it is written as."""

    @staticmethod
    def plain(value: Any) -> Any:
        """A Decimal for a float."""
        return Decimal(repr(float(value))) if isinstance(value, float) else value


class _Approximate(_Scalar):
    @staticmethod
    def plain(value: Any) -> Any:
        """A float for a Decimal; Athena's literal ``1.5`` is a decimal."""
        return float(value) if isinstance(value, Decimal) else value


class FsqlFloat(_Approximate, sa.Float[Any]):
    """REAL."""


class FsqlDouble(_Approximate, sa.Double[Any]):
    """DOUBLE."""


class FsqlInterval(_Scalar, NativeForEmulated, TypeEngine[dt.timedelta]):
    """INTERVAL DAY TO SECOND; only in expressions, as Athena's tables have none."""

    __visit_name__ = "interval"

    @classmethod
    def adapt_emulated_to_native(cls, impl: Any, **options: Any) -> FsqlInterval:
        """In the place of SQLAlchemy's, which counts from an epoch."""
        return cls()


SCALARS: dict[type[Any], type[Any]] = {
    sa.Numeric: FsqlNumeric,
    sa.Float: FsqlFloat,
    sa.Double: FsqlDouble,
    sa.Interval: FsqlInterval,
}
