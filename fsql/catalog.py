"""What Glue knows: databases, tables, views, and which of them are feature groups."""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO, InputFile, OutputFile
from pyiceberg.io.pyarrow import PyArrowFile

from fsql.aws import Aws
from fsql.columns import Columns, engine_type, real_columns
from fsql.errors import CatalogError, TableNotFound
from fsql.model import GROUP_PROPERTY, SCHEMA_PROPERTY, FeatureGroup, decode_schema
from fsql.notes import noted
from fsql.storage import Storage, path_of
from fsql.types import storage_type

__all__ = ["MANIFESTS", "Catalog", "Entry"]

MANIFESTS = "_manifests/"
"""Below a Hive-style group's location: the objects that say which files are visible."""

_VIEW_START, _VIEW_END = "/* Presto View: ", " */"


@dataclass(frozen=True)
class Entry:
    """One table or view, as Glue's GetTable gives it."""

    glue: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.glue["Name"])

    @property
    def database(self) -> str:
        """The Glue database it is in."""
        return str(self.glue["DatabaseName"])

    @property
    def parameters(self) -> Mapping[str, str]:
        """Glue's table parameters."""
        return self.glue.get("Parameters") or {}

    @property
    def location(self) -> str | None:
        """The s3:// prefix of its data; a Hive-style group's manifests lie below it."""
        location: str | None = self.glue.get("StorageDescriptor", {}).get("Location")
        if location is not None and self.is_hive_group:
            return location.removesuffix(MANIFESTS).rstrip("/")
        return location

    @property
    def version_id(self) -> str | None:
        """Glue's version of the table, the optimistic lock of an update."""
        return self.glue.get("VersionId")

    @property
    def is_view(self) -> bool:
        """Whether it is a view."""
        return self.glue.get("TableType") == "VIRTUAL_VIEW"

    @property
    def is_iceberg(self) -> bool:
        """Whether it is an Iceberg table."""
        return self.parameters.get("table_type", "").upper() == "ICEBERG"

    @property
    def metadata_location(self) -> str | None:
        """An Iceberg table's current metadata file; immutable, so it names one state."""
        return self.parameters.get("metadata_location")

    @property
    def is_group(self) -> bool:
        """Whether it is a feature group."""
        return GROUP_PROPERTY in self.parameters and SCHEMA_PROPERTY in self.parameters

    @property
    def is_hive_group(self) -> bool:
        """Whether it is a feature group of Hive-style Parquet files."""
        return self.is_group and not self.is_iceberg

    @cached_property
    def group(self) -> FeatureGroup | None:
        """The feature group, rebuilt; None for any other table."""
        if not self.is_group:
            return None
        return FeatureGroup.from_properties(self.name, self.parameters, database=self.database)

    @cached_property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Names and Hive types, partition columns last; dropped Iceberg columns left out."""
        descriptor = self.glue.get("StorageDescriptor", {})
        listed = [*descriptor.get("Columns", ()), *self.glue.get("PartitionKeys", ())]
        current = (c for c in listed if c.get("Parameters", {}).get(_CURRENT) != "false")
        return tuple((c["Name"], c["Type"]) for c in current)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The exact schema of a feature group; else the Arrow types of Glue's."""
        if self.is_group:
            return _decoded(self.parameters[SCHEMA_PROPERTY])
        return self.engine_schema

    @cached_property
    def engine_schema(self) -> pa.Schema:
        """The schema as Athena sees it; a type that has no Arrow counterpart is null."""
        if self.is_hive_group:
            return pa.schema([(f.name, storage_type(f.type)) for f in self.table_schema])
        if self.is_group:
            return pa.schema([(field.name, stored) for field, stored in self._real])
        return pa.schema([(name, engine_type(text)) for name, text in self.columns])

    @cached_property
    def table_schema(self) -> pa.Schema:
        """The exact types in the order of the table's columns, as ``SELECT *`` gives them.

        A Hive-style group's partition keys come last, those that are parts of a time among them.
        Columns that SQL has added or given another type have the engine's.
        """
        exact = self.arrow_schema
        if not self.is_group:
            return exact
        if not self.is_hive_group:
            return pa.schema([field for field, _ in self._real], exact.metadata)
        fields = [
            exact.field(name) if name in exact.names else pa.field(name, engine_type(text))
            for name, text in self.columns
        ]
        return pa.schema(fields, exact.metadata)

    @property
    def _real(self) -> Columns:
        return _real(self.parameters[SCHEMA_PROPERTY], self.columns)

    @cached_property
    def view_sql(self) -> str | None:
        """A view's query; None for tables and for views that Athena cannot run."""
        with contextlib.suppress(KeyError):
            return str(self._view["originalSql"])
        return None

    @property
    def names_in(self) -> str:
        """The database of names that have none: a view's are in that where it was made."""
        return str(self._view.get("schema") or self.database).lower()

    @cached_property
    def _view(self) -> Mapping[str, Any]:
        text = self.glue.get("ViewOriginalText") or ""
        if not (text.startswith(_VIEW_START) and text.endswith(_VIEW_END)):
            return {}
        with contextlib.suppress(binascii.Error, ValueError):
            view = json.loads(base64.b64decode(text[len(_VIEW_START) : -len(_VIEW_END)]))
            return view if isinstance(view, dict) else {}
        return {}


_CURRENT = "iceberg.field.current"


@functools.lru_cache(maxsize=1024)
def _decoded(text: str) -> pa.Schema:
    return noted(decode_schema(text))


@functools.lru_cache(maxsize=1024)
def _real(text: str, listed: tuple[tuple[str, str], ...]) -> Columns:
    return real_columns(_decoded(text), listed)


class Catalog:
    """Glue's view of a store, and pyiceberg's on the same session."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.storage = Storage(aws)

    @property
    def glue(self) -> Any:
        """The boto3 Glue client."""
        return self.aws.client("glue")

    @cached_property
    def iceberg(self) -> GlueCatalog:
        """pyiceberg's catalog over the same Glue client and filesystem."""
        return self.iceberg_over(self.glue)

    def iceberg_over(self, glue: Any) -> GlueCatalog:
        """pyiceberg's catalog over another Glue client."""
        return _Iceberg(self.storage, glue)

    def find(self, name: str, database: str | None = None) -> Entry | None:
        """The table or view of that name, or None. One GetTable call."""
        try:
            found = self.glue.get_table(DatabaseName=database or self.aws.database, Name=name)
        except self.glue.exceptions.EntityNotFoundException:
            return None
        return Entry(found["Table"])

    def get(self, name: str, database: str | None = None) -> Entry:
        """The table or view of that name.

        Raises:
            TableNotFound: there is none; the nearest names are in the message.
        """
        entry = self.find(name, database)
        if entry is None:
            database = database or self.aws.database
            raise TableNotFound(name, database, (e.name for e in self.entries(database)))
        return entry

    def entries(self, database: str | None = None, pattern: str | None = None) -> Iterator[Entry]:
        """The tables and views of a database by name, in pages of 100.

        Args:
            database: default the store's own; one that does not exist has no tables.
            pattern: with ``*`` and ``?`` as in file names.
        """
        request: dict[str, Any] = {"DatabaseName": database or self.aws.database}
        if pattern is not None:
            request["Expression"] = _expression(pattern.lower())
        pages = self.glue.get_paginator("get_tables").paginate(**request)
        with contextlib.suppress(self.glue.exceptions.EntityNotFoundException):
            for page in pages:
                yield from map(Entry, page["TableList"])

    def ensure_database(self, database: str | None = None) -> str:
        """Make the database if it is missing; its name.

        Raises:
            CatalogError: it is missing and may not be made.
        """
        database = database or self.aws.database
        try:
            self.glue.get_database(Name=database)
        except self.glue.exceptions.EntityNotFoundException:
            self._create_database(database)
        return database

    def _create_database(self, database: str) -> None:
        try:
            self.glue.create_database(DatabaseInput={"Name": database})
        except self.glue.exceptions.AlreadyExistsException:
            return  # somebody else was first
        except self.glue.exceptions.ClientError as error:
            raise CatalogError(
                f"Database {database!r} does not exist and cannot be made: {error}"
            ) from error


class _Iceberg(GlueCatalog):
    """pyiceberg's Glue catalog with this store's files under it.

    `_load_file_io` is pyiceberg's one hook for that; a test pins it.
    """

    def __init__(self, storage: Storage, client: Any) -> None:
        super().__init__("fsql", client=client)
        self._storage = storage

    def _load_file_io(self, properties: Any = None, location: str | None = None) -> FileIO:
        return StorageIO(self._storage, dict(properties or {}))


class StorageIO(FileIO):
    """pyiceberg's files, through `Storage`."""

    def __init__(self, storage: Storage, properties: dict[str, str] | None = None) -> None:
        super().__init__(properties or {})
        self._storage = storage

    def _file(self, location: str) -> PyArrowFile:
        return PyArrowFile(location=location, path=path_of(location), fs=self._storage.filesystem)

    def new_input(self, location: str) -> InputFile:
        """A file to read."""
        return self._file(location)

    def new_output(self, location: str) -> OutputFile:
        """A file to write."""
        self._storage.for_writing(location)
        return self._file(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Delete a file; one that is gone already is no error."""
        uri = location if isinstance(location, str) else location.location
        self._storage.delete([uri])


def _expression(pattern: str) -> str:
    """A pattern of names as the regular expression that Glue, which is not Python, takes."""
    marks = {"*": ".*", "?": "."}
    return "".join(marks.get(character, re.escape(character)) for character in pattern)
