"""Many small files of a Hive-style group's partition made into few, and files that nobody needs.

Each partition goes over from its old files to the new ones in one go, whatever others add to it
meanwhile. The old files stay for those who are reading them, until a later `sweep`.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import pyarrow as pa
import pyarrow.dataset as ds

from fsql.catalog import MANIFESTS, Catalog, Entry
from fsql.errors import StorageError
from fsql.formats import parquet
from fsql.formats.certainty import without_interrupt
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.manifests import Changed, Manifest, Manifests
from fsql.formats.hive.publishing import Change, Outcome, publish
from fsql.formats.hive.unpublished import surely_old
from fsql.formats.hive.write import WRITES
from fsql.formats.parquet import FileSet, WrittenFile
from fsql.formats.sorting import row_order
from fsql.storage import Object, path_of

__all__ = ["compact", "named", "sweep", "unreferenced"]

AT_ONCE = 64  # partitions
READERS = dt.timedelta(hours=1)  # longer than any query of Athena's may take by default

_OF_TOKEN = re.compile(r"(t[0-9a-f]{31})-")


@dataclass(frozen=True)
class _Part:
    """A partition with the files of it that are to be made into fewer."""

    manifest: Manifest
    small: tuple[Object, ...]


def compact(
    catalog: Catalog,
    entry: Entry,
    least: int,
    only: Collection[str] | None,
    stages: str,
    show: Callable[[int], None],
) -> list[str]:
    """Write the small files of each partition anew, sorted by key, in few files.

    Args:
        least: so many small files of a partition are worth it.
        only: the partitions that have one of these files; None is all.
        stages: how the names of tables begin in which inserts stage rows for the group.
        show: is told of files that are done.

    Returns:
        The folders of partitions that others have replaced meanwhile; they are as those left them.

    Raises:
        StorageError: files cannot be read or written, or AWS refused; each partition is as it was
            or compacted.
        TableNotFound, CommitConflict: the table was dropped, or made anew, meanwhile.
    """
    work = _Compaction(catalog, entry, stages)
    overtaken = []
    for parts in _batches(work.parts(max(2, least), only)):
        overtaken += work.done(parts)
        show(sum(len(part.small) for part in parts))
    return overtaken


def _batches(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    batch: list[_Part] = []
    for part in parts:
        batch.append(part)
        size = sum(file.size for each in batch for file in each.small)
        if len(batch) == AT_ONCE or size >= 4 * parquet.FILE_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


class _Compaction:
    def __init__(self, catalog: Catalog, entry: Entry, stages: str) -> None:
        self._catalog, self._entry, self._stages = catalog, entry, stages
        self._manifests = Manifests(catalog, entry)
        self._layout = self._manifests.layout
        # Asked for after the manifest was read: the stage goes when all partitions have its files.
        self._is_staged = cache(lambda name: catalog.find(name, entry.database) is not None)

    def parts(self, least: int, only: Collection[str] | None) -> Iterator[_Part]:
        """The partitions that are worth it."""
        for manifest in self._manifests.all():
            if only is not None and not set(only) & set(manifest.uris):
                continue
            small = tuple(self._small(manifest))
            if len(small) >= least:
                yield _Part(manifest, small)

    def _small(self, manifest: Manifest) -> Iterator[Object]:
        paths = [path_of(uri) for uri in manifest.uris]
        found = self._catalog.storage.filesystem.get_file_info(paths)
        for uri, info in zip(manifest.uris, found, strict=True):
            if not info.is_file:
                raise StorageError(f"{uri} is missing, which {self._entry.name!r} needs.")
            if info.size < parquet.FILE_BYTES * 3 // 4 and not self._may_be_repeated(uri):
                yield Object(uri, info.size)

    def _may_be_repeated(self, uri: str) -> bool:
        """Whether a write is perhaps not done to the end, and will know its files by their names.

        One with a token, or an insert: its files are staged below the table's location.
        """
        folder = uri.removeprefix(self._manifests.root).partition("/")[0]
        if folder.startswith(self._stages):
            return self._is_staged(folder)
        found = _OF_TOKEN.match(uri.rpartition("/")[2])
        if found is None:
            return False
        note = path_of(f"{self._manifests.root}{WRITES}{found[1]}.json")
        return not self._catalog.storage.filesystem.get_file_info(note).is_file

    def done(self, parts: Sequence[_Part]) -> list[str]:
        """Write and publish some partitions; the folders of those that others have replaced."""
        id_ = uuid.uuid4().hex
        files = FileSet(
            self._catalog.storage,
            self._layout.files,
            lambda texts, name: f"{self._manifests.root}{self._layout.folder(texts)}{id_}-{name}",
            row_order(self._entry.group),
        )
        with files:
            for part in parts:
                for rows in self._rows(part):
                    files.write(part.manifest.texts, rows)
            written: dict[Texts, list[WrittenFile]] = {}
            for file in files.finish():
                written.setdefault(file.partition, []).append(file)
            return without_interrupt(lambda: self._publish(parts, files, written))

    def _rows(self, part: _Part) -> Iterator[pa.Table]:
        dataset = ds.dataset(
            [path_of(file.uri) for file in part.small],
            schema=self._layout.files,
            format="parquet",
            filesystem=self._catalog.storage.filesystem,
        )
        scanner = dataset.scanner(batch_readahead=2, fragment_readahead=2)
        for batch in scanner.to_reader():
            yield pa.Table.from_batches([batch])

    def _publish(
        self, parts: Sequence[_Part], files: FileSet, written: dict[Texts, list[WrittenFile]]
    ) -> list[str]:
        new = {part.manifest.texts: written.get(part.manifest.texts, []) for part in parts}
        changes: dict[Texts, Change] = {
            part.manifest.texts: _switch(part, new[part.manifest.texts]) for part in parts
        }
        results = publish(self._catalog, self._entry, self._manifests, changes, files.keep)
        overtaken = []
        for texts, result in results.items():
            uris = {file.uri for file in new[texts]}
            if isinstance(result, Outcome) and result.has(uris):
                continue
            if surely_old(result, uris):
                self._catalog.storage.delete(uris)
            if not isinstance(result, (Outcome, Changed)):
                folder = self._layout.folder(texts)
                raise StorageError(
                    f"AWS did not let {folder or self._entry.name!r} be compacted: {result}. Its"
                    " rows are the same as before; run it again."
                ) from result
            overtaken.append(self._layout.folder(texts))
        return overtaken


def _switch(part: _Part, new: Sequence[WrittenFile]) -> Change:
    """New files in the place of the old ones, as long as all of those are there."""
    old = {file.uri for file in part.small}
    size = sum(file.size for file in new) - sum(file.size for file in part.small)

    def change(current: Manifest) -> Manifest | None:
        if not old <= set(current.uris):
            return None
        first = min(map(current.uris.index, old))
        rest = [uri for uri in current.uris if uri not in old]
        uris = (*rest[:first], *(file.uri for file in new), *rest[first:])
        return replace(current, uris=uris, bytes=current.bytes + size)

    return change


# --- files that no manifest names ----------------------------------------------------------------


def sweep(catalog: Catalog, entry: Entry, older_than: dt.timedelta) -> list[Object]:
    """Delete the files that no manifest names and that are too old to be on their way into one.

    Those of a partition that was switched within the last hour stay: somebody may be reading them.
    """
    found = unreferenced(catalog, entry, older_than)
    catalog.storage.delete(object.uri for object in found)
    return found


def unreferenced(catalog: Catalog, entry: Entry, older_than: dt.timedelta) -> list[Object]:
    """The files that `sweep` would delete."""
    manifests, now = Manifests(catalog, entry), dt.datetime.now(dt.UTC)
    # The files first: whatever gets into a manifest from then on is in those that are read after.
    files = list(_files(catalog, manifests, now - older_than))
    listed = manifests.listed()
    named = {uri for manifest in manifests.all(listed) for uri in manifest.uris}
    young = now - min(older_than, READERS)
    busy = {one.texts for one in listed if one.written > young}
    return [file for texts, file in files if file.uri not in named and texts not in busy]


def named(catalog: Catalog, entry: Entry) -> set[str] | None:
    """The files that manifests name; None while somebody may be reading those they named before."""
    manifests = Manifests(catalog, entry)
    listed = manifests.listed()
    if any(one.written > dt.datetime.now(dt.UTC) - READERS for one in listed):
        return None
    return {uri for manifest in manifests.all(listed) for uri in manifest.uris}


def _files(
    catalog: Catalog, manifests: Manifests, until: dt.datetime
) -> Iterator[tuple[Texts, Object]]:
    """The data files below a table's location that are older than a time."""
    bucket, _, prefix = path_of(manifests.root).partition("/")
    pages = catalog.aws.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", ()):
            name = found["Key"][len(prefix) :]
            if name.startswith((MANIFESTS, WRITES)) or found["LastModified"] > until:
                continue
            folder, slash, file = name.rpartition("/")
            if not file.endswith(".parquet"):
                continue
            try:
                texts = manifests.layout.read_folder(folder + slash)
            except StorageError:
                continue  # it is none of this table's
            yield texts, Object(f"s3://{bucket}/{found['Key']}", found["Size"])
