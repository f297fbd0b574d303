"""PEP 249's type objects and constructors; `fsql.dbapi` hands them out.

PyAthena has the objects of the types that Athena has. The constructors are PEP 249's own examples
of themselves: a tick is a second since 1970, in the machine's zone.
"""

from __future__ import annotations

import datetime as dt

from pyathena import BINARY, DATE, DATETIME, NUMBER, STRING, TIME, DBAPITypeObject
from pyathena.error import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
)

__all__ = [
    "BINARY",
    "DATE",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "TIME",
    "Binary",
    "Date",
    "DateFromTicks",
    "Exceptions",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
]

ROWID = DBAPITypeObject(())  # Athena's rows have no ids, so no column is of that type
Date, Time, Timestamp, Binary = dt.date, dt.time, dt.datetime, bytes


def DateFromTicks(ticks: float) -> dt.date:
    """The date of a tick."""
    return dt.date.fromtimestamp(ticks)


def TimeFromTicks(ticks: float) -> dt.time:
    """The time of day of a tick."""
    return dt.datetime.fromtimestamp(ticks).time()


def TimestampFromTicks(ticks: float) -> dt.datetime:
    """The date and time of a tick."""
    return dt.datetime.fromtimestamp(ticks)


class Exceptions:
    """PEP 249's exceptions as attributes of a connection, its optional extension."""

    Warning = Warning
    Error = Error
    InterfaceError = InterfaceError
    DatabaseError = DatabaseError
    DataError = DataError
    OperationalError = OperationalError
    IntegrityError = IntegrityError
    InternalError = InternalError
    ProgrammingError = ProgrammingError
    NotSupportedError = NotSupportedError
