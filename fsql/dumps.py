"""A query's rows left behind as files: UNLOADs that any process reads back, and exports.

An UNLOAD's Parquet files hold values in the types that Athena writes. What turns them back into
the exact result is written beside their folder before the query runs, so that whoever finds the
folder in Athena's record of the query finds it too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.dataset as ds
import sqlalchemy as sa
from botocore.exceptions import ClientError

from fsql.analysis import Output, UnloadSelect, unload_select
from fsql.dbapi import UNLOAD_FORMAT, Cursor
from fsql.dialect import catalog_of
from fsql.errors import ConfigError, InvalidQuery, QueryFailed, StorageError
from fsql.exports import BY_SUFFIX, FORMATS, output_file, write_rows
from fsql.model import decode_schema, encode_schema
from fsql.reader import Statement, executed
from fsql.storage import Storage, path_of

__all__ = ["DumpResult", "Unloaded", "dump", "read_unloaded", "unload"]

_TARGET = re.compile(r"\)\s*TO\s*'(s3://[^']+/dump/[0-9a-f-]+/)'\s*WITH\s*\([^()]*\)\s*$")
_BESIDE = ".schema.json"


@dataclass(frozen=True)
class DumpResult:
    """What a dump wrote.

    Attributes:
        to: the file, as a path or an s3:// URI.
        format: "parquet", "csv" or "jsonl".
        rows, bytes: what is in it.
        seconds: how long it took.
        message: the same in words.
    """

    to: str
    format: str
    rows: int
    bytes: int
    seconds: float
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Unloaded:
    """A query whose rows lie in Parquet files.

    Attributes:
        query_id: Athena's QueryExecutionId.
        uri: the s3:// folder of the files, with a slash at its end.
        files, bytes: how many there are, and their size.
        exact: whether reading them restores types and order exactly.
    """

    query_id: str
    uri: str
    files: int
    bytes: int
    exact: bool


def dump(
    engine: sa.Engine,
    sql: Statement,
    to: str | os.PathLike[str],
    form: str | None = None,
    progress: bool | None = None,
) -> DumpResult:
    """Write a query's rows to one file, in constant memory; it appears when it is whole.

    Args:
        to: a path or an s3:// URI; a file that is there is replaced.
        form: one of `fsql.exports.FORMATS`; None is what the name's suffix says, else Parquet.
        progress: show a bar on stderr; None shows it on a terminal and in a notebook.

    Raises:
        ConfigError: another format.
        StorageError: the file cannot be written.
        InvalidQuery, QueryFailed, QueryCancelled: the query did not end well.
    """
    started, place = time.perf_counter(), os.fspath(to)
    form = form or BY_SUFFIX.get(Path(place).suffix, "parquet")
    if form not in FORMATS:
        raise ConfigError(f"format={form!r}. Expected {', '.join(map(repr, FORMATS))}.")
    with executed(sql, engine, None, "auto") as cursor, _file(engine, place) as file:
        rows = write_rows(cursor, form, file, Path(place).name, progress)
        size = file.tell()
    seconds = time.perf_counter() - started
    words = f"Dumped {rows:,} rows to {place}: {size / 1e6:,.1f} MB, {seconds:.2f} s."
    return DumpResult(place, form, rows, size, seconds, words)


@contextmanager
def _file(engine: sa.Engine, place: str) -> Iterator[BinaryIO]:
    try:
        if "://" not in place:
            with output_file(Path(place).expanduser()) as file:
                yield file
            return
        storage = catalog_of(engine).storage
        path = storage.for_writing(place)
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            with storage.filesystem.open_output_stream(path, compression=None) as stream:
                shutil.copyfileobj(file, stream, 1 << 20)
    except OSError as error:
        raise StorageError(f"{place} cannot be written: {error}") from error


def unload(engine: sa.Engine, sql: str) -> Unloaded:
    """Run a query as an UNLOAD to Parquet below the staging location.

    A query whose columns fsql cannot tell is unloaded as it stands: then its columns need names,
    and come back in the types and the order in which Athena wrote them.

    Raises:
        ConfigError: nothing says where to put files.
        InvalidQuery, QueryFailed, QueryCancelled: the query did not end well; no files are left.
    """
    catalog = catalog_of(engine)
    if catalog.aws.staging is None:
        raise ConfigError(
            "The URL does not say where files may go. Add s3_staging_dir=s3://bucket/prefix/."
        )
    uri = f"{catalog.aws.staging}dump/{uuid.uuid4()}/"
    connection: Any = engine.raw_connection()
    try:
        cursor: Cursor = connection.cursor()
        select = _select(cursor, sql)
        _write_beside(catalog.storage, uri, select)
        text = select.sql if select else sql.strip().rstrip(";")
        query_id = _run(cursor, f"UNLOAD (\n{text}\n) TO '{uri}' WITH ({UNLOAD_FORMAT})")
    except BaseException:
        catalog.storage.delete_prefix(uri)
        catalog.storage.delete([_beside(uri)])
        raise
    finally:
        connection.close()
    found = catalog.storage.list(uri)
    return Unloaded(query_id, uri, len(found), sum(o.size for o in found), select is not None)


def _select(cursor: Cursor, sql: str) -> UnloadSelect | None:
    connection = cursor.connection
    plan = connection.planner.plan(sql, connection.aws.database)
    return unload_select(plan.sql, plan.analysis)


def _run(cursor: Cursor, sql: str) -> str:
    cursor.execute(sql)
    if cursor.query_id is None:
        raise QueryFailed("Athena gave the query no id.")
    return cursor.query_id


def read_unloaded(engine: sa.Engine, query_id: str) -> pa.Table:
    """The rows of an UNLOAD that `unload` ran, in this process or another.

    Raises:
        InvalidQuery: there is no such query, or `unload` did not run it, or it did not succeed.
        StorageError: its files are gone.
        LossyCast: a value does not fit its column's exact type.
    """
    storage = catalog_of(engine).storage
    uri = _target(engine, query_id)
    select = _read_beside(storage, uri, query_id)
    files = [path_of(found.uri) for found in storage.list(uri) if found.size]
    if not files:
        return select.schema.empty_table() if select else pa.table({})
    dataset = ds.dataset(files, filesystem=storage.filesystem, format="parquet")
    try:
        table = dataset.to_table()
    except OSError as error:
        raise StorageError(f"The rows of query {query_id} cannot be read: {error}") from error
    return select.restore(table) if select else table


def _target(engine: sa.Engine, query_id: str) -> str:
    """Where a query's files are, by Athena's own record."""
    athena = catalog_of(engine).aws.client("athena")
    try:
        found = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
    except ClientError as error:
        reason = error.response.get("Error", {}).get("Message", str(error))
        raise InvalidQuery(f"There is no query {query_id!r}: {reason}", query_id) from error
    match = _TARGET.search(found["Query"])
    if match is None:
        raise InvalidQuery(
            f"Query {query_id} is no dump: {found['Query'][:80]!r}. Expected an id that dump_fg"
            " gave.",
            query_id,
        )
    state = found["Status"]["State"]
    if state != "SUCCEEDED":
        raise InvalidQuery(f"Query {query_id} is {state}, so it has no rows.", query_id)
    return match[1]


def _beside(uri: str) -> str:
    return uri.rstrip("/") + _BESIDE


def _write_beside(storage: Storage, uri: str, select: UnloadSelect | None) -> None:
    written: dict[str, Any] = {}
    if select is not None:
        pairs = list(zip(select.outputs, select.types, strict=True))
        types = pa.schema([(output.name, type_) for output, type_ in pairs])
        exact = pa.schema([o.field or pa.field(o.name, type_) for o, type_ in pairs])
        written = {
            "ordinal": select.ordinal,
            "types": encode_schema(types),
            "exact": encode_schema(exact),
        }
    with storage.filesystem.open_output_stream(storage.for_writing(_beside(uri))) as stream:
        stream.write(json.dumps(written).encode())


def _read_beside(storage: Storage, uri: str, query_id: str) -> UnloadSelect | None:
    try:
        with storage.filesystem.open_input_stream(path_of(_beside(uri))) as stream:
            written = json.loads(stream.read())
    except FileNotFoundError as error:
        raise StorageError(
            f"The files of query {query_id} are gone from {uri}. Run dump_fg again."
        ) from error
    if not written:
        return None
    outputs = tuple(Output(f.name, None, f, None) for f in decode_schema(written["exact"]))
    types = tuple(decode_schema(written["types"]).types)
    return UnloadSelect("", written["ordinal"], outputs, types)
