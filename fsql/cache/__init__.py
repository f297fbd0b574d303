"""Results that need not be asked for again, kept under the state of all that they were read of.

A result's key is made of the query's text and of what the catalog says of each table: an Iceberg
table's metadata file, a Hive-style group's manifests, a view's text. So whoever writes makes the
next reader's key another one, and a stale answer cannot be found.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from fsql.cache.folder import Folder, Kept, Writing
from fsql.cache.keys import Named, Nameless, name_of
from fsql.cache.shared import Shared
from fsql.catalog import Catalog
from fsql.errors import FsqlError, StorageError
from fsql.outages import told
from fsql.planning import Plan
from fsql.storage import Storage
from fsql.transports import Transport

__all__ = [
    "Cache",
    "Contents",
    "Found",
    "Keeping",
    "Kept",
    "Named",
    "Nameless",
    "NotKept",
    "chosen",
    "configured",
    "name_of",
]

SIZE = 10 << 30

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cache:
    """Where results are kept.

    Args:
        folder: of this machine; None is ``fsql`` in $XDG_CACHE_HOME, or in ``~/.cache``.
        size: bytes at most in it.
        shared: an s3:// prefix, from which what others have read is taken.
    """

    folder: Path | str | None = None
    size: int = SIZE
    shared: str | None = None

    @cached_property
    def local(self) -> Folder:
        """The folder, made if it is missing.

        Raises:
            ConfigError: others may write to it.
            StorageError: it cannot be made.
        """
        home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
        return Folder(Path(self.folder or Path(home) / "fsql").expanduser().absolute(), self.size)

    def share(self, storage: Storage, key: str) -> None:
        """Put a result that is in the folder where others find it; S3 may refuse."""
        shared, kept = self._beyond(storage), self.local.file(key)
        if shared is not None and kept is not None:
            try:
                shared.put(key, *kept)
            except OSError as error:
                log.warning("A result could not be put into %s: %s", self.shared, error)

    def _beyond(self, storage: Storage) -> Shared | None:
        return None if self.shared is None else Shared(storage, self.shared)

    def name(self, catalog: Catalog, plan: Plan) -> Named | Nameless:
        """What to call a plan's result."""
        return name_of(catalog, plan)

    def look_up(self, catalog: Catalog, plan: Plan) -> Found | Named | Nameless:
        """A plan's result, or what to call it, or why it cannot be kept."""
        named = self.name(catalog, plan)
        if isinstance(named, Nameless):
            return named
        try:
            table = self.local.find(named.key)
        except StorageError as error:
            return Nameless(str(error))
        if table is None:
            shared = self._beyond(catalog.storage)
            if shared is not None and shared.fetch(named.key, self.local):
                table = self.local.find(named.key)
        return named if table is None else Found(table)


class NotKept(LookupError):
    """A result that had to be there is not."""


@dataclass(frozen=True)
class Contents(Cache):
    """A cache for queries of tables that are called otherwise each time.

    Args:
        contents: for the name of each such table what says which rows it has.
        required: only look; `look_up` raises `NotKept` for what is not there.
    """

    contents: Mapping[str, str] = field(default_factory=dict)
    required: bool = False

    @classmethod
    def of(cls, cache: Cache, contents: Mapping[str, str], *, required: bool = False) -> Contents:
        """The same place as another cache's."""
        return cls(cache.folder, cache.size, cache.shared, contents, required)

    def name(self, catalog: Catalog, plan: Plan) -> Named | Nameless:
        """What to call a plan's result, by what is in the tables."""
        return name_of(catalog, plan, self.contents)

    def look_up(self, catalog: Catalog, plan: Plan) -> Found | Named | Nameless:
        """As `Cache.look_up`."""
        found = super().look_up(catalog, plan)
        if self.required and not isinstance(found, Found):
            raise NotKept
        return found


class Found:
    """A result that was kept: a `fsql.transports.Transport` whose rows lie in a mapped file."""

    name = "cache"
    bytes_scanned: int | None = 0

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    @property
    def schema(self) -> pa.Schema:
        """Names and restored types."""
        return self._table.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows."""
        yield from self._table.to_batches()

    def table(self) -> pa.Table:
        """The rows; no memory is taken before they are looked at."""
        return self._table

    def close(self) -> None:
        """The file stays."""


class Keeping:
    """A result that is put into the cache as it is read to its end.

    What cannot be put there, for want of room for example, is read all the same.

    Args:
        of: the result.
        named: what it was called before the query ran.
        again: what it would be called now. Where that is the same after all rows are read, it is
            known which state they are of; only then are they kept.
    """

    def __init__(
        self, of: Transport, cache: Cache, named: Named, plan: Plan, catalog: Catalog,
        again: Callable[[], Named | Nameless],
    ) -> None:  # fmt: skip
        self._of, self._cache, self._named, self._again = of, cache, named, again
        self._plan, self._catalog = plan, catalog
        self._started = time.perf_counter()

    @property
    def name(self) -> str:
        """As without a cache."""
        return self._of.name

    @property
    def bytes_scanned(self) -> int | None:
        """As without a cache."""
        return self._of.bytes_scanned

    @property
    def schema(self) -> pa.Schema:
        """Names and restored types."""
        return self._of.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows; kept when the last one has been taken."""
        with self._writing(self.schema) as file:
            for batch in self._of.batches():
                file.write(batch)
                yield batch
            self._finish(file)

    def table(self) -> pa.Table:
        """The rows; kept before they are given."""
        table = self._of.table()
        with self._writing(table.schema) as file:
            file.write(table)
            self._finish(file)
        return table

    def close(self) -> None:
        """As without a cache."""
        self._of.close()

    def _writing(self, schema: pa.Schema) -> Writing:
        return self._cache.local.writing(self._named.key, schema)

    def _finish(self, file: Writing) -> None:
        if not self._is_same():
            return
        note = {
            "sql": self._plan.sql,
            "tables": self._named.tables,
            "seconds": round(time.perf_counter() - self._started, 6),
        }
        if file.finish(note):
            self._cache.share(self._catalog.storage, self._named.key)

    def _is_same(self) -> bool:
        """Whether the tables are as they were before the query ran."""
        try:
            with told():
                again = self._again()
        except FsqlError as error:
            log.warning("A result is not kept: %s", error)
            return False
        return isinstance(again, Named) and again.key == self._named.key


def configured(arguments: Mapping[str, Any]) -> Cache:
    """The cache that a URL's arguments describe."""
    return Cache(
        arguments.get("cache_folder"),
        arguments.get("cache_size", SIZE),
        arguments.get("cache_shared"),
    )


def chosen(given: Cache | bool | None, arguments: Mapping[str, Any]) -> Cache | None:
    """The cache to use, if any.

    Args:
        given: of one read: a cache, True for the URL's or the default one, False for none, None for
            what the URL says.
    """
    if isinstance(given, Cache):
        return given
    wanted = arguments.get("cache", False) if given is None else given
    return configured(arguments) if wanted else None
