"""What a Hive-style group consists of: one manifest object for each partition.

A manifest names the partition's files, a line each. Glue and S3 have no transaction over several
of them, but S3 replaces one object atomically, and only if it is still the one that was read
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). So each
partition is as before a write or as after it, and writers at the same time lose nothing.

A manifest with files in it belongs to a partition that Glue has: an empty one is put first, then
Glue gets the partition, then the files are named. Listing the manifests thus gives the table.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from fsql.catalog import MANIFESTS, Catalog, Entry
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.layout import Layout, layout_of
from fsql.formats.remembered import Remembered
from fsql.storage import path_of

__all__ = ["REQUESTS", "Changed", "Listed", "Manifest", "Manifests", "State"]

NAME = "manifest"
REQUESTS = 16  # at the same time
_ROWS, _BYTES = "rows", "bytes"


class Changed(Exception):
    """Somebody else has put a manifest since it was read."""


@dataclass(frozen=True)
class Listed:
    """A manifest as a listing has it.

    Attributes:
        texts: the partition's values as folders spell them.
        etag: of this very content.
        size: bytes; 0 where the partition is empty.
    """

    texts: Texts
    etag: str
    size: int
    written: dt.datetime


State: TypeAlias = tuple[Listed, ...]
"""All manifests of a table at one moment: the same ones mean the same rows."""


@dataclass(frozen=True)
class Manifest:
    """The files of one partition, oldest first, and what they hold together.

    Attributes:
        etag: None as long as there is no such object.
    """

    texts: Texts
    uris: tuple[str, ...] = ()
    rows: int = 0
    bytes: int = 0
    etag: str | None = None

    def adding(self, uris: Iterable[str], rows: int, size: int) -> Manifest:
        """With more files."""
        files = (*self.uris, *uris)
        return replace(self, uris=files, rows=self.rows + rows, bytes=self.bytes + size)

    def emptied(self) -> Manifest:
        """Without any files."""
        return Manifest(self.texts, etag=self.etag)


class Manifests:
    """The manifests of one feature group's table.

    Args:
        entry: as the catalog has it now.
    """

    def __init__(self, catalog: Catalog, entry: Entry) -> None:
        self._catalog, self._entry = catalog, entry
        self.layout: Layout = layout_of(entry)
        self.root = f"{entry.location}/"
        self._bucket, _, key = path_of(self.root).partition("/")
        self._prefix = key + MANIFESTS
        self._read = _known(catalog)

    @property
    def _s3(self) -> Any:
        return self._catalog.aws.client("s3")

    def _key(self, texts: Texts) -> str:
        return f"{self._prefix}{self.layout.folder(texts)}{NAME}"

    def listed(self) -> State:
        """All manifests, in pages of 1,000."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        return tuple(
            Listed(
                self.layout.read_folder(found["Key"][len(self._prefix) : -len(NAME)]),
                found["ETag"],
                found["Size"],
                found["LastModified"],
            )
            for page in pages
            for found in page.get("Contents", ())
        )

    def version(self) -> str:
        """A text that is another one after every write."""
        digest = hashlib.sha256()
        for listed in self.listed():
            digest.update(f"{listed.texts!r}{listed.etag}".encode())
        return digest.hexdigest()

    def all(self, listed: Iterable[Listed] | None = None) -> list[Manifest]:
        """Manifests with files; those that are known by their ETag are not read again."""
        wanted = [one for one in (self.listed() if listed is None else listed) if one.size]
        return list(self.known(wanted))

    def known(self, listed: Iterable[Listed]) -> Iterator[Manifest]:
        """Manifests that were listed, or newer ones if they have changed since."""
        with ThreadPoolExecutor(REQUESTS, "fsql-manifests") as pool:
            yield from pool.map(self._of_listed, listed)

    def _of_listed(self, listed: Listed) -> Manifest:
        if not listed.size:
            return Manifest(listed.texts, etag=listed.etag)
        key = self._bucket, self._key(listed.texts), listed.etag
        try:
            return self._read.get(key, lambda: self._got(listed.texts, IfMatch=listed.etag))
        except Changed:
            return self.get(listed.texts)

    def get(self, texts: Texts) -> Manifest:
        """A partition's manifest as it is now; without files if there is none."""
        try:
            return self._got(texts)
        except Changed:
            return Manifest(texts)

    def _got(self, texts: Texts, **condition: str) -> Manifest:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=self._key(texts), **condition)
        except ClientError as error:
            raise _changed(error) from error
        uris = tuple(found["Body"].read().decode().split("\n")[:-1])
        noted = found["Metadata"]
        if uris and not {_ROWS, _BYTES} <= noted.keys():  # whoever copied it did not keep them
            return self._counted(Manifest(texts, uris, etag=found["ETag"]))
        rows, size = int(noted.get(_ROWS, 0)), int(noted.get(_BYTES, 0))
        return Manifest(texts, uris, rows, size, found["ETag"])

    def _counted(self, manifest: Manifest) -> Manifest:
        """A manifest with the rows and bytes that its files say they have."""
        filesystem = self._catalog.storage.filesystem
        paths = [path_of(uri) for uri in manifest.uris]
        size = sum(info.size for info in filesystem.get_file_info(paths))
        with ThreadPoolExecutor(REQUESTS, "fsql-footers") as pool:
            footers = pool.map(lambda path: pq.read_metadata(path, filesystem=filesystem), paths)
            return replace(manifest, rows=sum(each.num_rows for each in footers), bytes=size)

    def put(self, manifest: Manifest) -> Manifest:
        """Put a manifest in the place of the one with its ETag, or of none.

        Raises:
            Changed: there is another one.
        """
        condition = {"IfMatch": manifest.etag} if manifest.etag else {"IfNoneMatch": "*"}
        try:
            made = self._s3.put_object(
                Bucket=self._bucket,
                Key=self._key(manifest.texts),
                Body="".join(f"{uri}\n" for uri in manifest.uris).encode(),
                Metadata={_ROWS: str(manifest.rows), _BYTES: str(manifest.bytes)},
                ContentType="text/plain; charset=utf-8",
                **condition,
            )
        except ClientError as error:
            raise _changed(error) from error
        return replace(manifest, etag=made["ETag"])


def _changed(error: ClientError) -> Exception:
    """`Changed` if that is what S3 says: gone, changed meanwhile, or another one than expected."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return Changed() if status in (404, 409, 412) else error


_Read = Remembered[tuple[str, str, str], Manifest]
_kept: WeakKeyDictionary[Catalog, _Read] = WeakKeyDictionary()
_kept_lock = threading.Lock()


def _known(catalog: Catalog) -> _Read:
    """The manifests that were read, by bucket, key and ETag."""
    with _kept_lock:
        return _kept.setdefault(catalog, Remembered(65536))
