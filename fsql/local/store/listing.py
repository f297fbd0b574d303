"""Walking a bucket's folder in the order in which S3 lists keys (their UTF-8 bytes)."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

from fsql.local.store import keys


@dataclass(frozen=True, slots=True)
class Found:
    """An object's file: ``size`` in bytes, ``mtime_ns`` in nanoseconds since the epoch."""

    key: str
    path: Path
    size: int
    mtime_ns: int
    inode: int

    @property
    def place(self) -> str:
        """The path, by which DuckDB reads it."""
        return str(self.path)

    @property
    def version(self) -> tuple[int, int]:
        """What changes when another object is put in its place."""
        return self.mtime_ns, self.inode

    def open(self) -> BinaryIO:
        """Its bytes. FileNotFoundError if it was deleted meanwhile."""
        return self.path.open("rb")

    @classmethod
    def at(cls, key: str, path: os.DirEntry[str] | Path, stat: os.stat_result) -> Found:
        return cls(key, Path(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)


@dataclass(frozen=True, slots=True)
class Common:
    """A common prefix: at least one object lies under ``key``, which ends in ``/``."""

    key: str


@dataclass(frozen=True, slots=True)
class Walk:
    """What to list: keys that start with ``prefix`` and sort after ``after``.

    With ``group`` the keys that have a further ``/`` after the prefix come as one
    :class:`Common` each, unless ``after`` is that very prefix. Symbolic links are not followed.
    """

    bucket: Path
    prefix: str
    after: str
    group: bool = False

    def __iter__(self) -> Iterator[Found | Common]:
        """Entries in key order, each once; a plain file hides an odd one of the same key."""
        last: str | None = None
        for entry in heapq.merge(self._plain(), self._odd(), key=lambda entry: entry.key):
            if entry.key != last:
                last = entry.key
                yield entry

    def _plain(self) -> Iterator[Found | Common]:
        folder = self.prefix.rpartition("/")[0]
        if not folder:
            return self._folder(self.bucket, "")
        if keys.plain_path(folder) is None or self._is_linked(folder):
            return iter(())
        return self._folder(self.bucket / folder, folder + "/")

    def _is_linked(self, folder: str) -> bool:
        """Whether a folder lies behind a symbolic link, which could lead out of the store."""
        steps = accumulate(folder.split("/"), lambda path, name: f"{path}/{name}")
        return any((self.bucket / step).is_symlink() for step in steps)

    def _folder(self, path: str | Path, base: str) -> Iterator[Found | Common]:
        for key, entry in self._sorted(path, base):
            if not key.endswith("/"):
                yield from self._file(key, entry)
            elif not self._groups(key):
                yield from self._folder(entry.path, key)
            elif key != self.after and self._any_object(entry.path, key):
                yield Common(key)

    def _file(self, key: str, file: os.DirEntry[str] | Path) -> Iterator[Found]:
        if key > self.after:
            with suppress(FileNotFoundError):  # deleted since the folder was read
                yield Found.at(key, file, file.stat())

    def _any_object(self, path: str, base: str) -> bool:
        ungrouped = replace(self, group=False)
        return any(True for _ in ungrouped._folder(path, base))

    def _groups(self, folder: str) -> bool:
        return self.group and len(folder) > len(self.prefix)

    def _sorted(self, path: str | Path, base: str) -> list[tuple[str, os.DirEntry[str]]]:
        try:
            with os.scandir(path) as entries:
                found = [(key, entry) for entry in entries if (key := self._key(base, entry))]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(found, key=lambda pair: pair[0])

    def _key(self, base: str, entry: os.DirEntry[str]) -> str | None:
        """The key of a file, the key with a ``/`` of a folder, None for what is not to be shown."""
        key = base + entry.name
        if (not base and entry.name.lower() == keys.ODD) or not _is_text(key):
            return None
        if entry.is_symlink():
            return None
        if entry.is_dir():
            return key + "/" if self._leads_on(key + "/") else None
        return key if entry.is_file() and key.startswith(self.prefix) else None

    def _leads_on(self, folder: str) -> bool:
        wanted = folder.startswith(self.prefix) or self.prefix.startswith(folder)
        return wanted and (folder > self.after or self.after.startswith(folder))

    def _odd(self) -> Iterator[Found | Common]:
        return iter(sorted(self._odd_entries(), key=lambda entry: entry.key))

    def _odd_entries(self) -> Iterator[Found | Common]:
        for folder, _folders, files in os.walk(self.bucket / keys.ODD):
            for name in files:
                file = Path(folder, name)
                key = keys.key_of(file.relative_to(self.bucket).as_posix())
                if key is not None and key.startswith(self.prefix) and key > self.after:
                    yield from self._odd_entry(key, file)

    def _odd_entry(self, key: str, file: Path) -> Iterator[Found | Common]:
        slash = key.find("/", len(self.prefix))
        if not self.group or slash < 0:
            if not file.is_symlink():
                yield from self._file(key, file)
        elif key[: slash + 1] != self.after:
            yield Common(key[: slash + 1])


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)
