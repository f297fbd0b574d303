"""The objects of a store, as files of a pyarrow filesystem.

Data files never pass through botocore: on AWS pyarrow's C++ client moves them, and an
embedded store's are plain files.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow.fs as pafs

from fsql.aws import Aws
from fsql.errors import StorageError
from fsql.outages import told

__all__ = ["Object", "Storage", "path_of"]

DELETED_AT_ONCE = 1000  # AmazonS3/latest/API/API_DeleteObjects.html
_SWEEPS = 20  # of a folder to which others write
_SCHEMES = ("s3://", "s3a://")  # Spark and older tools write the latter


def path_of(uri: str) -> str:
    """``bucket/key`` of an ``s3://bucket/key``.

    Raises:
        StorageError: another scheme.
    """
    for scheme in _SCHEMES:
        if uri.startswith(scheme):
            return uri[len(scheme) :]
    raise StorageError(f"{uri!r} is no S3 location. Expected s3://bucket/key.")


@dataclass(frozen=True)
class Object:
    """One object: its s3:// URI and its size in bytes."""

    uri: str
    size: int


class Storage:
    """What the layers above do with objects, apart from reading and writing Parquet."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    @property
    def filesystem(self) -> pafs.FileSystem:
        """The filesystem; its paths are ``bucket/key``, see `path_of`."""
        return self.aws.filesystem

    def for_writing(self, uri: str) -> str:
        """The path of an object that is about to be written to `filesystem`."""
        path = path_of(uri)
        self.aws.make_way(path)
        return path

    def list(self, prefix: str) -> list[Object]:
        """The objects below an s3:// prefix that ends at a slash, by URI."""
        selector = pafs.FileSelector(
            path_of(prefix).rstrip("/"), recursive=True, allow_not_found=True
        )
        found = self.filesystem.get_file_info(selector)
        files = (info for info in found if info.type == pafs.FileType.File)
        return sorted((Object(f"s3://{f.path}", f.size) for f in files), key=lambda o: o.uri)

    def delete(self, uris: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no error.

        Raises:
            StorageError: some of them are still there.
        """
        keys: dict[str, list[str]] = {}
        for uri in uris:
            bucket, _, key = path_of(uri).partition("/")
            keys.setdefault(bucket, []).append(key)
        # pyarrow's filesystem takes a request each, and puts a marker where the folder was.
        for bucket, found in keys.items():
            for start in range(0, len(found), DELETED_AT_ONCE):
                self._delete(bucket, found[start : start + DELETED_AT_ONCE])

    def _delete(self, bucket: str, keys: Sequence[str]) -> None:
        wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        with told(f"{len(keys):,} objects were to be deleted"):
            answer = self.aws.client("s3").delete_objects(Bucket=bucket, Delete=wanted)
        for error in answer.get("Errors", ()):
            raise StorageError(
                f"s3://{bucket}/{error['Key']} cannot be deleted: {error.get('Message')}"
            )

    def delete_prefix(self, prefix: str) -> None:
        """Delete everything below a prefix; what is written there meanwhile may stay, as in S3."""
        folder = path_of(prefix).rstrip("/")
        for _ in range(_SWEEPS):
            try:
                self.filesystem.delete_dir(folder)
            except FileNotFoundError:  # it is gone, or another deletes it at this moment
                if self.filesystem.get_file_info(folder).type == pafs.FileType.NotFound:
                    return
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:  # a file was added, to a folder that is none's
                    raise
            else:
                return
