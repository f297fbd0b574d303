"""pyiceberg on the embedded store: files by S3 URI, and the catalog through Glue's operations."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, BinaryIO, Protocol

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.typedef import EMPTY_DICT, Properties

from fsql.local.store import Store, split_uri
from fsql.local.wire import AwsError

__all__ = ["EmbeddedCatalog", "GlueCalls", "StoreFileIO"]


class GlueCalls(Protocol):
    """Whatever answers Glue's operations in the shapes of the wire."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The operation's output; AwsError."""
        ...


class StoreFileIO(FileIO):
    """pyiceberg's files: ``s3://bucket/key`` is the object's file in the store's folder."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def new_input(self, location: str) -> InputFile:
        return _Input(location, self._store)

    def new_output(self, location: str) -> OutputFile:
        return _Output(location, self._store)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        uri = location if isinstance(location, str) else location.location
        with self._store.write() as _:
            self._store.unlink(*split_uri(uri))


class _Input(InputFile):
    def __init__(self, location: str, store: Store) -> None:
        super().__init__(location)
        self._path = _path(store, location)

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.is_file()

    def open(self, seekable: bool = True) -> InputStream:
        return self._path.open("rb")


class _Output(OutputFile):
    def __init__(self, location: str, store: Store) -> None:
        super().__init__(location)
        self._store = store

    def __len__(self) -> int:
        return _path(self._store, self.location).stat().st_size

    def exists(self) -> bool:
        return _path(self._store, self.location).is_file()

    def to_input_file(self) -> InputFile:
        return _Input(self.location, self._store)

    def create(self, overwrite: bool = False) -> OutputStream:
        if not overwrite and self.exists():
            raise FileExistsError(f"{self.location} exists already and may not be overwritten.")
        return _Publishing(self._store, self.location)


class _Publishing:
    """A stream into the staging folder that becomes the object when it is closed."""

    def __init__(self, store: Store, location: str) -> None:
        self._store = store
        self._target = split_uri(location)
        self._staged: AbstractContextManager[BinaryIO] = store.stage()
        self._file = self._staged.__enter__()
        self._open = True

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._file.flush()
            self._store.publish(self._file.name, *self._target)
            self._staged.__exit__(None, None, None)

    def __enter__(self) -> _Publishing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif self._open:
            self._open = False
            self._staged.__exit__(kind, error, trace)


def _path(store: Store, location: str) -> Path:
    return store.path(*split_uri(location))


class EmbeddedCatalog(GlueCatalog):
    """pyiceberg's Glue catalog without boto3: Glue's operations and the store's files in process.

    `_load_file_io` is pyiceberg's own hook for where a table's files are; it is not public.
    """

    def __init__(self, store: Store, glue: GlueCalls) -> None:
        super().__init__("embedded", client=_GlueClient(glue))
        self._io = StoreFileIO(store)

    def _load_file_io(
        self, properties: Properties = EMPTY_DICT, location: str | None = None
    ) -> FileIO:
        return self._io


class _GlueError(Exception):
    """The base of the exceptions that a boto3 Glue client has as attributes."""


class _GlueClient:
    """As much of a boto3 Glue client as pyiceberg uses: a method an operation, and exceptions."""

    def __init__(self, glue: GlueCalls) -> None:
        self._glue = glue
        names = (
            "AlreadyExistsException",
            "ConcurrentModificationException",
            "EntityNotFoundException",
            "InvalidInputException",
        )
        self._classes = {name: type(name, (_GlueError,), {}) for name in names}
        self.exceptions = SimpleNamespace(**self._classes)

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = re.sub(r"(?:^|_)([a-z])", lambda match: match[1].upper(), method)

        def call(**request: Any) -> dict[str, Any]:
            try:
                return self._glue.call(operation, request)
            except AwsError as error:
                known = self._classes.get(error.code)
                if known is None:
                    raise
                raise known(error.message) from error

        return call
