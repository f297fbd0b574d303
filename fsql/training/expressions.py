"""Expressions of Athena's that SQLAlchemy has no word for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from fsql.types import Struct

__all__ = ["LastKnown", "is_within", "microseconds", "record"]

_EPOCH = dt.datetime(1970, 1, 1)
_ALL_ROWS = "1000000000000"
_MILLISECOND = dt.timedelta(milliseconds=1)


class LastKnown(FunctionElement[Any]):
    """LAST_VALUE(…) IGNORE NULLS over the rows so far, for some of the rows.

    The others have a frame of no rows, for which nothing is found nor copied.

    Args:
        value: NULL where a row has none.
        asking: for which rows it is wanted; the others get NULL.
    """

    name = "last_known"
    inherit_cache = False  # how many are keys is in no cache's key

    def __init__(
        self,
        value: sa.ColumnElement[Any],
        asking: sa.ColumnElement[bool],
        partition_by: Sequence[sa.ColumnElement[Any]],
        order_by: Sequence[sa.ColumnElement[Any]],
    ) -> None:
        skipped = sa.case((asking, sa.literal_column("0")), else_=sa.literal_column(_ALL_ROWS))
        super().__init__(value, skipped, *partition_by, *order_by)
        self.type = value.type
        self.keys = len(partition_by)


@compiles(LastKnown)
def _last_known(element: LastKnown, compiler: Any, **kw: Any) -> str:
    value, skipped, *others = (compiler.process(each, **kw) for each in element.clauses)
    keys, order = ", ".join(others[: element.keys]), ", ".join(others[element.keys :])
    frame = f"ROWS BETWEEN UNBOUNDED PRECEDING AND {skipped} PRECEDING"
    return f"last_value({value}) IGNORE NULLS OVER (PARTITION BY {keys} ORDER BY {order} {frame})"


def record(fields: Mapping[str, sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
    """One value of several; it is not NULL even if all of them are."""
    types = {name: value.type for name, value in fields.items()}
    return sa.cast(sa.func.row(*fields.values()), Struct(types))


def is_within(
    ttl: dt.timedelta, earlier: sa.ColumnElement[Any], later: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    """Whether two times are no further apart than `ttl`, to the microsecond."""
    if ttl % _MILLISECOND:  # Athena adds no microseconds to a time
        return microseconds(later) - microseconds(earlier) <= ttl // dt.timedelta(microseconds=1)
    return earlier >= sa.func.date_add(_word("millisecond"), -(ttl // _MILLISECOND), later)


def microseconds(time: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Microseconds since 1970, exact for every timestamp(6).

    date_diff ends at milliseconds, and to_unixtime is a double: so whole seconds are counted, and
    the double has only the fraction to hold.
    """
    whole = sa.func.date_trunc(_word("second"), time)
    seconds = sa.func.date_diff(_word("second"), sa.literal(_EPOCH, sa.DateTime()), whole)
    fraction = sa.func.to_unixtime(sa.func.date_add(_word("second"), -seconds, time))
    rounded = sa.cast(sa.func.round(fraction * sa.literal_column("1e6")), sa.BigInteger)
    return sa.type_coerce(seconds * 1_000_000 + rounded, sa.BigInteger())


def _word(unit: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{unit}'")
