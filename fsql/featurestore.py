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

from typing import Literal, TypeAlias

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error

from fsql.dialect import create_engine
from fsql.dumps import read_unloaded, unload
from fsql.errors import DefinitionError, FsqlError
from fsql.frames import to_arrow, to_pandas
from fsql.model import FeatureGroup
from fsql.naming import GroupName
from fsql.store import FeatureStore
from fsql.timeunits import TIME_UNITS
from fsql.types import EpochType, IsoTextType

__all__ = ["create_fg", "dump_fg", "read_fg", "upload_fg"]

Store: TypeAlias = str | sa.URL | sa.Engine | None
TimeUnit: TypeAlias = Literal["s", "ms", "us", "ns", "iso"]

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
            keep, None for that of the frame; "iso" for ISO 8601 text. To SQL they are all
            timestamps; epochs come back as integers, and text as text in UTC.
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
        _check_time(table.schema, time_col, time_col_unit)
        chosen = [keys] if isinstance(keys, str) else keys or [_key(name, table, time_col)]
        fg = FeatureGroup.from_frame(
            client,
            app,
            entity,
            version,
            frame=pandas_df,
            time_unit=time_col_unit,
            keys=chosen,
            event_time=time_col,
        )
        store = _store(engine)
        store.create(fg)
    except _FAILURES as error:
        return False, _message(error)
    why = "" if keys else " (found; pass keys= to name others)"
    times = f"event time: {time_col}" if time_col else "no event time"
    words = (
        f"Created {fg.name}, {len(fg.columns)} columns, keys: {', '.join(chosen)}{why}, {times}."
    )
    return True, words + _said_of_time(fg, table.schema)


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

    Returns:
        Whether they are in, and what happened in words.
    """
    try:
        name = GroupName(client, app, entity, version).table
        store = _store(engine)
        result = store.write(store.describe(name).group, pandas_df)
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


def _check_time(schema: pa.Schema, time_col: str | None, unit: str | None) -> None:
    """Refuse a unit or a column before anything else is looked at."""
    if unit is not None and unit not in TIME_UNITS:
        expected = ", ".join(map(repr, TIME_UNITS))
        raise DefinitionError(f"time_col_unit={unit!r}. Expected one of {expected}.")
    if time_col is not None and time_col not in schema.names:
        known = ", ".join(schema.names)
        raise DefinitionError(f"time_col={time_col!r} is no column. Columns: {known}.")


def _said_of_time(group: FeatureGroup, given: pa.Schema) -> str:
    """What becomes of the times, where they are not what SQL has."""
    name = group.event_time
    if name is None:
        return ""
    exact, type_ = group.arrow_schema.field(name).type, given.field(name).type
    if isinstance(exact, EpochType):
        return f" {name} counts {exact.unit} since 1970; to SQL it is a timestamp in UTC."
    if isinstance(exact, IsoTextType):
        return (
            f" {name} is ISO 8601 text; to SQL it is a timestamp in UTC, and it comes back in UTC,"
            " as in 2026-03-28T23:30:00Z."
        )
    return "" if exact == type_ else f" {name} is stored as {exact}; the frame has {type_}."
