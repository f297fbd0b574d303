"""Results on a terminal and in files: tables, CSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from fsql.dbapi import Cursor
from fsql.errors import ConfigError
from fsql.frames import to_pandas
from fsql.planning import TransportName
from fsql.reader import executed
from fsql.writer.progress import progress_bar

__all__ = ["FORMATS", "chosen_format", "output_file", "write", "write_rows"]

BY_SUFFIX = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
FORMATS = ("parquet", "csv", "jsonl")
TABLE_ROWS = 60


def chosen_format(output: Path | None, terminal: bool) -> str:
    """The format that a file's name asks for; else a table on a terminal, CSV in a pipe.

    Raises:
        ConfigError: the suffix is none of those known.
    """
    if output is None:
        return "table" if terminal else "csv"
    if output.suffix not in BY_SUFFIX:
        raise ConfigError(
            f"{output.name!r} says no format. Expected one of {', '.join(BY_SUFFIX)}, or --format."
        )
    return BY_SUFFIX[output.suffix]


def write(
    sql: str,
    engine: sa.Engine,
    output: Path | None,
    form: str,
    transport: TransportName,
    max_bytes_scanned: int | None = None,
) -> str:
    """Run a query and write its rows.

    Args:
        output: the file; None is standard output.
        form: "table", "csv", "jsonl" or "parquet".
        transport, max_bytes_scanned: as in `fsql.read_sql`.

    Returns:
        A line that says how many rows there were and what they cost.
    """
    started = time.perf_counter()
    with executed(sql, engine, None, transport, max_bytes_scanned) as cursor:
        with output_file(output) as target:
            name, progress = ("", False) if output is None else (output.name, None)
            rows = write_rows(cursor, form, target, name, progress)
        scanned = cursor.statistics["scanned_bytes"] or 0
    milliseconds = (time.perf_counter() - started) * 1000
    where = f" in {output}" if output else ""
    return f"{rows:,} rows{where}, {scanned:,} bytes scanned, {milliseconds:,.0f} ms"


def write_rows(
    cursor: Cursor, form: str, target: BinaryIO, name: str, progress: bool | None = None
) -> int:
    """Write a result's rows in a format of `FORMATS`; how many there were.

    Args:
        name: what a bar is called.
        progress: show a bar on stderr; None shows it on a terminal and in a notebook.
    """
    with progress_bar(name, None, progress) as show:
        reader = pa.RecordBatchReader.from_batches(cursor.schema, _counted(cursor, show))
        return _WRITERS[form](reader, target)


def _counted(cursor: Cursor, show: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
    for batch in cursor.as_batches():
        yield batch
        show(len(batch))


@contextmanager
def output_file(output: Path | None) -> Iterator[BinaryIO]:
    """A file that appears only when it is whole, or standard output."""
    if output is None:
        yield sys.stdout.buffer
        return
    partial = output.with_name(f".{output.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _write_table(reader: pa.RecordBatchReader, target: BinaryIO) -> int:
    table = reader.read_all()
    with pd.option_context("display.width", None, "display.max_colwidth", 60):
        text = to_pandas(table).to_string(index=False, max_rows=TABLE_ROWS)
    target.write((text if table.num_rows else "  ".join(table.column_names)).encode() + b"\n")
    target.flush()
    rows: int = table.num_rows
    return rows


def _write_csv(reader: pa.RecordBatchReader, target: BinaryIO) -> int:
    """CSV with a header; nested values as JSON, NULL as nothing."""
    writer = csv.writer(cast(TextIO, _Encoder(target)), lineterminator="\n")
    writer.writerow(reader.schema.names)
    rows = 0
    for batch in reader:
        columns = [[_cell(v) for v in _values(column)] for column in batch.columns]
        writer.writerows(zip(*columns, strict=True))
        rows += batch.num_rows
    target.flush()
    return rows


def _write_jsonl(reader: pa.RecordBatchReader, target: BinaryIO) -> int:
    names, rows = reader.schema.names, 0
    for batch in reader:
        for row in zip(*map(_values, batch.columns), strict=True):
            line = json.dumps(dict(zip(names, row, strict=True)), default=_text, ensure_ascii=False)
            target.write(line.encode() + b"\n")
        rows += batch.num_rows
    target.flush()
    return rows


def _write_parquet(reader: pa.RecordBatchReader, target: BinaryIO) -> int:
    rows = 0
    with pq.ParquetWriter(target, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


_WRITERS: dict[str, Callable[[pa.RecordBatchReader, BinaryIO], int]] = {
    "table": _write_table,
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}


class _Encoder:
    """What csv.writer needs of a text file, over a binary one."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target

    def write(self, text: str) -> int:
        return self._target.write(text.encode())


def _values(column: pa.Array) -> list[Any]:
    values: list[Any] = column.to_pylist(maps_as_pydicts="strict")
    return values


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, default=_text, ensure_ascii=False)
    return _text(value) if value is not None else None


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
