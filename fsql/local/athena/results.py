"""Result files as Athena writes them, and the pages of GetQueryResults read back from them.

A SELECT leaves ``<id>.csv``: every value quoted, NULL an empty field without quotes, an empty
string ``""``, lines ended by ``\\n``. DDL, SHOW, DESCRIBE and EXPLAIN leave ``<id>.txt``: the rows
joined by ``\\n``, tabs between columns. UNLOAD, INSERT and CTAS leave a manifest: the URIs of the
files they wrote, one a line. See "Query results" in the Athena user guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv as pa_csv

__all__ = ["CsvPages", "Page", "Row", "TextPages", "write_csv", "write_lines", "write_small_csv"]

Row = Sequence[str | None]
Page = tuple[list[Row], int | None]
"""Rows, and the byte offset at which the next page starts; None after the last row."""

_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
_ROW = re.compile(rf"(?:(?:{_QUOTED})?+,)*+(?:{_QUOTED})?+\n".encode())
_FIELDS = re.compile(rf"((?:{_QUOTED})?+)[,\n]")
_CHUNK = 1 << 16


def write_csv(
    path: Path, names: Sequence[str], batches: Iterable[pa.RecordBatch], keep: int
) -> list[Row] | None:
    """Write text columns as Athena's CSV, header first.

    Returns the rows, header included, when there are at most `keep` data rows; else None.
    """
    kept: list[Row] | None = [tuple(names)]
    options = pa_csv.WriteOptions(include_header=False, quoting_style="all_valid")
    with pa.OSFile(str(path), "wb") as file:
        file.write(_line(names).encode())
        writer: pa_csv.CSVWriter | None = None
        for batch in batches:
            if writer is None:
                writer = pa_csv.CSVWriter(file, batch.schema, write_options=options)
            writer.write_batch(batch)
            kept = _extended(kept, batch, keep)
        if writer is not None:
            writer.close()
    return kept


def write_small_csv(
    path: Path, names: Sequence[str], chunks: Iterable[Sequence[Row]], keep: int
) -> list[Row] | None:
    """As :func:`write_csv` for rows as tuples: fast for few of them."""
    kept: list[Row] | None = [tuple(names)]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_line(names))
        for rows in chunks:
            file.writelines(map(_line, rows))
            fits = kept is not None and len(kept) - 1 + len(rows) <= keep
            kept = [*kept, *rows] if kept is not None and fits else None
    return kept


def _line(row: Row) -> str:
    return ",".join("" if value is None else _quoted(value) for value in row) + "\n"


def _extended(kept: list[Row] | None, batch: pa.RecordBatch, keep: int) -> list[Row] | None:
    if kept is None or len(kept) - 1 + batch.num_rows > keep:
        return None
    kept += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return kept


def write_lines(path: Path, lines: Iterable[str], end: str = "") -> None:
    """Write a ``.txt`` result, or (with ``end="\\n"``) a manifest."""
    text = "\n".join(lines)
    path.write_text(text + end if text else "", encoding="utf-8", newline="")


class CsvPages:
    """Rows of a CSV result, from any byte offset that a page ended at."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, offset: int, limit: int) -> Page:
        """At most `limit` rows from `offset` on; offset 0 starts with the header."""
        rows: list[Row] = []
        for row, end in self._rows(offset):
            if len(rows) == limit:
                return rows, offset
            rows.append(row)
            offset = end
        return rows, None

    def _rows(self, offset: int) -> Iterator[tuple[Row, int]]:
        self._file.seek(offset)
        buffer, start = b"", offset
        # Reading as much again as is held keeps one huge value from costing quadratic time.
        while chunk := self._file.read(max(_CHUNK, len(buffer))):
            buffer += chunk
            used = 0
            for row, end in _parse(buffer):
                yield row, start + end
                used = end
            buffer, start = buffer[used:], start + used


def _parse(buffer: bytes) -> Iterator[tuple[Row, int]]:
    """The complete rows at the beginning of a buffer, each with the position of its end."""
    position = 0
    while match := _ROW.match(buffer, position):
        position = match.end()
        yield [_value(field) for field in _FIELDS.findall(match[0].decode())], position


def _value(field: str) -> str | None:
    return field[1:-1].replace('""', '"') if field else None


class TextPages:
    """Rows of a ``.txt`` result: a line is a row of one value."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, offset: int, limit: int) -> Page:
        """At most `limit` rows from the line number `offset` on."""
        text = self._file.read().decode()
        lines = text.split("\n") if text else []
        end = offset + limit
        return [(line,) for line in lines[offset:end]], end if end < len(lines) else None


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
