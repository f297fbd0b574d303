"""Rows on their way into a Hive-style table: data files first, then partition by partition."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Literal

import pyarrow as pa
from botocore.exceptions import ClientError

from fsql.catalog import Catalog, Entry
from fsql.formats.certainty import without_interrupt
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.manifests import Manifest, Manifests
from fsql.formats.hive.publishing import Change, Failure, Outcome, publish
from fsql.formats.hive.unpublished import explain, surely_old
from fsql.formats.parquet import FileSet, WrittenFile
from fsql.formats.sorting import row_order
from fsql.formats.table_write import Committed
from fsql.storage import path_of

__all__ = ["HiveWrite", "note", "written_by"]

WRITES = "_writes/"
"""Below a table's location: an object for each write with a token that was done to the end."""

Replacing = Literal["nothing", "partitions", "everything"]


class HiveWrite:
    """Rows on their way into a Hive-style table.

    Until `commit` nobody sees anything; then each partition goes over in one go. Leaving the
    `with` block without it deletes the files.

    Args:
        replaces: whose place the rows take, see `fsql.formats.writes`.
        token: names the write, whose rows each partition takes only once.
    """

    def __init__(
        self,
        catalog: Catalog,
        entry: Entry,
        replaces: Replacing = "nothing",
        token: str | None = None,
    ) -> None:
        self._catalog, self._entry, self._replaces, self._token = catalog, entry, replaces, token
        self._manifests = manifests = Manifests(catalog, entry)
        self._layout = layout = manifests.layout
        self._id = _write_id(token)
        self._files = FileSet(
            catalog.storage,
            layout.files,
            lambda values, name: (
                f"{manifests.root}{layout.folder(layout.texts(values))}{self._id}-{name}"
            ),
            row_order(entry.group),
        )

    def __enter__(self) -> HiveWrite:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.__exit__(kind, error, trace)

    @property
    def entry(self) -> Entry:
        """The table."""
        return self._entry

    @property
    def is_partitioned(self) -> bool:
        """Whether the table has partitions."""
        return bool(self._layout.keys)

    def write(self, lane: int, table: pa.Table) -> None:
        """Add rows in their storage types; several lanes may write at the same time."""
        for values, rows in self._layout.split(table):
            self._files.write(values, rows)

    def commit(self) -> Committed:
        """Let the rows be seen, partition by partition.

        A Ctrl-C waits until it is known what became of each of them.

        Raises:
            CommitConflict: other writers were always quicker. Which partitions have the new rows
                and which are as before is said, as it is by StorageError.
            TableNotFound: it was dropped meanwhile; nothing was written.
            StorageError: the files cannot be written, or AWS refused or did not answer.
        """
        added: dict[Texts, list[WrittenFile]] = {}
        for file in self._files.finish():
            added.setdefault(self._layout.texts(file.partition), []).append(file)
        return without_interrupt(lambda: self._publish(added))

    def _publish(self, added: Mapping[Texts, list[WrittenFile]]) -> Committed:
        changes: dict[Texts, Change] = {texts: self._adding(added[texts]) for texts in added}
        if self._replaces == "everything":
            others = (one.texts for one in self._manifests.listed() if one.size)
            changes = dict.fromkeys(others, _emptying) | changes
        keep = self._files.keep
        results = publish(self._catalog, self._entry, self._manifests, changes, keep)
        self._forget(added, results)
        explain(self._entry, self._layout, results)
        if self._token is not None:
            note(self._catalog, self._entry, self._token)
        done = {texts: result for texts, result in results.items() if isinstance(result, Outcome)}
        return _committed(added, done)

    def _adding(self, files: list[WrittenFile]) -> Change:
        uris = [file.uri for file in files]
        rows, size = sum(f.footer.num_rows for f in files), sum(f.size for f in files)

        def change(manifest: Manifest) -> Manifest | None:
            if any(uri.rpartition("/")[2].startswith(self._id) for uri in manifest.uris):
                return None
            base = manifest if self._replaces == "nothing" else manifest.emptied()
            return base.adding(uris, rows, size)

        return change

    def _forget(
        self,
        added: Mapping[Texts, list[WrittenFile]],
        results: Mapping[Texts, Outcome | Failure],
    ) -> None:
        """Delete the files that are in no manifest, and never will be."""
        for texts, files in added.items():
            uris = [file.uri for file in files]
            if surely_old(results[texts], uris):
                self._catalog.storage.delete(uris)


def _emptying(manifest: Manifest) -> Manifest | None:
    return manifest.emptied() if manifest.uris else None


def _committed(
    added: Mapping[Texts, list[WrittenFile]], done: Mapping[Texts, Outcome]
) -> Committed:
    mine = [t for t, files in added.items() if done[t].has(file.uri for file in files)]
    gone = [t for t in done if t not in added and done[t].before.rows > done[t].after.rows]
    files = [file for texts in mine for file in added[texts]]
    rows = sum(file.footer.num_rows for file in files)
    changed = [done[texts] for texts in (*mine, *gone)]
    return Committed(
        rows=rows,
        files=len(files),
        bytes=sum(file.size for file in files),
        snapshot_id=None,
        replaced=rows + sum(each.before.rows - each.after.rows for each in changed),
        repeated=bool(added) and not changed,
    )


# --- tokens --------------------------------------------------------------------------------------


def _write_id(token: str | None) -> str:
    """What the names of a write's files start with; those of a repeated write start the same."""
    if token is None:
        return uuid.uuid4().hex
    return f"t{hashlib.sha256(token.encode()).hexdigest()[:31]}"


def _place(entry: Entry, token: str) -> str:
    return f"{entry.location}/{WRITES}{_write_id(token)}.json"


def note(catalog: Catalog, entry: Entry, token: str) -> bool:
    """Remember that the write of a token was done to the end; whether nobody else had noted it."""
    bucket, _, key = path_of(_place(entry, token)).partition("/")
    body = json.dumps({"token": token}).encode()
    try:
        catalog.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
            raise
        return False
    return True


def written_by(catalog: Catalog, entry: Entry, token: str) -> bool:
    """Whether a write of this token was done to the end."""
    path = path_of(_place(entry, token))
    return bool(catalog.storage.filesystem.get_file_info(path).is_file)
