"""Files that lie on S3 already: which they are, what format they have, what their columns are."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.json as pajson
import pyarrow.parquet as pq

from fsql.clients.csvfiles import CsvForm, read_csv
from fsql.clients.widening import Widen, readable, widen_csv, widen_json, widen_parquet
from fsql.errors import ConfigError, InvalidData, Problem, StorageError, UnsupportedType
from fsql.storage import Storage, path_of

__all__ = ["Discovered", "data_files", "discover"]

SAMPLE = 16 << 20  # bytes of a text file that are looked at
AT_ONCE = 16  # footers and samples that are fetched side by side
# https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html
COMPRESSED = (".gz", ".bz2", ".zst")
SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}


@dataclass(frozen=True)
class Discovered:
    """What the files of a table hold.

    Attributes:
        format: "parquet", "csv" or "json" (one object a line).
        columns: names in lower case, and types that Hive has a word for.
        csv: how CSV is laid out; None for the others.
        compressed: whether the files are compressed as a whole.
    """

    format: str
    columns: Mapping[str, pa.DataType]
    csv: CsvForm | None
    compressed: bool


@dataclass(frozen=True)
class _Looked:
    """What one file holds."""

    uri: str
    schema: pa.Schema
    csv: CsvForm | None = None


def data_files(storage: Storage, location: str) -> list[str]:
    """The URIs of the data files below a location that ends at a slash.

    Left out is what Athena leaves out: empty files, and names that start with ``_`` or ``.``
    (Athena user guide, "Create tables in Athena").

    Raises:
        StorageError: it is a file, or cannot be read, or there are none.
    """
    try:
        info = storage.filesystem.get_file_info(path_of(location).rstrip("/"))
        if info.type == pafs.FileType.File:
            raise StorageError(
                f"{location[:-1]!r} is a file. Athena reads all files of a folder: give the folder."
            )
        found = [o.uri for o in storage.list(location) if o.size and _is_data(o.uri, location)]
    except OSError as error:
        raise StorageError(f"{location!r} cannot be listed: {error}") from error
    if not found:
        raise StorageError(f"{location!r} holds no data. Expected Parquet, CSV or JSON lines.")
    return found


def _is_data(uri: str, location: str) -> bool:
    parts = path_of(uri)[len(path_of(location)) :].split("/")
    return not any(part.startswith(("_", ".")) for part in parts)


def discover(storage: Storage, table: str, files: list[str]) -> Discovered:
    """The format and the columns of files.

    Of Parquet every footer is read. Of text, the first 16 MB of every file.

    Args:
        table: what they shall become; it stands in errors.

    Raises:
        ConfigError: several formats, or none that Athena reads.
        InvalidData: the files do not make one table; every problem is told.
        StorageError: a file cannot be read.
    """
    form = _format(storage, files)
    look = _LOOKS[form]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        looked = list(pool.map(lambda uri: _read(storage, uri, table, look), files))
    columns = _Columns(table, _WIDEN[form])
    for each in looked:
        columns.add(each)
    layout = _csv_form(table, looked) if form == "csv" else None
    compressed = form != "parquet" and any(uri.endswith(COMPRESSED) for uri in files)
    return Discovered(form, columns.types(), layout, compressed)


def _format(storage: Storage, files: Iterable[str]) -> str:
    examples: dict[str, str] = {}
    for uri in files:
        examples.setdefault(_format_of(storage, uri), uri)
    if len(examples) > 1:
        seen = ", ".join(f"{form} ({uri})" for form, uri in sorted(examples.items()))
        raise ConfigError(f"The files have several formats: {seen}. A table has one.")
    return next(iter(examples))


def _format_of(storage: Storage, uri: str) -> str:
    name = uri.rpartition("/")[2].lower()
    for suffix in COMPRESSED:
        name = name.removesuffix(suffix)
    known = SUFFIXES.get(f".{name.rpartition('.')[2]}" if "." in name else "")
    return known or _format_by_content(storage, uri)


def _format_by_content(storage: Storage, uri: str) -> str:
    with _opened(storage, uri) as stream:
        start = stream.read(64)
    if start[:4] == b"PAR1":
        return "parquet"
    if start.lstrip()[:1] == b"{":
        return "json"
    raise ConfigError(
        f"{uri} has no known format. Expected Parquet, CSV or JSON lines, and a name that ends in"
        f" one of {', '.join(SUFFIXES)}, perhaps with {', '.join(COMPRESSED)}."
    )


def _opened(storage: Storage, uri: str) -> pa.NativeFile:
    return storage.filesystem.open_input_stream(path_of(uri))  # it decompresses by suffix


Look = Callable[[Storage, str], _Looked]


def _read(storage: Storage, uri: str, table: str, look: Look) -> _Looked:
    try:
        return look(storage, uri)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise InvalidData(table, [Problem(None, f"{uri}: {error}")]) from error
    except OSError as error:
        raise StorageError(f"{uri} cannot be read: {error}") from error


def _look_at_parquet(storage: Storage, uri: str) -> _Looked:
    return _Looked(uri, pq.read_schema(path_of(uri), filesystem=storage.filesystem))


def _look_at_csv(storage: Storage, uri: str) -> _Looked:
    schema, form = read_csv(_sample(storage, uri), tabs=".tsv" in uri.rpartition("/")[2].lower())
    return _Looked(uri, schema, form)


def _look_at_json(storage: Storage, uri: str) -> _Looked:
    sample = _sample(storage, uri)
    for line in sample.splitlines()[:2]:
        _check_line(line)
    read = pajson.ReadOptions(block_size=max(len(sample), 1))
    schema = pajson.read_json(io.BytesIO(sample), read).schema
    return _Looked(uri, pa.schema([(f.name, _without_times(f.type)) for f in schema]))


def _check_line(line: bytes) -> None:
    """One whole object a line is what Athena reads.

    https://docs.aws.amazon.com/athena/latest/ug/json-serde.html
    """
    try:
        whole = not line.strip() or isinstance(json.loads(line), dict)
    except ValueError:
        whole = False
    if not whole:
        raise ValueError("is no JSON lines. Expected one object on each line, no array around them")


def _without_times(type_: pa.DataType) -> pa.DataType:
    """Arrow takes text for times that Athena's SerDe would not read; text keeps it."""
    if pa.types.is_temporal(type_):
        return pa.string()
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, _without_times(field.type)) for field in type_])
    return pa.list_(_without_times(type_.value_type)) if pa.types.is_list(type_) else type_


def _sample(storage: Storage, uri: str) -> bytes:
    """The first whole lines of a file, all of them if it is short."""
    with _opened(storage, uri) as stream:
        data = bytes(stream.read(SAMPLE))
        if len(data) < SAMPLE:
            return data
    return data[: data.rfind(b"\n") + 1]


class _Columns:
    """The columns of all files, in the order in which they first came."""

    def __init__(self, table: str, widen: Widen) -> None:
        self._table, self._widen = table, widen
        self._known: dict[str, tuple[pa.DataType, str]] = {}
        self._problems: dict[str, Problem] = {}

    def add(self, file: _Looked) -> None:
        """Take up a file's columns."""
        seen: set[str] = set()
        for field in file.schema:
            name = field.name.lower()
            if name in seen:
                self._refuse(name, f"stands in {file.uri} twice; Athena folds case")
            seen.add(name)
            try:
                self._meet(name, readable(field.type), file.uri)
            except UnsupportedType as error:
                self._refuse(name, f"{error} (in {file.uri}). Write the files with another type")

    def _meet(self, name: str, type_: pa.DataType, uri: str) -> None:
        known, first = self._known.get(name, (pa.null(), uri))
        both = self._widen(known, type_)
        if both is None:
            self._refuse(name, f"is {known} in {first} and {type_} in {uri}. A column has one type")
            return
        self._known[name] = both, (uri if both.equals(type_) and not both.equals(known) else first)

    def _refuse(self, name: str, what: str) -> None:
        self._problems.setdefault(name, Problem(name, f"{what}."))

    def types(self) -> dict[str, pa.DataType]:
        """Names and types; what no file had a value for is text.

        Raises:
            InvalidData: they contradict each other.
        """
        if self._problems:
            raise InvalidData(self._table, list(self._problems.values()))
        return {name: _certain(type_) for name, (type_, _) in self._known.items()}


def _certain(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_null(type_):
        return pa.string()
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, _certain(field.type)) for field in type_])
    if pa.types.is_map(type_):
        return pa.map_(_certain(type_.key_type), _certain(type_.item_type))
    return pa.list_(_certain(type_.value_type)) if pa.types.is_list(type_) else type_


def _csv_form(table: str, files: Iterable[_Looked]) -> CsvForm:
    """The one layout of all files: Athena finds CSV's columns by position."""
    iterator: Iterator[_Looked] = iter(files)
    first = next(iterator)
    form = first.csv or CsvForm()
    for file in iterator:
        if file.schema.names != first.schema.names:
            what = (
                f"have other columns: {first.schema.names} in {first.uri}, {file.schema.names} in"
                f" {file.uri}. Athena reads CSV by position, so every header has to be the same"
            )
            raise InvalidData(table, [Problem(None, what + ".")])
        if file.csv is not None and file.csv.delimiter != form.delimiter:
            what = f"have other delimiters: {first.uri} and {file.uri}. A table has one."
            raise InvalidData(table, [Problem(None, what)])
        form = form.with_file(file.csv)
    return form


_LOOKS: Mapping[str, Look] = {
    "parquet": _look_at_parquet,
    "csv": _look_at_csv,
    "json": _look_at_json,
}
_WIDEN: Mapping[str, Widen] = {
    "parquet": widen_parquet,
    "csv": widen_csv,
    "json": widen_json,
}
