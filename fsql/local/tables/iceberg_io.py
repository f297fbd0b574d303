"""pyiceberg on the engine's objects: files by S3 URI, and the catalog through Glue's operations."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Protocol

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.typedef import EMPTY_DICT, Properties

from fsql.local.objects import Objects
from fsql.local.wire import AwsError

__all__ = ["EmbeddedCatalog", "GlueCalls", "StoreFileIO"]


class GlueCalls(Protocol):
    """Whatever answers Glue's operations in the shapes of the wire."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The operation's output; AwsError."""
        ...


class StoreFileIO(FileIO):
    """pyiceberg's files by S3 URI: objects, wherever they are."""

    def __init__(self, objects: Objects) -> None:
        super().__init__()
        self._objects = objects

    def new_input(self, location: str) -> InputFile:
        return _Input(location, self._objects)

    def new_output(self, location: str) -> OutputFile:
        return _Output(location, self._objects)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        self._objects.delete([location if isinstance(location, str) else location.location])


class _Input(InputFile):
    def __init__(self, location: str, objects: Objects) -> None:
        super().__init__(location)
        self._objects = objects

    def __len__(self) -> int:
        found = self._objects.find(self.location)
        if found is None:
            raise FileNotFoundError(self.location)
        return found.size

    def exists(self) -> bool:
        return self._objects.find(self.location) is not None

    def open(self, seekable: bool = True) -> InputStream:
        return self._objects.open(self.location)


class _Output(OutputFile):
    def __init__(self, location: str, objects: Objects) -> None:
        super().__init__(location)
        self._objects = objects

    def __len__(self) -> int:
        return len(self.to_input_file())

    def exists(self) -> bool:
        return self.to_input_file().exists()

    def to_input_file(self) -> InputFile:
        return _Input(self.location, self._objects)

    def create(self, overwrite: bool = False) -> OutputStream:
        return self._objects.create(self.location, overwrite)


class EmbeddedCatalog(GlueCatalog):
    """pyiceberg's Glue catalog without boto3: Glue's operations and the engine's objects.

    `_load_file_io` is pyiceberg's own hook for where a table's files are; it is not public.
    """

    def __init__(self, objects: Objects, glue: GlueCalls) -> None:
        super().__init__("embedded", client=_GlueClient(glue))
        self._io = StoreFileIO(objects)

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
