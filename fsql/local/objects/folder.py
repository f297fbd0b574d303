"""An embedded store's objects: files that DuckDB reads where they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from fsql.local.store import Store, split_uri, sync_file, sync_folders
from fsql.local.store.listing import Found
from fsql.local.wire import REGION

__all__ = ["FolderObjects"]

_DELETED_AT_ONCE = 1000  # so that other writers wait for moments only


class FolderObjects:
    """The objects of a store; see `Objects`."""

    filesystem = None

    def __init__(self, store: Store) -> None:
        self._store = store
        self._start = f"{store.buckets}/"
        self.scratch = store.staging
        self.readable = [str(store.buckets)]

    def require_bucket(self, bucket: str) -> None:
        self._store.bucket_path(bucket)

    def ensure_bucket(self, bucket: str) -> None:
        if not (self._store.buckets / bucket).is_dir():
            with self._store.write() as db:
                (self._store.buckets / bucket).mkdir(exist_ok=True)
                row = (bucket, time.time(), REGION)
                db.execute("INSERT OR IGNORE INTO s3_bucket VALUES (?, ?, ?)", row)

    def find(self, uri: str) -> Found | None:
        return self._store.find(*split_uri(uri))

    def list(self, uri: str) -> Iterator[Found]:
        return self._store.list(*split_uri(uri))

    def place(self, uri: str) -> str:
        return str(self._store.path(*split_uri(uri)))

    def uri(self, place: str) -> str:
        return f"s3://{place.removeprefix(self._start)}"

    def uri_sql(self, place: str) -> str:
        return f"'s3://' || {place}[{len(self._start) + 1}:]"

    def shown(self, text: str) -> str:
        return text.replace(self._start, "s3://")

    def open(self, uri: str) -> BinaryIO:
        return self._store.path(*split_uri(uri)).open("rb")

    def create(self, uri: str, overwrite: bool) -> _Publishing:
        if not overwrite and self.find(uri) is not None:
            raise FileExistsError(f"{uri} exists already and may not be overwritten.")
        return _Publishing(self._store, uri)

    @contextmanager
    def result(self, uri: str) -> Iterator[Path]:
        path = self._store.path(*split_uri(uri))
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path

    def publish(self, files: Mapping[str, Path], check: Callable[[], None]) -> None:
        """As `Objects.publish`: the files are renamed one right after the other.

        A process killed in between leaves some of them, as Athena may, but there is hardly a
        time for it.
        """
        for path in files.values():
            sync_file(path)
        check()
        places: dict[str, Path] = {}
        try:
            with self._store.write(durable=False) as _:
                for uri, path in files.items():
                    places[uri] = self._store.place(path, *split_uri(uri))
        except BaseException:
            self.delete(places)
            raise
        for place in {place.parent: place for place in places.values()}.values():
            sync_folders(place, self._store.buckets)

    def delete(self, uris: Iterable[str]) -> None:
        left = iter(uris)
        while batch := list(islice(left, _DELETED_AT_ONCE)):
            with self._store.write() as _:
                for uri in batch:
                    self._store.unlink(*split_uri(uri))


class _Publishing:
    """A stream into the staging folder that becomes the object when it is closed."""

    def __init__(self, store: Store, uri: str) -> None:
        self._store = store
        self._target = split_uri(uri)
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
