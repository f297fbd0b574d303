"""Frames, streams and files of any make, opened as sources of rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.json as pajson

from fsql.errors import ConfigError, InvalidData, Problem, StorageError
from fsql.fitting import Problems, arrow_table
from fsql.frames import to_batches
from fsql.model import FeatureGroup
from fsql.storage import Storage, path_of
from fsql.types import InstantType
from fsql.writer.parquet_source import open_parquet, readable
from fsql.writer.sources import BLOCK_ROWS, Source, of_batches, of_table

__all__ = ["open_source"]

SUFFIXES: Mapping[str, str] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
COMPRESSED = (".gz", ".bz2", ".zst")
BATCH_BYTES = 4 << 20
PROBE_ROWS = 256
# Bytes that are parsed at once, and the longest line. Arrow reads 32 of them ahead.
TEXT_BLOCK = 4 << 20


def open_source(
    data: Any, group: FeatureGroup, storage: Storage | None, problems: Problems
) -> Source:
    """The rows of anything that `fsql.writer.write` takes.

    Args:
        storage: where s3:// URIs lead; None where there is no store.
        problems: where columns of Python objects are reported that have no one type.

    Raises:
        StorageError: a path where there is nothing, or nothing that can be read.
        ConfigError: a folder of files of several formats, or a URI where there is no store.
        TypeError: it takes no such thing.
    """
    if isinstance(data, str | os.PathLike):
        return _open_path(os.fspath(data), group, storage, problems)
    if isinstance(data, pd.DataFrame | pa.Table | pa.RecordBatch) or _is_polars(data):
        return of_table(arrow_table(data, group.arrow_schema, problems))
    if isinstance(data, ds.Dataset):
        return of_batches(_scanned(data))
    return of_batches(to_batches(data, group.name))


def _scanned(dataset: ds.Dataset) -> Iterator[pa.RecordBatch]:
    """A dataset's rows in small batches, few of them read ahead; its own way fills the memory.

    Arrow reads each row group of a dataset's Parquet files as a whole, so these should not be huge.
    """
    probe = dataset.head(PROBE_ROWS, batch_size=PROBE_ROWS)
    rows = BATCH_BYTES * max(1, len(probe)) // max(1, probe.nbytes)
    batches: Iterator[pa.RecordBatch] = dataset.to_batches(
        batch_size=max(1, min(rows, BLOCK_ROWS)), batch_readahead=1, fragment_readahead=1
    )
    return batches


def _is_polars(data: Any) -> bool:
    """A polars frame is in memory like the others; what else has a stream may be endless."""
    return type(data).__module__.partition(".")[0] == "polars" and hasattr(data, "height")


def _open_path(
    path: str, group: FeatureGroup, storage: Storage | None, problems: Problems
) -> Source:
    if "://" in path:
        if storage is None:
            raise ConfigError(f"{path!r} is no local path, and no store is given to find it in.")
        filesystem, inner = storage.filesystem, path_of(path)
    else:
        filesystem, inner = pafs.LocalFileSystem(), str(Path(path).expanduser().absolute())
    with readable(path):
        files = _files(filesystem, inner)
    if not files:
        raise StorageError(f"{path!r} holds no files. Expected Parquet, CSV or JSON lines.")
    formats = sorted({_format(file) for file in files})
    if len(formats) > 1:
        raise ConfigError(
            f"{path!r} holds files of several formats: {', '.join(formats)}. Write one at a time."
        )
    if formats == ["parquet"]:
        return open_parquet(files, filesystem, group, problems)
    return _TEXTS[formats[0]](files, filesystem, group)


def _files(filesystem: pafs.FileSystem, path: str) -> list[str]:
    info = filesystem.get_file_info(path)
    if info.type == pafs.FileType.NotFound:
        raise FileNotFoundError("there is nothing")
    if info.type == pafs.FileType.File:
        return [path]
    found = filesystem.get_file_info(pafs.FileSelector(path, recursive=True))
    files = (i.path for i in found if i.type == pafs.FileType.File)
    # What starts so is no data: markers of Spark and Hadoop, and editors' leftovers.
    return sorted(f for f in files if not f.rpartition("/")[2].startswith(("_", ".")))


def _format(path: str) -> str:
    plain = path.lower()
    for suffix in COMPRESSED:
        plain = plain.removesuffix(suffix)
    return SUFFIXES.get(PurePosixPath(plain).suffix, "parquet")


Parse = Callable[[pa.NativeFile], Iterable[pa.RecordBatch]]


def _open_text(
    files: list[str], filesystem: pafs.FileSystem, group: FeatureGroup, parse: Parse
) -> Source:
    def batches() -> Iterator[pa.RecordBatch]:
        for path in files:
            with readable(path), filesystem.open_input_stream(path) as stream:
                yield from _parsed(stream, path, group, parse)

    return of_batches(batches())


def _parsed(
    stream: pa.NativeFile, path: str, group: FeatureGroup, parse: Parse
) -> Iterator[pa.RecordBatch]:
    try:
        yield from parse(stream)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:  # it names the column
        raise InvalidData(group.name, [Problem(None, f"{path}: {error}")]) from error


def _open_csv(files: list[str], filesystem: pafs.FileSystem, group: FeatureGroup) -> Source:
    """CSV with a header; an empty field without quotes is NULL, and nothing else is."""
    convert = pacsv.ConvertOptions(
        column_types={
            f.name: _spelled(f.type) for f in group.arrow_schema if not pa.types.is_nested(f.type)
        },
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parse = pacsv.ParseOptions(newlines_in_values=True)
    read = pacsv.ReadOptions(block_size=TEXT_BLOCK)
    return _open_text(
        files, filesystem, group, lambda stream: pacsv.open_csv(stream, read, parse, convert)
    )


def _open_json(files: list[str], filesystem: pafs.FileSystem, group: FeatureGroup) -> Source:
    """One JSON object on each line; a key that is not there is NULL."""
    schema = pa.schema([(field.name, _spelled(field.type)) for field in group.arrow_schema])
    parse = pajson.ParseOptions(
        explicit_schema=schema, newlines_in_values=False, unexpected_field_behavior="error"
    )
    read = pajson.ReadOptions(block_size=TEXT_BLOCK)
    return _open_text(
        files, filesystem, group, lambda stream: pajson.open_json(stream, read, parse)
    )


def _spelled(type_: pa.DataType) -> pa.DataType:
    """The type to parse text as; what `fsql.fitting` parses better stays text."""
    if isinstance(type_, InstantType):
        return type_.plain
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, _spelled(field.type)) for field in type_])
    if pa.types.is_list(type_):
        return pa.list_(_spelled(type_.value_type))
    if pa.types.is_dictionary(type_):
        return _spelled(type_.value_type)
    if pa.types.is_temporal(type_) or pa.types.is_string_view(type_):
        return pa.string()
    return type_


_TEXTS: Mapping[str, Callable[[list[str], pafs.FileSystem, FeatureGroup], Source]] = {
    "csv": _open_csv,
    "json": _open_json,
}
