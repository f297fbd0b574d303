"""The embedded store's folder: objects as plain files, and the catalog database beside them.

=============================== ====================================================
``<root>/s3/<bucket>/<key>``     objects
``<root>/tmp/``                  files being written, renamed into place when complete
``<root>/multipart/<upload>/``   parts of unfinished multipart uploads
``<root>/catalog.db``            SQLite: Glue, Athena, what S3 knows beyond file bytes
=============================== ====================================================
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fsql.local.store import keys
from fsql.local.store.catalog_db import CatalogDb
from fsql.local.store.listing import Common, Found, Walk
from fsql.local.wire import AwsError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_STALE_SECONDS = 24 * 3600.0


class Store:
    """A folder that answers as S3's objects and holds the catalog.

    Safe for threads, for several processes at once, and across a fork. ``root`` is made if
    missing. OSError, naming the folder, when it can't be made, written or read.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.realpath(root))
        self.buckets = self.root / "s3"
        self.staging = self.root / "tmp"
        self.multipart = self.root / "multipart"
        try:
            for folder in (self.buckets, self.staging, self.multipart):
                folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            self._folds_case = self._probe_case()
        except OSError as error:
            raise _unusable(self.root, error) from error
        try:
            self._db = CatalogDb(self.root / "catalog.db")
        except sqlite3.Error as error:
            raise OSError(f"The store's catalog {self.root / 'catalog.db'}: {error}.") from error

    # The catalog database

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """A snapshot of catalog.db; see :meth:`CatalogDb.read`."""
        return self._db.read()

    def write(self, durable: bool = True) -> AbstractContextManager[sqlite3.Connection]:
        """The one write transaction on catalog.db; see :meth:`CatalogDb.write`."""
        return self._db.write(durable)

    def close(self) -> None:
        """Close idle database connections."""
        self._db.close()

    # Names and paths

    def bucket_path(self, bucket: str) -> Path:
        """The folder of a bucket. AwsError NoSuchBucket if it does not exist."""
        path = self.buckets / bucket
        if not valid_bucket(bucket) or not stat.S_ISDIR(_mode(str(path))):
            raise AwsError(
                "NoSuchBucket", "The specified bucket does not exist", 404, {"BucketName": bucket}
            )
        return path

    def path(self, bucket: str, key: str) -> Path:
        """The file of an object: where it lies, or where it would be written.

        Never outside the bucket's folder. AwsError for a bucket that does not exist
        (NoSuchBucket), a key that S3 forbids, or one behind a symbolic link (AccessDenied).
        """
        return self._locate(self.bucket_path(bucket), check_key(key))

    def uri_to_path(self, uri: str) -> Path:
        """The file of ``s3://bucket/key``; the folder of ``s3://bucket/prefix/``.

        The folder holds the prefix's objects but those of odd keys: :meth:`list` has them all.
        """
        bucket, key = split_uri(uri)
        if key and not key.endswith("/"):
            return self.path(bucket, key)
        folder = self.bucket_path(bucket)
        plain = keys.plain_path(key.rstrip("/")) if key.rstrip("/") else ""
        if plain is None:
            raise ValueError(f"{uri}: no folder can hold objects under such a prefix.")
        return self._refuse_links(folder, folder / plain)

    def path_to_uri(self, path: str | os.PathLike[str]) -> str:
        """The ``s3://`` URI of a file in this store; ValueError for any other file."""
        try:
            relative = Path(path).absolute().relative_to(self.buckets)
        except ValueError:
            raise ValueError(f"{path} is no object of the store in {self.root}.") from None
        bucket, _, rest = relative.as_posix().partition("/")
        key = keys.key_of(rest)
        if key is None:
            raise ValueError(f"{path} is no object of the store in {self.root}.")
        return f"s3://{bucket}/{key}"

    # Objects

    def find(self, bucket: str, key: str) -> Found | None:
        """The object's file, or None. AwsError as for :meth:`path`."""
        path = self.path(bucket, key)
        with suppress(FileNotFoundError, NotADirectoryError):
            info = path.stat()
            if stat.S_ISREG(info.st_mode):
                return Found.at(key, path, info)
        return None

    def list(self, bucket: str, prefix: str = "", after: str = "") -> Iterator[Found]:
        """The objects whose keys start with ``prefix`` and sort after ``after``, in key order."""
        for entry in Walk(self.bucket_path(bucket), prefix, after):
            if isinstance(entry, Found):
                yield entry

    def list_grouped(self, bucket: str, prefix: str, after: str = "") -> Iterator[Found | Common]:
        """As :meth:`list`, with all that lies below a further ``/`` rolled up into one entry."""
        return iter(Walk(self.bucket_path(bucket), prefix, after, group=True))

    @contextmanager
    def stage(self) -> Iterator[BinaryIO]:
        """A new file in the store's file system that no listing shows.

        Hand its ``name`` to :meth:`publish`; a file not published is deleted at the end.
        """
        path = self.staging / uuid.uuid4().hex
        try:
            with path.open("x+b") as file:
                yield file
        finally:
            path.unlink(missing_ok=True)

    def publish(self, source: str | os.PathLike[str], bucket: str, key: str) -> Path:
        """Make a complete file (from :attr:`staging`) the object, at once or not at all.

        The bytes are on the disk before the object can be seen. Returns the object's path.
        """
        sync_file(source)
        with self.write(durable=False) as db:
            db.execute("DELETE FROM s3_object WHERE bucket = ? AND key = ?", (bucket, key))
            path = self.place(source, bucket, key)
        sync_folders(path, self.buckets)
        return path

    def place(self, source: str | os.PathLike[str], bucket: str, key: str) -> Path:
        """Rename a synced file into place; the caller holds :meth:`write`, then syncs folders."""
        for attempt in range(10):
            path = self.path(bucket, key)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                return Path(source).replace(path)
            except (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError):
                # Another program made or removed a folder meanwhile: look again.
                if attempt == 9 or not Path(source).exists():
                    raise
        raise AssertionError("unreachable")

    def unlink(self, bucket: str, key: str) -> None:
        """Delete an object's file; the caller holds :meth:`write`.

        An object that does not exist is no error, as in S3. Folders stay: another program may be
        about to write into one that is empty now.
        """
        while (found := self.find(bucket, key)) is not None:
            found.path.unlink(missing_ok=True)

    # Inside

    def _locate(self, bucket: Path, key: str) -> Path:
        plain = keys.plain_path(key)
        path = None if plain is None else self._ordinary(bucket, key, plain)
        return self._refuse_links(bucket, path or bucket / keys.odd_path(key))

    def _ordinary(self, bucket: Path, key: str, plain: str) -> Path | None:
        """The key's own path; None if the object is, or has to be, in the odd folder."""
        path = bucket / plain
        kind = self._kind(path)
        if kind == "file":
            return path if self._spelled_so(bucket, plain) else None
        free = kind == "missing" and not (self._folds_case and keys.folds(key))
        return path if free and not (bucket / keys.odd_path(key)).exists() else None

    @staticmethod
    def _kind(path: Path) -> str:
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            return "missing"
        except NotADirectoryError:
            return "blocked"
        return "file" if stat.S_ISREG(mode) else "blocked"

    def _spelled_so(self, bucket: Path, plain: str) -> bool:
        """Whether the file has just this name, where the file system takes others for it too."""
        if not self._folds_case:
            return True
        folder = bucket
        for segment in plain.split("/"):
            if folder / segment not in folder.iterdir():
                return False
            folder /= segment
        return True

    def _refuse_links(self, bucket: Path, path: Path) -> Path:
        step = str(bucket)
        for segment in path.parts[len(bucket.parts) :]:
            step = f"{step}{os.sep}{segment}"
            mode = _mode(step)
            if not mode:
                break
            if stat.S_ISLNK(mode):
                name = step.removeprefix(f"{self.buckets}{os.sep}")
                raise AwsError(
                    "AccessDenied", f"{name} is a symbolic link; the store follows none.", 403
                )
        return path

    def _probe_case(self) -> bool:
        with tempfile.NamedTemporaryFile(dir=self.staging, prefix="case") as file:
            return (self.staging / Path(file.name).name.upper()).exists()

    def _sweep(self) -> None:
        """Delete what processes that were killed left in the staging folder."""
        horizon = time.time() - _STALE_SECONDS
        with os.scandir(self.staging) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.stat().st_mtime < horizon:
                        Path(entry).unlink()


def _mode(path: str) -> int:
    """The mode of a file, of a symbolic link itself; 0 for none."""
    try:
        return os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 0


def valid_bucket(name: str) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    return bool(_BUCKET.fullmatch(name)) and ".." not in name


def check_key(key: str) -> str:
    """The key, if S3 allows it; AwsError KeyTooLongError or InvalidURI if not."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise AwsError("InvalidURI", f"The key {key!r} is not valid UTF-8.") from None
    if not key:
        raise AwsError("InvalidURI", "The key is empty; an object needs one of 1 to 1024 bytes.")
    if size > keys.MAX_KEY_BYTES:
        raise AwsError(
            "KeyTooLongError",
            "Your key is too long",
            400,
            {"Size": str(size), "MaxSizeAllowed": str(keys.MAX_KEY_BYTES)},
        )
    return key


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of ``s3://bucket/key`` (s3a and s3n too); ValueError for anything else."""
    scheme, separator, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if not separator or scheme.lower() not in ("s3", "s3a", "s3n") or not bucket:
        raise ValueError(f"{uri!r} is no S3 location; expected s3://bucket/key.")
    return bucket, key


def sync_file(path: str | os.PathLike[str]) -> None:
    """Wait until a file's bytes, or a folder's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folders(path: Path, top: Path) -> None:
    """Wait until the folders from ``path`` up to ``top`` are on the disk, new ones included."""
    for folder in path.parents:
        with suppress(FileNotFoundError):
            sync_file(folder)
        if folder == top:
            return


def _unusable(root: Path, error: OSError) -> OSError:
    reason = error.strerror or str(error)
    return type(error)(
        error.errno,
        f"The store's folder {root} can't be made or written ({reason}). "
        "Choose a folder that you may write to, e.g. fsql:///path/to/folder",
    )
