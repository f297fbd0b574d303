"""Results in a folder of this machine: Arrow files that are mapped into memory."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import stat
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from fsql.errors import ConfigError, StorageError

__all__ = ["Folder", "Kept", "Writing"]

_DATA, _NOTE, _PART = ".arrow", ".json", ".part"
_NOTED = {"rows": int, "bytes": int, "tail": str, "checksum": str, "made": float, "stamp": list}
_TAIL = 1 << 20  # bytes at a file's end, where Arrow says what is where, that are checked each time
_BLOCK = 4 << 20
log = logging.getLogger(__name__)

_ABANDONED = 24 * 3600  # seconds after which a file that was never finished is deleted


@dataclass(frozen=True)
class Kept:
    """A result that is there.

    Attributes:
        key: its name.
        sql: the query, without the values of parameters where they were bound apart.
        rows, bytes: how much it is.
        seconds: what the query took.
        made, used: when it was put there, and last read; seconds since 1970.
        tables: what it was read of.
    """

    key: str
    sql: str
    rows: int
    bytes: int
    seconds: float
    made: float
    used: float
    tables: tuple[str, ...]


class Folder:
    """Results in files named after their keys; several processes may use it at the same time.

    Each is a stream of Arrow's in a file, and a note beside it. Both are written elsewhere and
    moved into their place, the note last, so that one with a note is whole. What is deleted stays
    readable for those who have it open.

    The checksum of all bytes is made as they are written. Whoever finds a result checks its size,
    the end of the file, where Arrow says what is where, and that the file system has seen no change
    of the file since (its inode, and the time of the last change, which no program can set). Only
    if it has are all bytes read. `broken`, that is ``fsql cache check``, reads them always: it
    finds what a failing disk has altered.

    Args:
        path: made with mode 0700 if it is missing.
        size: bytes at most; those that nobody has read for longest go first.

    Raises:
        ConfigError: others may write to it.
        StorageError: it cannot be made.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = path.stat()
        except OSError as error:
            raise StorageError(f"The cache {str(path)!r} cannot be made: {error}") from error
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise ConfigError(
                f"The cache {str(path)!r} can be read or written by others. Expected a folder of"
                f" your own with mode 0700: chmod 700 {path}"
            )

    def find(self, key: str) -> pa.Table | None:
        """The result of a key, mapped and not read; None if it is not there, or not whole."""
        note = self._note(key)
        if note is None:
            return None
        try:
            table = self._mapped(key, note)
        except (OSError, pa.ArrowException):
            table = None
        with contextlib.suppress(OSError):
            if table is None:
                self._discard(key, note)
            else:
                os.utime(self._path(key, _NOTE))
        return table

    def _mapped(self, key: str, note: Mapping[str, Any]) -> pa.Table | None:
        path = self._path(key, _DATA)
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_size != note["bytes"] or _tail(file, found.st_size) != note["tail"]:
                return None
            if _stamp(found) != note["stamp"]:
                if _checksum(path) != note["checksum"]:
                    return None
                with contextlib.suppress(OSError):  # then it is read again the next time
                    self._write_note(key, {**note, "stamp": _stamp(found)})
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_stream(source).read_all()

    def _discard(self, key: str, note: Mapping[str, Any]) -> None:
        """Delete a broken result, unless somebody has just put another one there."""
        with self._locked():
            if self._note(key) == note:
                self.remove(key)

    def writing(self, key: str, schema: pa.Schema) -> Writing:
        """A file to put a result into, which is there once its `finish` was called."""
        return Writing(self, key, schema)

    def take(self, key: str, part: Path, note: Mapping[str, Any]) -> bool:
        """Move a file that somebody else has made to its place, if it is what was written."""
        if _checksum(part) != note["checksum"]:
            return False
        self.adopt(key, part, note)
        return True

    def adopt(self, key: str, part: Path, note: Mapping[str, Any]) -> None:
        """Move a whole file to its place, and make room for it."""
        with self._locked():
            self._make_room(note["bytes"])
            part.replace(self._path(key, _DATA))
            stamp = _stamp(self._path(key, _DATA).stat())
            self._write_note(key, {**note, "stamp": stamp})

    def _write_note(self, key: str, note: Mapping[str, Any]) -> None:
        beside = self.path / f"{key}-{uuid.uuid4().hex}{_NOTE}{_PART}"
        try:
            beside.touch(mode=0o600)
            beside.write_text(json.dumps(note))
            beside.replace(self._path(key, _NOTE))
        finally:
            beside.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        kept = self.kept()
        total = sum(each.bytes for each in kept)
        while kept and total + size > self.size:
            oldest = kept.pop()
            self.remove(oldest.key)
            total -= oldest.bytes
        self._sweep()

    def _sweep(self) -> None:
        """Delete what processes that were killed have left."""
        for path in self.path.glob(f"*{_PART}"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.path / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def kept(self) -> list[Kept]:
        """What is there, the last used first."""
        found = []
        for path in self.path.glob(f"*{_NOTE}"):
            note = self._note(path.stem)
            if note is not None:
                with contextlib.suppress(FileNotFoundError):
                    found.append(_kept(path, note))
        return sorted(found, key=lambda each: -each.used)

    def broken(self) -> list[str]:
        """The keys of results that are not what was written; every byte is read."""
        notes = {each.key: self._note(each.key) for each in self.kept()}
        return [
            key
            for key, note in notes.items()
            if note and _checksum(self._path(key, _DATA)) != note["checksum"]
        ]

    def remove(self, key: str) -> None:
        """Delete a result; one that is gone is no error."""
        for ending in (_NOTE, _DATA):
            self._path(key, ending).unlink(missing_ok=True)

    def clear(self) -> list[Kept]:
        """Delete all results; what was there."""
        with self._locked():
            kept = self.kept()
            for each in kept:
                self.remove(each.key)
        return kept

    def file(self, key: str) -> tuple[Path, Mapping[str, Any]] | None:
        """Where a result lies, and its note."""
        note = self._note(key)
        return None if note is None else (self._path(key, _DATA), note)

    def _note(self, key: str) -> dict[str, Any] | None:
        try:
            note = json.loads(self._path(key, _NOTE).read_text())
        except (OSError, ValueError):
            return None
        whole = isinstance(note, dict) and all(
            isinstance(note.get(name), type_) for name, type_ in _NOTED.items()
        )
        return note if whole else None

    def _path(self, key: str, ending: str) -> Path:
        return self.path / f"{key}{ending}"


class Writing:
    """A result on its way into a folder; unfinished, it leaves nothing there.

    A disk that is full, or a column that Arrow's files cannot hold, ends the writing and no more.
    """

    def __init__(self, folder: Folder, key: str, schema: pa.Schema) -> None:
        self._folder, self._key, self._schema = folder, key, schema
        self._part = folder.path / f"{key}-{uuid.uuid4().hex}{_PART}"
        self._rows = 0
        self._stack = ExitStack()
        self._file: Any = None
        self._writer: Any = None

    def __enter__(self) -> Writing:
        self._stack.callback(self._part.unlink, missing_ok=True)
        self._try(self._open)
        return self

    def _open(self) -> None:
        descriptor = os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._file = _Summed(self._stack.enter_context(os.fdopen(descriptor, "wb")))
        self._writer = pa.ipc.new_stream(self._file, self._schema)

    def _try(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except (OSError, pa.ArrowException) as error:
            log.warning("A result is not kept: %s", error)
            self._writer = None
            return False
        return True

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Add rows."""
        if self._writer is not None:
            self._try(lambda: self._write(rows))

    def _write(self, rows: pa.RecordBatch | pa.Table) -> None:
        for batch in rows.to_batches() if isinstance(rows, pa.Table) else [rows]:
            self._writer.write(batch)
            if self._file.tell() > self._folder.size:
                raise OSError(f"it alone is more than the cache's {self._folder.size:,} bytes")
        self._rows += rows.num_rows

    def finish(self, note: Mapping[str, Any]) -> bool:
        """Let the result be found, with a note; whether it can be."""
        return self._writer is not None and self._try(lambda: self._finish(note))

    def _finish(self, note: Mapping[str, Any]) -> None:
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        with self._part.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            tail = _tail(file, size)
        own = {"rows": self._rows, "bytes": size, "tail": tail, "checksum": self._file.checksum}
        self._folder.adopt(self._key, self._part, {**note, **own, "made": time.time()})

    def __exit__(self, *error: object) -> None:
        self._stack.close()


class _Summed:
    """A file that knows the checksum of what was written to it, for Arrow to write to."""

    closed = False

    def __init__(self, file: Any) -> None:
        self._file = file
        self._digest = _digest()
        self.tell, self.flush, self.fileno = file.tell, file.flush, file.fileno

    def write(self, data: Any) -> None:
        """Write and remember."""
        self._digest.update(data)
        self._file.write(data)

    @property
    def checksum(self) -> str:
        """As `_checksum` has it."""
        return str(self._digest.hexdigest())


def _stamp(found: os.stat_result) -> list[int]:
    return [found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


def _digest() -> Any:
    return hashlib.blake2b(digest_size=16)


def _kept(path: Path, note: Mapping[str, Any]) -> Kept:
    return Kept(
        key=path.stem,
        sql=note.get("sql", ""),
        rows=note["rows"],
        bytes=note["bytes"],
        seconds=note.get("seconds", 0.0),
        made=note["made"],
        used=path.stat().st_mtime,
        tables=tuple(note.get("tables", ())),
    )


def _tail(file: Any, size: int) -> str:
    file.seek(max(0, size - _TAIL))
    return hashlib.blake2b(file.read(), digest_size=16).hexdigest()


def _checksum(path: Path) -> str:
    digest = _digest()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError:
        return ""
    return str(digest.hexdigest())
