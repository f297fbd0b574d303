"""Rows taken out of a Hive-style group: files written anew without them, partition by partition.

Each partition goes over from its old files to the new ones in one go, whatever others add to it
meanwhile. The old files stay for those who are reading them until they are swept, or, when rows are
erased, are deleted at once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from fsql.catalog import Catalog, Entry
from fsql.errors import StorageError
from fsql.formats.certainty import without_interrupt
from fsql.formats.choosing import Choice
from fsql.formats.erasure_notes import finish_notes, leave_note
from fsql.formats.file_rows import READERS
from fsql.formats.forgetting import Forgotten
from fsql.formats.hive.compacting import unreferenced
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.manifests import Changed, Manifest, Manifests
from fsql.formats.hive.publishing import Outcome, publish
from fsql.formats.hive.scans import chosen
from fsql.formats.hive.unpublished import surely_old
from fsql.formats.hive.write import note, written_by
from fsql.formats.parquet import FileSet, WrittenFile
from fsql.formats.removing import Overtaken, Removed, patiently
from fsql.formats.sorting import row_order
from fsql.storage import path_of

__all__ = ["forget", "remove_rows"]

AT_ONCE = 16  # partitions
NOTES = "_erasures/"
"""Below a table's location: what an erasure is about to delete."""

_DAY = dt.timedelta(days=1)  # no write takes longer
_FORMAT = ds.ParquetFileFormat()


@dataclass(frozen=True)
class _Part:
    """A partition, and the files of it that hold rows that are meant."""

    texts: Texts
    held: tuple[str, ...]


@dataclass(frozen=True)
class _Rewritten:
    """A partition's files written anew.

    Attributes:
        new: the files with the rows that stay.
        rows: how many do not stay.
        bytes: the size of the old files.
    """

    part: _Part
    new: Sequence[WrittenFile]
    rows: int
    bytes: int

    @property
    def uris(self) -> list[str]:
        """The new files."""
        return [file.uri for file in self.new]

    def is_done(self, manifest: Manifest) -> bool:
        """Whether a partition has the new files and none of the old ones."""
        named = set(manifest.uris)
        return named.issuperset(self.uris) and named.isdisjoint(self.part.held)

    def switch(self, current: Manifest) -> Manifest | None:
        """The new files in the place of the old ones, as long as all of those are there."""
        if not set(self.part.held) <= set(current.uris):
            return None
        rest = [uri for uri in current.uris if uri not in self.part.held]
        place = current.uris.index(self.part.held[0])
        grown = sum(file.size for file in self.new) - self.bytes
        return replace(
            current,
            uris=(*rest[:place], *self.uris, *rest[place:]),
            rows=current.rows - self.rows,
            bytes=current.bytes + grown,
        )


def remove_rows(
    catalog: Catalog,
    entry: Entry,
    choice: Choice,
    token: str | None = None,
    *,
    buried: bool = False,
    show: Callable[[int], None] = lambda rows: None,
) -> Removed:
    """Take the rows that are meant out of the table; `fsql.formats.removing` has it of Iceberg.

    Args:
        token: names the removal, which is not done again when it was done to the end.
        buried: note the old files, so that `forget` deletes them.

    Raises:
        CommitConflict: other writers were always quicker. Each partition has the rows or has not.
        StorageError: files cannot be read or written, or AWS refused; the same of partitions.
        TableNotFound: the table was dropped meanwhile.
    """
    if token is not None and written_by(catalog, entry, token):
        return Removed(repeated=True)
    removal = _Removal(catalog, entry, choice, buried, show)
    patiently(entry.name, removal.once)
    if token is not None:
        note(catalog, entry, token)
    return Removed(removal.rows, removal.files)


def forget(catalog: Catalog, entry: Entry, choice: Choice) -> Forgotten:
    """Delete the files with rows that are meant and that no partition has, unless they are young.

    A young one may be on its way into the table: those are counted.
    """
    manifests, looks = Manifests(catalog, entry), _Looks(catalog, entry, choice)
    deleted = finish_notes(catalog, f"{manifests.root}{NOTES}", lambda: _named(manifests))
    old = looks.may_hold(object.uri for object in unreferenced(catalog, entry, _DAY))
    catalog.storage.delete(old)
    rest = unreferenced(catalog, entry, dt.timedelta(0))
    pending = looks.may_hold(object.uri for object in rest)
    return Forgotten(0, deleted + len(old), len(pending))


def _named(manifests: Manifests) -> set[str]:
    return {uri for manifest in manifests.all() for uri in manifest.uris}


class _Looks:
    """The rows of a table's files, with the values that their folders spell."""

    def __init__(self, catalog: Catalog, entry: Entry, choice: Choice) -> None:
        self._catalog, self._choice = catalog, choice
        self._manifests = Manifests(catalog, entry)
        self._layout = self._manifests.layout

    def holding(self, uris: Iterable[str]) -> list[str]:
        """The files that hold rows that are meant."""
        return _which(self._holds, uris)

    def may_hold(self, uris: Iterable[str]) -> list[str]:
        """Of files that nobody vouches for, those that do, and those that are not whole."""

        def holds(uri: str) -> bool:
            try:
                return self._holds(uri)
            except FileNotFoundError:
                return False
            except pa.ArrowInvalid:
                return True

        return _which(holds, uris)

    def _holds(self, uri: str) -> bool:
        parts = self.rows(uri, self._choice.columns)
        return any(pc.any(self._choice.mask(part)).as_py() for part in parts)

    def rows(self, uri: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """A file's rows, all columns or some."""
        folder = uri.removeprefix(self._manifests.root).rpartition("/")[0]
        texts = self._layout.read_folder(f"{folder}/" if folder else "")
        filesystem = self._catalog.storage.filesystem
        spelled = self._layout.expression(texts)
        fragment = _FORMAT.make_fragment(path_of(uri), filesystem, spelled)
        dataset = ds.FileSystemDataset([fragment], self._layout.schema, _FORMAT, filesystem)
        scanner = dataset.scanner(columns=columns, batch_readahead=2, fragment_readahead=2)
        for batch in scanner.to_reader():
            yield pa.Table.from_batches([batch])


def _which(holds: Callable[[str], bool], uris: Iterable[str]) -> list[str]:
    listed = list(uris)
    with ThreadPoolExecutor(READERS, "fsql-keys") as pool:
        return [uri for uri, held in zip(listed, pool.map(holds, listed), strict=True) if held]


class _Removal:
    """Rows taken out, as far as it was done: `rows` of them, from so many `files`."""

    def __init__(
        self,
        catalog: Catalog,
        entry: Entry,
        choice: Choice,
        buried: bool,
        show: Callable[[int], None],
    ) -> None:
        self._catalog, self._entry, self._choice = catalog, entry, choice
        self._buried, self._show = buried, show
        self._manifests = Manifests(catalog, entry)
        self._layout = self._manifests.layout
        self._looks = _Looks(catalog, entry, choice)
        self.rows = self.files = 0

    def once(self) -> None:
        """Take the rows out, some partitions at a time.

        Raises:
            Overtaken: others have replaced files in some.
        """
        maybe = chosen(self._manifests, self._choice.predicate())
        parts = [_Part(each.texts, tuple(self._looks.holding(each.uris))) for each in maybe]
        held = [part for part in parts if part.held]
        done = [self._batch(held[at : at + AT_ONCE]) for at in range(0, len(held), AT_ONCE)]
        if not all(done):
            raise Overtaken

    def _batch(self, parts: Sequence[_Part]) -> bool:
        layout, root, id_ = self._layout, self._manifests.root, uuid.uuid4().hex
        files = FileSet(
            self._catalog.storage,
            layout.files,
            lambda texts, name: f"{root}{layout.folder(texts)}{id_}-{name}",
            row_order(self._entry.group),
        )
        with files:
            gone = [self._rest(part, files) for part in parts]
            new: dict[Texts, list[WrittenFile]] = {part.texts: [] for part in parts}
            for file in files.finish():
                new[file.partition].append(file)
            pairs = zip(parts, gone, strict=True)
            done = [_Rewritten(p, new[p.texts], rows, self._size(p)) for p, rows in pairs]
            if self._buried:
                old = [uri for part in parts for uri in part.held]
                leave_note(self._catalog, f"{root}{NOTES}", old)
            return without_interrupt(lambda: self._publish(files, done))

    def _rest(self, part: _Part, files: FileSet) -> int:
        """Write the rows of a partition's files that stay; how many do not."""
        gone = 0
        for uri in part.held:
            for rows in self._looks.rows(uri):
                rest = rows.filter(pc.invert(self._choice.mask(rows)))
                gone += len(rows) - len(rest)
                if len(rest):
                    files.write(part.texts, rest.select(self._layout.files.names))
                self._show(len(rows))
        return gone

    def _size(self, part: _Part) -> int:
        paths = [path_of(uri) for uri in part.held]
        return sum(info.size for info in self._catalog.storage.filesystem.get_file_info(paths))

    def _publish(self, files: FileSet, rewritten: Sequence[_Rewritten]) -> bool:
        """Switch the partitions; whether all of them are."""
        changes = {each.part.texts: each.switch for each in rewritten}
        results = publish(self._catalog, self._entry, self._manifests, changes, files.keep)
        pairs = [(each, results[each.part.texts]) for each in rewritten]
        for each, result in pairs:
            if isinstance(result, Outcome) and each.is_done(result.after):
                self.rows, self.files = self.rows + each.rows, self.files + len(each.part.held)
            elif surely_old(result, each.uris):
                self._catalog.storage.delete(each.uris)
        for each, result in pairs:
            if not isinstance(result, (Outcome, Changed)):
                folder = self._layout.folder(each.part.texts)
                raise StorageError(
                    f"AWS did not let {folder or self._entry.name!r} be rewritten: {result}. Each"
                    " partition has the rows or has not; do the same again."
                ) from result
        return all(isinstance(r, Outcome) and each.is_done(r.after) for each, r in pairs)
