"""Objects of S3 as files: for Python, and for DuckDB by fsspec."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError
from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

from fsql.local.remote.failures import aws_error, translated
from fsql.local.store import split_uri

__all__ = ["DuckFiles", "RemoteObject", "opened"]

_LEAST = 1 << 20  # bytes of a request: a small object comes whole, a footer with its length


@dataclass(frozen=True)
class RemoteObject:
    """An object as it was when it was listed or opened; see `Object`."""

    client: Any
    uri: str
    size: int
    mtime_ns: int
    version: str

    @classmethod
    def of(cls, client: Any, uri: str, said: dict[str, Any], size: int) -> RemoteObject:
        """What S3 says of an object, in a listing or beside its bytes."""
        return cls(client, uri, size, round(said["LastModified"].timestamp() * 1e9), said["ETag"])

    @property
    def key(self) -> str:
        return split_uri(self.uri)[1]

    @property
    def place(self) -> str:
        return self.uri

    def open(self) -> BinaryIO:
        """Its bytes. FileNotFoundError if it was deleted meanwhile."""
        return opened(self.client, self.uri)


def opened(client: Any, uri: str) -> BinaryIO:
    """An object's bytes. FileNotFoundError if there is none."""
    return cast("BinaryIO", S3File(client, uri))


class S3File(io.RawIOBase):
    """An object being read in ranges, all of them of the object that was there at first.

    DuckDB seeks and reads from several threads at once: each reads where it has sought to, and
    goes on where the last read ended if it has not sought.
    """

    def __init__(self, client: Any, uri: str) -> None:
        super().__init__()
        self._client, self._uri = client, uri
        self._address = dict(zip(("Bucket", "Key"), split_uri(uri), strict=True))
        self._sought: dict[int, int] = {}
        self._at = 0
        self._lock = threading.Lock()
        start, self.found = self._first()
        self.size = self.found.size
        self._window = 0, start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        with self._lock:
            return self._sought.get(threading.get_ident(), self._at)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self.size}[whence]
        with self._lock:
            self._at = self._sought[threading.get_ident()] = base + offset
            return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        with self._lock:
            start = self._sought.pop(threading.get_ident(), None)
            if start is None:
                self._sought.clear()
                start = self._at
            wanted = self.size - start if size is None or size < 0 else size
            end = max(start, min(start + wanted, self.size))
            self._at = end
        return self._bytes(start, end)

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def readall(self) -> bytes:
        return self.read()

    def _bytes(self, start: int, end: int) -> bytes:
        first, held = self._window
        if not first <= start <= end <= first + len(held):
            first = min(start, max(0, self.size - _LEAST))
            held = self._range(first, max(end, min(first + _LEAST, self.size)))
            self._window = first, held
        return held[start - first : end - first]

    def _range(self, start: int, end: int) -> bytes:
        with translated():
            answer = self._client.get_object(
                **self._address, Range=f"bytes={start}-{end - 1}", IfMatch=self.found.version
            )
            return bytes(answer["Body"].read())

    def _first(self) -> tuple[bytes, RemoteObject]:
        """The first bytes, and what S3 says of the object."""
        try:
            answer = self._client.get_object(**self._address, Range=f"bytes=0-{_LEAST - 1}")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchKey":
                raise FileNotFoundError(f"{self._uri} does not exist.") from error
            if code != "InvalidRange":  # which an empty object has none of
                raise aws_error(error) from error
            with translated():
                answer = self._client.get_object(**self._address)
        with translated():
            data = bytes(answer["Body"].read())
        total = answer.get("ContentRange", "").rpartition("/")[2]
        size = int(total) if total.isdecimal() else len(data)
        return data, RemoteObject.of(self._client, self._uri, answer, size)


class DuckFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """What DuckDB asks of ``s3://`` places: it opens each, then asks for its size and time."""

    protocol = "s3"
    cachable = False

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._client = client
        self._last = threading.local()

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix("s3://")

    def open(self, path: str, mode: str = "rb", **_: Any) -> BinaryIO:
        """An object to be read; PermissionError for another mode."""
        if mode != "rb":
            raise PermissionError(f"{path} may not be written by a query's own words.")
        file = S3File(self._client, f"s3://{self._strip_protocol(path)}")
        self._last.found = file.found
        return cast("BinaryIO", file)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """An object's size."""
        return {"name": path, "size": self._found(path).size, "type": "file"}

    def modified(self, path: str) -> Any:
        """When an object was written."""
        import datetime as dt

        return dt.datetime.fromtimestamp(self._found(path).mtime_ns / 1e9, dt.UTC)

    def glob(self, path: str, **_: Any) -> list[str]:
        """Places name one object each, whatever characters are in them."""
        return [path]

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is an object."""
        try:
            self._found(path)
        except FileNotFoundError:
            return False
        return True

    def isfile(self, path: str) -> bool:
        """Whether there is an object."""
        return self.exists(path)

    def _found(self, path: str) -> RemoteObject:
        uri = f"s3://{self._strip_protocol(path)}"
        last: RemoteObject | None = getattr(self._last, "found", None)
        if last is None or last.uri != uri:
            last = self._last.found = S3File(self._client, uri).found
        return last
