"""Python values as Athena SQL literals, beyond those that PyAthena writes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pyathena.error import ProgrammingError
from pyathena.formatter import DefaultParameterFormatter, Formatter

from fsql.types import stored_time

__all__ = ["ParameterFormatter", "bind"]

# What a ``?`` inside of does not count: strings, quoted names and comments.
_MARK = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\?""", re.DOTALL)


def bind(
    operation: str,
    parameters: Mapping[str, Any] | Sequence[Any] | None,
    formatter: Formatter,
) -> str:
    """A statement with its parameters in it, as SQL literals.

    Args:
        operation: SQL with ``%(name)s`` for a mapping or ``?`` for a sequence.
        parameters: the values. None and an empty sequence leave the text as it is.

    Raises:
        ProgrammingError: a parameter is missing, or there are too many.
        TypeError: SQL has no literal for a value.
    """
    if isinstance(parameters, Mapping):
        try:
            return formatter.format(operation, dict(parameters))
        except (KeyError, ValueError) as error:
            raise ProgrammingError(
                f"The statement's parameters do not fit: {error}. Expected %(name)s for each of"
                f" {sorted(parameters)}, and %% for a percent sign."
            ) from error
    sql = formatter.format(operation, None)
    return _bind_marks(sql, list(parameters), formatter) if parameters else sql


def _bind_marks(sql: str, values: list[Any], formatter: Formatter) -> str:
    found = sum(mark[0] == "?" for mark in _MARK.finditer(sql))
    if found != len(values):
        raise ProgrammingError(f"The statement has {found} '?' and {len(values)} parameters.")
    remaining = iter(values)

    def replace(mark: re.Match[str]) -> str:
        return literal(next(remaining), formatter) if mark[0] == "?" else mark[0]

    return _MARK.sub(replace, sql)


def literal(value: Any, formatter: Formatter) -> str:
    """One value as a SQL literal of Athena's queries.

    Raises:
        TypeError: SQL has no literal for it.
    """
    write = formatter.get(value)
    if write is None:
        raise TypeError(f"A parameter is a {type(value).__name__}, which SQL has no literal for.")
    return str(write(formatter, lambda text: "'" + text.replace("'", "''") + "'", value))


class ParameterFormatter(DefaultParameterFormatter):
    """PyAthena's formatter, with instants in UTC and numpy's and pandas' scalars.

    Event times are stored in UTC without a zone, so a datetime with a zone becomes the
    UTC time that it is; PyAthena would drop the zone and keep the local time.
    """

    def __init__(self) -> None:
        super().__init__()
        for type_, plain in _PLAIN.items():
            self.set(type_, _via(plain))

    def get(self, value: Any) -> Callable[[Formatter, Callable[[str], str], Any], Any] | None:
        """The function that writes values like `value`."""
        found = super().get(value)
        if found is None:
            for type_, plain in _FAMILIES:
                if isinstance(value, type_):
                    return _via(plain)
        return found


def _via(plain: Callable[[Any], Any]) -> Callable[[Formatter, Callable[[str], str], Any], Any]:
    """Write what `plain` makes of a value."""
    defaults = DefaultParameterFormatter()

    def write(formatter: Formatter, escape: Callable[[str], str], value: Any) -> Any:
        simple = plain(value)
        known = defaults.get(simple)
        return simple if known is None else known(formatter, escape, simple)

    return write


def _timestamp(value: pd.Timestamp) -> Any:
    return None if pd.isna(value) else stored_time(value.to_pydatetime())


def _double(value: float) -> Any:
    """Trino reads 1.5 as a decimal; a float is a double, and may be no number at all."""
    if value != value:
        return _Verbatim("nan()")
    if value in (float("inf"), float("-inf")):
        return _Verbatim("infinity()" if value > 0 else "-infinity()")
    return _Verbatim(f"{value!r}E0" if "e" not in repr(value) else repr(value))


def _interval(value: dt.timedelta) -> Any:
    """Trino's intervals of days to seconds hold whole milliseconds."""
    milliseconds, rest = divmod(value, dt.timedelta(milliseconds=1))
    if rest:
        raise TypeError(f"A parameter is {value!r}, finer than the milliseconds of an INTERVAL.")
    sign = "-" if milliseconds < 0 else ""
    seconds, fraction = divmod(abs(milliseconds), 1000)
    return _Verbatim(f"{sign}INTERVAL '{seconds}.{fraction:03}' SECOND")


class _Verbatim:
    """SQL text that is written as it stands."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def __str__(self) -> str:
        return self.sql


_PLAIN: dict[type[Any], Callable[[Any], Any]] = {
    dt.datetime: stored_time,
    float: _double,
    dt.timedelta: _interval,
}
_FAMILIES: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (pd.Timestamp, _timestamp),
    (type(pd.NaT), lambda value: None),
    (type(pd.NA), lambda value: None),
    (np.bool_, bool),
    (np.integer, int),
    (np.floating, lambda value: _double(float(value))),
    (np.datetime64, lambda value: _timestamp(pd.Timestamp(value))),
    (str, str),
)
