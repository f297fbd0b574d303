"""The classic four: make a feature group, upload to it, dump a query, read the dump.

    create_fg(client="acme", app="shop", entity="user", version="v0001",
              time_col="seen", time_col_unit="s", pandas_df=df)     # (True, "Created …")
    upload_fg(client="acme", app="shop", entity="user", version="v0001", pandas_df=df)
    success, query_id, s3path, response = dump_fg("SELECT * FROM acme_shop_user")
    df, schema = read_fg(query_id)

Thin functions over `fsql.FeatureStore`, for code that has no use for exceptions: what went wrong
comes back as ``(False, …)``, with the message that the exception would have had.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error

from fsql.dialect import create_engine
from fsql.dumps import read_unloaded, unload
from fsql.errors import DefinitionError, FsqlError, InvalidData, Problem
from fsql.frames import discovered, schema_of, to_arrow, to_pandas
from fsql.model import FeatureGroup
from fsql.naming import GroupName
from fsql.store import FeatureStore

__all__ = ["create_fg", "dump_fg", "read_fg", "upload_fg"]

Store: TypeAlias = str | sa.URL | sa.Engine | None
TimeUnit: TypeAlias = Literal["s", "ms", "us", "ns", "iso"]

UNITS = ("s", "ms", "us", "ns", "iso")
_FAILURES = (
    FsqlError,
    Error,
    OSError,
    BotoCoreError,
    ClientError,
    sa.exc.SQLAlchemyError,
    TypeError,  # data that is no frame
)


def create_fg(
    client: str,
    app: str,
    entity: str,
    version: str,
    time_col: str | None,
    time_col_unit: TimeUnit | None,
    pandas_df: pd.DataFrame,
    *,
    keys: str | list[str] | None = None,
    engine: Store = None,
) -> tuple[bool, str]:
    """Make a feature group with the columns of a frame; no rows are written.

    Args:
        client, app, entity, version: the name's parts; the table is
            ``<client>_<app>_<entity>_<version>``.
        time_col: the column since when a row holds; None for features without a time.
        time_col_unit: of epoch integers "s", "ms", "us" or "ns"; of datetimes the precision to
            keep, None for that of the frame; "iso" for ISO 8601 text. Epochs and text are
            stored, and come back, as times in UTC; the response says so.
        pandas_df: a frame as it will be uploaded (polars and Arrow will do).
        keys: the columns that say whose features a row holds. By default the column named as
            the entity, ``<entity>_id`` or ``id``; else the first that has a value in every row
            and is neither the time, nor nested, nor a float.
        engine: an engine or URL; None is what FSQL_URL says, and else ``fsql:///.fsql``.

    Returns:
        Whether it is there now, and what happened in words.
    """
    try:
        name = GroupName(client, app, entity, version)
        table = to_arrow(pandas_df, name.table)
        type_, said = _time_type(table.schema, time_col, time_col_unit)
        schema = _schema(pandas_df, table, time_col, type_)
        chosen = [keys] if isinstance(keys, str) else keys or [_key(name, table, time_col)]
        fg = FeatureGroup.from_schema(name, schema, keys=chosen, event_time=time_col)
        store = _store(engine)
        store.create(fg)
    except _FAILURES as error:
        return False, _message(error)
    why = "" if keys else " (found; pass keys= to name others)"
    times = f"event time: {time_col}" if time_col else "no event time"
    words = f"Created {fg.name}, {len(schema)} columns, keys: {', '.join(chosen)}{why}, {times}."
    return True, words + said


def upload_fg(
    client: str,
    app: str,
    entity: str,
    version: str,
    pandas_df: pd.DataFrame,
    *,
    engine: Store = None,
) -> tuple[bool, str]:
    """Append a frame's rows to a feature group, all or none.

    Epoch integers in the time column count the unit that the group was created with.

    Returns:
        Whether they are in, and what happened in words.
    """
    try:
        name = GroupName(client, app, entity, version).table
        store = _store(engine)
        group = store.describe(name).group
        result = store.write(group, _with_instants(pandas_df, group))
    except _FAILURES as error:
        return False, _message(error)
    return True, result.message


def dump_fg(sql: str, *, engine: Store = None) -> tuple[bool, str | None, str | None, str]:
    """Run a query as an UNLOAD to Parquet; `read_fg` reads the rows, here or elsewhere.

    Returns:
        Whether it succeeded, Athena's query id (None if it never started), the s3:// folder of
        the files (None if it failed), and what happened in words. The files stay until somebody
        deletes them.
    """
    try:
        made = unload(_store(engine).engine, sql)
    except _FAILURES as error:
        return False, getattr(error, "query_id", None), None, _message(error)
    files = f"{made.files:,} file{'' if made.files == 1 else 's'}"
    words = f"Dumped to {made.uri}: {files}, {made.bytes / 1e6:,.1f} MB of Parquet."
    if not made.exact:
        words += " The query's types could not be told, so columns have those that Athena wrote."
    return True, made.query_id, made.uri, words


def read_fg(
    query_id: str, *, engine: Store = None
) -> tuple[pd.DataFrame, pa.Schema] | tuple[Literal[False], str]:
    """Read what `dump_fg` dumped, types and order of the query restored.

    Returns:
        The frame and its exact Arrow schema; if that fails False, and why.
    """
    try:
        table = read_unloaded(_store(engine).engine, query_id)
    except _FAILURES as error:
        return False, _message(error)
    return to_pandas(table), table.schema


def _store(engine: Store) -> FeatureStore:
    return FeatureStore(engine if isinstance(engine, sa.Engine) else create_engine(engine))


def _message(error: BaseException) -> str:
    """An error's message, without SQLAlchemy's envelope."""
    return str(getattr(error, "orig", None) or error)


def _key(name: GroupName, table: pa.Table, time_col: str | None) -> str:
    """The column that says whose features a row holds, as well as a frame can tell."""
    usable = [
        field.name
        for field, column in zip(table.schema, table.columns, strict=True)
        if field.name != time_col and _may_be_key(field.type) and not column.null_count
    ]
    for likely in (name.entity, f"{name.entity}_id", "id"):
        if likely in usable:
            return likely
    if not usable:
        raise DefinitionError(
            "No column can be the key: each is the time, nested, a float, or has NULLs."
            " Pass keys=['column', …], the columns that say whose features a row holds."
        )
    return str(usable[0])


def _may_be_key(type_: pa.DataType) -> bool:
    return not (pa.types.is_nested(type_) or pa.types.is_floating(type_) or pa.types.is_null(type_))


def _schema(data: Any, table: pa.Table, time_col: str | None, time_type: pa.DataType) -> pa.Schema:
    """The frame's schema with the time column as one of times."""
    if time_col is None or table.schema.field(time_col).type == time_type:
        return discovered(schema_of(table))
    place = table.schema.get_field_index(time_col)
    field = table.schema.field(place).with_type(time_type)
    if not isinstance(data, pd.DataFrame) or time_col not in data.columns:
        return discovered(schema_of(table)).set(place, field)
    # pandas' own notes on the column have to be those on times.
    times = pa.nulls(len(data), time_type).to_pandas().set_axis(data.index)
    return discovered(schema_of(data.assign(**{time_col: times}))).set(place, field)


def _time_type(
    schema: pa.Schema, time_col: str | None, unit: str | None
) -> tuple[pa.DataType, str]:
    """The type that the time column is stored as, and what that means in words."""
    if unit is not None and unit not in UNITS:
        raise DefinitionError(
            f"time_col_unit={unit!r}. Expected one of {', '.join(map(repr, UNITS))}."
        )
    if time_col is None:
        return pa.null(), ""
    if time_col not in schema.names:
        raise DefinitionError(
            f"time_col={time_col!r} is no column. Columns: {', '.join(schema.names)}."
        )
    return _type_of_times(schema.field(time_col), unit)


def _type_of_times(field: pa.Field, unit: str | None) -> tuple[pa.DataType, str]:
    type_, name = field.type, field.name
    if pa.types.is_timestamp(type_):
        exact = pa.timestamp(type_.unit if unit in (None, "iso") else unit, type_.tz)
        said = "" if exact == type_ else f" {name} is stored as {exact}; the frame has {type_}."
        return exact, said
    if pa.types.is_date(type_):
        return type_, ""
    if pa.types.is_integer(type_) and unit in ("s", "ms", "us", "ns"):
        exact = pa.timestamp(unit, "UTC")
        return exact, f" {name} counts {unit} since 1970 and comes back as {exact}."
    if _is_text(type_) and unit == "iso":
        exact = pa.timestamp("us", "UTC")
        return exact, f" {name} is ISO 8601 text and comes back as {exact}."
    raise DefinitionError(
        f"time_col={name!r} has type {type_}, and time_col_unit={unit!r}. Expected datetimes or"
        " dates, epoch integers with 's', 'ms', 'us' or 'ns', or ISO 8601 text with 'iso'."
    )


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _with_instants(data: Any, group: FeatureGroup) -> Any:
    """The frame with epoch integers in the time column as the times that they count."""
    name = group.event_time
    if name is None or not hasattr(data, "columns") or not _may_count(data, name):
        return data
    exact = group.arrow_schema.field(name).type
    if not pa.types.is_timestamp(exact):
        return data
    if isinstance(data, pd.DataFrame):
        times = _instants(pa.chunked_array([pa.array(data[name], from_pandas=True)]), exact, group)
        instants: Any = pd.array(times, pd.ArrowDtype(times.type))
        return data.assign(**{name: pd.Series(instants, data.index)})
    table = to_arrow(data)
    place = table.schema.get_field_index(name)
    return table.set_column(place, name, _instants(table.column(place), exact, group))


def _may_count(data: Any, name: str) -> bool:
    """Whether a column of a frame in memory holds integers."""
    if isinstance(data, pd.DataFrame):
        return name in data.columns and pd.api.types.is_integer_dtype(data[name].dtype)
    schema = to_arrow(data).schema
    return name in schema.names and bool(pa.types.is_integer(schema.field(name).type))


def _instants(counts: pa.ChunkedArray, exact: pa.DataType, group: FeatureGroup) -> pa.ChunkedArray:
    try:
        times = counts.cast(pa.int64()).cast(pa.timestamp(exact.unit, "UTC"))
        if exact.unit in ("s", "ms"):
            times.cast(pa.timestamp("us", "UTC"))  # what is stored holds less
    except pa.ArrowInvalid as error:
        problem = Problem(group.event_time, f"counts no times: {error}.")
        raise InvalidData(group.name, [problem]) from error
    return times
