"""The objects that queries read and write, wherever they are: what the engine knows of S3.

`folder` has those of an embedded store, which DuckDB reads in place.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

__all__ = ["Object", "Objects", "Writing"]


class Object(Protocol):
    """One object as a listing found it."""

    @property
    def key(self) -> str:
        """Its key in its bucket."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def mtime_ns(self) -> int:
        """When it was written, in nanoseconds since the epoch."""

    @property
    def place(self) -> str:
        """The name by which DuckDB reads it."""

    @property
    def version(self) -> Hashable:
        """What changes when another object is put in its place."""

    def open(self) -> BinaryIO:
        """Its bytes. FileNotFoundError if it was deleted meanwhile."""

    def __hash__(self) -> int: ...


class Writing(Protocol):
    """An object being written: there is none, or the old one, until `close` has returned."""

    def write(self, data: bytes, /) -> int:
        """Append bytes."""

    def tell(self) -> int:
        """How many bytes there are."""

    def close(self) -> None:
        """Make it the object."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Close; after an exception nothing is written."""


class Objects(Protocol):
    """Objects by ``s3://bucket/key`` (s3a and s3n too).

    ValueError for what is no such URI; AwsError in S3's words for what S3 refuses: a bucket that
    does not exist, access denied.

    Attributes:
        scratch: a folder of this machine for files that are no objects yet.
        readable: what the places that DuckDB may read start with.
        filesystem: the fsspec filesystem of places that are no files of this machine, or None.
    """

    @property
    def scratch(self) -> Path: ...

    @property
    def readable(self) -> list[str]: ...

    @property
    def filesystem(self) -> Any: ...

    def require_bucket(self, bucket: str) -> None:
        """AwsError if there is no such bucket."""

    def ensure_bucket(self, bucket: str) -> None:
        """Make a bucket if there is none."""

    def find(self, uri: str) -> Object | None:
        """The object, or None."""

    def list(self, uri: str) -> Iterator[Object]:
        """The objects whose URIs start with `uri`, in the order of their keys."""

    def place(self, uri: str) -> str:
        """The name by which DuckDB reads an object that a table says is there."""

    def uri(self, place: str) -> str:
        """The URI of a place, as :meth:`uri_sql` tells it: odd keys have others."""

    def uri_sql(self, place: str) -> str:
        """The SQL expression of a URI from that of a place."""

    def shown(self, text: str) -> str:
        """A text with URIs in the stead of places."""

    def open(self, uri: str) -> BinaryIO:
        """An object's bytes, seekable. FileNotFoundError if there is none."""

    def create(self, uri: str, overwrite: bool) -> Writing:
        """A new object. FileExistsError if there is one that may not be overwritten."""

    def result(self, uri: str) -> AbstractContextManager[Path]:
        """A file to write, which is an object at the end of the block; it may be one before."""

    def publish(self, files: Mapping[str, Path], check: Callable[[], None]) -> None:
        """Make complete files of `scratch` objects, by URI; all of them or, on an error, none.

        Their bytes are safe before the first one can be seen. `check` is called before that,
        and may raise.
        """

    def delete(self, uris: Iterable[str]) -> None:
        """Delete objects; those that do not exist are no error, as in S3."""
