"""Days as ISO 8601 writes them. Source: Trino documentation, "Date and time functions"."""

from __future__ import annotations

import datetime as dt
import re

from fsql.local.scalars.registry import Fault, scalar

__all__: list[str] = []

_WEEK = re.compile(r"(\d{4})-W(\d\d)(?:-(\d))?", re.ASCII)
_ORDINAL = re.compile(r"(\d{4})-(\d{3})", re.ASCII)
_CALENDAR = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?", re.ASCII)


@scalar("VARCHAR", "DATE")
def iso_date(text: str) -> dt.date:
    """A calendar date, a week and its day, or a year and its day."""
    try:
        found = _date(text)
    except ValueError as error:
        message = f'Cannot parse "{text}": {error}'
        raise Fault("INVALID_FUNCTION_ARGUMENT", message) from None
    if found is None:
        raise Fault("INVALID_FUNCTION_ARGUMENT", f'Invalid format: "{text}"')
    return found


def _date(text: str) -> dt.date | None:
    if found := _WEEK.fullmatch(text):
        return dt.date.fromisocalendar(int(found[1]), int(found[2]), int(found[3] or 1))
    if found := _ORDINAL.fullmatch(text):
        day = dt.date(int(found[1]), 1, 1) + dt.timedelta(days=int(found[2]) - 1)
        if day.year != int(found[1]):
            raise ValueError(f"Value {int(found[2])} for dayOfYear must be in the range [1,365]")
        return day
    if found := _CALENDAR.fullmatch(text):
        return dt.date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    return None
