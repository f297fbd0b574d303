"""The keys whose rows are to go, from whatever they are given as."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.sql.expression import Executable

from fsql import reader
from fsql.errors import ConfigError, DefinitionError, InvalidData, Problem
from fsql.fitting import Fitting, Problems, arrow_table, encode_table
from fsql.formats.choosing import Choice
from fsql.model import FeatureGroup

__all__ = ["Instant", "choose", "instant", "read_keys"]

Instant: TypeAlias = dt.datetime | dt.date | str | None
"""A point in time; text is ISO 8601, and a naive one means UTC."""


def choose(engine: sa.Engine, group: FeatureGroup, keys: Any, since: Instant) -> Choice:
    """The rows that are meant, checked as a write checks its rows.

    Args:
        keys: see `fsql.deletes.delete`.
        since: from when on, for all keys; None is what a column of times says, else always.

    Raises:
        InvalidData: keys do not fit; every problem is named.
        DefinitionError: a time is given, and the group has no event time.
        ConfigError: times are given twice.
        TypeError: `keys` is nothing that holds keys.
    """
    problems = Problems(group.name, group.columns.keys())
    table = _table(engine, group, keys, problems)
    time = group.event_time
    times = [time] if time is not None and time not in group.keys else []
    timed = [name for name in times if name in table.column_names]
    if timed and since is not None:
        raise ConfigError(f"Times are given twice: by event_time= and in the column {time!r}.")
    names = [*group.keys, *timed]
    _check_names(group, table, names, problems)
    known = table.select([i for i, name in enumerate(table.column_names) if name in names])
    distinct = _distinct(_fitted(_narrow(group, names), known, problems))
    if timed:
        return Choice(distinct.select(group.keys), time, distinct.column(time))
    if since is None:
        return Choice(distinct)
    start = instant(group, since)
    return Choice(distinct, time, pa.chunked_array([pa.repeat(start, len(distinct))]))


def instant(group: FeatureGroup, since: Instant) -> pa.Scalar:
    """A point in time as the group's event times are stored; None is now.

    It may be finer than the unit that the group declares, as nothing but comparing is done with it.

    Raises:
        InvalidData: it is no time, or finer than can be stored.
        DefinitionError: the group has no event time.
    """
    time = group.event_time
    if time is None:
        raise DefinitionError(
            f"event_time is given, and group {group.name!r} has none: all rows of a key go."
        )
    stored = group.storage_schema.field(time).type
    if since is None:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        return pa.scalar(now.date() if pa.types.is_date(stored) else now, stored)
    exact = stored if pa.types.is_date(stored) else pa.timestamp("us", "UTC")
    alone = FeatureGroup.from_schema(
        group.definition.name,
        pa.schema([(time, exact)]),
        keys=[time],
        event_time=time,
        truncate=group.definition.truncate,
    )
    problems = Problems(group.name, [time])
    given = arrow_table(pd.DataFrame({time: [since]}), alone.arrow_schema, problems)
    return _fitted(alone, given, problems).column(time)[0]


def read_keys(group: FeatureGroup, pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Keys from columns and values as text; a column that comes again begins the next key.

    Raises:
        InvalidData: a text is no value of its column.
    """
    keys: list[dict[str, Any]] = [{}]
    for name, text in pairs:
        if name in keys[-1]:
            keys.append({})
        keys[-1][name] = _read(group, name, text)
    return keys


def _read(group: FeatureGroup, name: str, text: str) -> Any:
    schema = group.arrow_schema
    type_ = schema.field(name).type if name in schema.names else pa.string()
    type_ = type_.value_type if pa.types.is_dictionary(type_) else type_
    if not (pa.types.is_primitive(type_) or pa.types.is_decimal(type_)):
        return text
    if pa.types.is_temporal(type_):
        return text  # `fsql.fitting` reads times better
    try:
        return pa.scalar(text).cast(type_).as_py()
    except pa.ArrowInvalid as error:
        raise InvalidData(group.name, [Problem(name, f"{text!r} is no {type_}.")]) from error


def _table(engine: sa.Engine, group: FeatureGroup, keys: Any, problems: Problems) -> pa.Table:
    if isinstance(keys, str | Executable):
        return reader.read_arrow(keys, engine)
    if isinstance(keys, Mapping):
        keys = [keys]
    if isinstance(keys, Sequence):
        keys = _frame(group, keys)
    return arrow_table(keys, group.arrow_schema, problems)


def _frame(group: FeatureGroup, keys: Sequence[Any]) -> pd.DataFrame:
    """One row for each dict; its values stay as they are."""
    strangers = [key for key in keys if not isinstance(key, Mapping)]
    if strangers:
        raise TypeError(
            f"A key is a dict of column and value, not {type(strangers[0]).__name__}."
            " Expected one, a list of them, a frame or Arrow table, or a SELECT of keys."
        )
    given = (str(name) for key in keys for name in key)
    names = dict.fromkeys(given if keys else group.keys)
    columns = {name: pd.Series([key.get(name) for key in keys], dtype=object) for name in names}
    return pd.DataFrame(columns)


def _check_names(
    group: FeatureGroup, table: pa.Table, names: Sequence[str], problems: Problems
) -> None:
    expected = ", ".join(group.keys)
    if group.event_time is not None and group.event_time not in group.keys:
        expected += f", and perhaps {group.event_time}"
    for name in dict.fromkeys(table.column_names):
        if name not in names:
            problems.add(name, f"is no part of the key. Expected {expected}.")


def _narrow(group: FeatureGroup, names: Sequence[str]) -> FeatureGroup:
    """The group with some of its columns only, under whose name problems are told."""
    definition = group.definition
    return FeatureGroup.from_schema(
        definition.name,
        pa.schema([group.arrow_schema.field(name) for name in names]),
        keys=definition.keys,
        event_time=definition.event_time if definition.event_time in names else None,
        truncate=definition.truncate,
    )


def _fitted(group: FeatureGroup, table: pa.Table, problems: Problems) -> pa.Table:
    fitted = Fitting(group, table.schema, problems).fit(table)
    problems.check()
    return encode_table(group, fitted)


def _distinct(table: pa.Table) -> pa.Table:
    """The rows once each; of floats, those that SQL calls equal count as one."""
    for place, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            table = table.set_column(place, field, pc.add(table.column(place), 0.0))
    return table.group_by(table.column_names, use_threads=False).aggregate([])
