"""Parquet files that DuckDB writes: in the query's own folder, made objects when complete."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsql.local.engine import Session, literal
from fsql.local.statements.context import Context
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = [
    "File",
    "Options",
    "Written",
    "check_new_partitions",
    "discard",
    "publish",
    "write_parquet",
]

MAX_PARTITIONS = 100
"""https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html"""

_CODECS = {
    "GZIP": "gzip",
    "LZ4": "lz4_raw",
    "NONE": "uncompressed",
    "SNAPPY": "snappy",
    "UNCOMPRESSED": "uncompressed",
    "ZSTD": "zstd",
}


@dataclass(frozen=True)
class File:
    """A complete file: where it lies, and its partition's values as text."""

    path: Path
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class Written(File):
    """A file of Parquet with its rows and bytes."""

    rows: int
    size: int


@dataclass(frozen=True)
class Options:
    """How to write.

    Attributes:
        codec: Athena's name of a compression.
        partition_by: columns that choose the folder and are not in the files.
        field_ids: DuckDB's FIELD_IDS, for Iceberg.
        single: one file, its rows in order.
        file_bytes: begin another file, in the same order, when one has about so many.
    """

    codec: str
    partition_by: Sequence[str] = ()
    field_ids: str | None = None
    single: bool = False
    file_bytes: int | None = None

    def sql(self) -> str:
        """The options of DuckDB's COPY. TrinoError for a codec that Athena does not have."""
        codec = _CODECS.get(self.codec.upper())
        if codec is None:
            known = ", ".join(sorted(_CODECS))
            raise TrinoError(
                "INVALID_TABLE_PROPERTY", f"Compression {self.codec!r} is none of {known}"
            )
        options = ["FORMAT parquet", f"COMPRESSION {codec}", "RETURN_STATS true"]
        if self.partition_by:
            options.append(f"PARTITION_BY ({', '.join(map(tt.quoted, self.partition_by))})")
        elif not self.single:
            options.append("PER_THREAD_OUTPUT true")
        if self.file_bytes is not None:
            options.append(f"FILE_SIZE_BYTES {self.file_bytes}")
        if self.field_ids:
            options.append(f"FIELD_IDS {self.field_ids}")
        return ", ".join(options)


def write_parquet(session: Session, sql: str, options: Options) -> list[Written]:
    """Run a query into Parquet files of the session's folder; files without rows are left out."""
    session.folder.mkdir(exist_ok=True)
    target = session.folder / uuid.uuid4().hex
    if options.single and not options.partition_by and options.file_bytes is None:
        target = target.with_suffix(".parquet")
    rows = session.rows_of(f"COPY ({sql}) TO {literal(str(target))} ({options.sql()})")
    return [_written(row, options.partition_by) for row in rows if row[1]]


def publish(context: Context, written: Iterable[File], folders: Iterable[str]) -> list[str]:
    """Make each file an object in its folder (an S3 URI with a slash at its end); their URIs.

    Nothing is published once the query is cancelled.
    """
    files = {
        f"{folder}{context.id}-{uuid.uuid4()}{file.path.suffix}": file.path
        for file, folder in zip(written, folders, strict=True)
    }
    context.objects.publish(files, context.session.check)
    return list(files)


def discard(context: Context, uris: Iterable[str]) -> None:
    """Delete published files that no table will count."""
    context.objects.delete(uris)


def check_new_partitions(count: int, format_: str) -> None:
    """Raise TrinoError when one statement writes more partitions than Athena lets it."""
    if count > MAX_PARTITIONS:
        what = "partitions" if format_ == "ICEBERG" else "partitions/buckets"
        raise TrinoError(
            f"{format_}_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {MAX_PARTITIONS} open writers for {what}",
        )


def _written(row: tuple[object, ...], keys: Sequence[str]) -> Written:
    path, rows, size, values = str(row[0]), int(str(row[1])), int(str(row[2])), row[5]
    found = values if isinstance(values, dict) else {}
    texts = tuple(None if found[key] is None else str(found[key]) for key in keys)
    return Written(Path(path), texts, rows, size)
