"""Where training sets are stored: a folder on S3 for each, with a manifest and what it names.

    <warehouse>/<database>/_training_sets/<name>/manifest.json
    <warehouse>/<database>/_training_sets/<name>/spine-<id>.parquet

Files have names of their own each time. The manifest is put last, by one request, and only if the
one that it replaces is still there: whoever is killed before leaves the set as it was, and files
that nobody knows; of two who save under one name at the same time one is refused
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from fsql.catalog import Catalog
from fsql.errors import StorageError, TrainingSetError, nearest
from fsql.formats.locations import location_of
from fsql.outages import told
from fsql.storage import path_of
from fsql.training.differences import Difference, compared, in_words
from fsql.training.files import Files
from fsql.training.manifest import Manifest

__all__ = ["Shelf"]

FOLDER = "_training_sets"
_FILE = "manifest.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
_ATTEMPTS = 20


class Shelf:
    """The training sets of one database of a store."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @cached_property
    def root(self) -> str:
        """The s3:// prefix that all are below.

        Raises:
            ConfigError: neither the URL nor the database says where tables go.
        """
        database = self._catalog.aws.database
        return f"{location_of(self._catalog, database, FOLDER).rstrip('/')}/"

    def folder(self, name: str) -> str:
        """The s3:// prefix of one.

        Raises:
            TrainingSetError: it cannot be a name.
        """
        if not _NAME.fullmatch(name) or name.endswith(".json"):
            raise TrainingSetError(
                f"{name!r} cannot be the name of a training set. Expected letters, digits, '_', '-'"
                " and '.', the first a letter or digit, at most 200, and no .json at the end."
            )
        return f"{self.root}{name}/"

    # --- looking -------------------------------------------------------------------------------

    @told()
    def names(self) -> list[str]:
        """The names of all, in their order."""
        root = self.root
        found = (object.uri[len(root) :].split("/") for object in self._catalog.storage.list(root))
        return sorted(parts[0] for parts in found if parts[1:] == [_FILE])

    def all(self) -> list[Manifest]:
        """All manifests, by name."""
        found = map(self.find, self.names())
        return [manifest for manifest in found if manifest is not None]

    def find(self, name: str) -> Manifest | None:
        """The manifest of a name, if there is one."""
        uri = f"{self.folder(name)}{_FILE}"
        found = self._read(uri)
        return None if found is None else Manifest.parse(found[0], uri)

    def get(self, given: Any) -> Manifest:
        """A manifest.

        Args:
            given: a name, a manifest or the dict of one, or where one lies: a path or s3:// URI.

        Raises:
            TrainingSetError: there is none, or it is no manifest.
            StorageError: it cannot be read.
        """
        if isinstance(given, Mapping):
            return Manifest.checked(given, "What is given")
        if isinstance(given, os.PathLike):
            return _of_file(Path(given))
        if not isinstance(given, str):
            raise TypeError(
                f"{type(given).__name__} is no training set. Expected the name of one, a manifest,"
                " or the path or s3:// URI of one."
            )
        if "://" in given:
            return self._of_uri(given)
        if given.endswith(".json") or "/" in given or os.sep in given:
            return _of_file(Path(given))
        return self.get_saved(given)

    def get_saved(self, name: str) -> Manifest:
        """The manifest of a name.

        Raises:
            TrainingSetError: there is none.
        """
        found = self.find(name)
        if found is None:
            raise TrainingSetError(_missing(name, self.names()))
        return found

    def diff(self, before: Any, after: Any) -> Difference:
        """How two training sets differ, each given as `get` takes it; raises as `get`."""
        return compared(self.get(before), self.get(after))

    def shown(self, given: Any) -> str:
        """A training set in words, and what became of its tables since; raises as `get`."""
        return in_words(self._catalog, self.get(given))

    def _of_uri(self, uri: str) -> Manifest:
        found = self._read(uri)
        if found is None:
            raise TrainingSetError(f"There is no manifest at {uri}.")
        return Manifest.parse(found[0], uri)

    def _read(self, uri: str) -> tuple[bytes, str] | None:
        """An object and its ETag; None if there is none."""
        bucket, _, key = path_of(uri).partition("/")
        try:
            with told():
                found = self._catalog.aws.client("s3").get_object(Bucket=bucket, Key=key)
                return found["Body"].read(), found["ETag"]
        except StorageError as error:
            if _status(error.__cause__) == 404:
                return None
            raise

    # --- changing ------------------------------------------------------------------------------

    def check_free(self, name: str) -> None:
        """Refuse a name that is taken.

        Raises:
            TrainingSetError: it is.
        """
        found = self.find(name)
        if found is not None:
            raise TrainingSetError(_taken(found))

    @contextmanager
    def writing(self, name: str) -> Iterator[Files]:
        """Files for a training set, deleted again unless its manifest is put."""
        files = Files(self._catalog, self.folder(name))
        try:
            yield files
        except BaseException:
            self._catalog.storage.delete(files.uris)
            raise

    def put(self, name: str, manifest: Manifest, overwrite: bool) -> None:
        """Put a manifest, and delete what the one before it named.

        Raises:
            TrainingSetError: the name is taken; another process may have come first.
        """
        uri = f"{self.folder(name)}{_FILE}"
        for _ in range(_ATTEMPTS):
            before = self._read(uri) if overwrite else None
            condition = {"IfNoneMatch": "*"} if before is None else {"IfMatch": before[1]}
            if self._put(uri, str(manifest).encode(), condition):
                if before is not None:
                    self._delete_files(Manifest.parse(before[0], uri), manifest)
                return
            if not overwrite:
                raise TrainingSetError(_taken(self.find(name) or manifest))
        raise TrainingSetError(f"Others keep saving {name!r} at this moment; nothing was replaced.")

    def _put(self, uri: str, body: bytes, condition: Mapping[str, str]) -> bool:
        """Whether an object was put."""
        bucket, _, key = path_of(uri).partition("/")
        kind = "application/json"
        try:
            with told():
                self._catalog.aws.client("s3").put_object(
                    Bucket=bucket, Key=key, Body=body, ContentType=kind, **condition
                )
        except StorageError as error:
            if _status(error.__cause__) in (404, 409, 412):
                return False
            raise
        return True

    def _delete_files(self, old: Manifest, new: Manifest) -> None:
        folder = new.files[0].rpartition("/")[0]
        own = [uri for uri in old.files if uri.startswith(f"{folder}/")]
        self._catalog.storage.delete(set(own) - set(new.files))

    @told()
    def drop(self, name: str) -> None:
        """Delete a training set, and what was left of saving it.

        Raises:
            TrainingSetError: there is none of that name.
        """
        folder = self.folder(name)
        self.get_saved(name)
        self._catalog.storage.delete([f"{folder}{_FILE}"])
        self._catalog.storage.delete_prefix(folder)

    def __repr__(self) -> str:
        return f"<training sets in {self.root}>"


def _of_file(path: Path) -> Manifest:
    try:
        text = path.expanduser().read_bytes()
    except OSError as error:
        raise StorageError(f"The manifest {str(path)!r} cannot be read: {error}") from error
    return Manifest.parse(text, str(path))


def _missing(name: str, known: list[str]) -> str:
    close = nearest(name, known)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"There is no training set {name!r}.{hint} `fsql training-set list` shows them."


def _taken(found: Manifest) -> str:
    return (
        f"There is a training set {found.name!r} already, saved {found['saved']} by {found['by']}."
        " Pass overwrite=True to replace it, or choose another name."
    )


def _status(error: BaseException | None) -> int | None:
    if not isinstance(error, ClientError):
        return None
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status
