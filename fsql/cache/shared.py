"""Results on S3, so that a team's queries run once: the files of a folder, copied."""

from __future__ import annotations

import contextlib
import json
import logging
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fsql.cache.folder import Folder
from fsql.storage import Storage, path_of

__all__ = ["Shared"]

_BLOCK = 8 << 20
log = logging.getLogger(__name__)


class Shared:
    """A prefix on S3 with the results of all who name it.

    A result's note is put there after its data, so that what has a note is whole; whoever takes it
    checks every byte. fsql deletes nothing here: a lifecycle rule of the bucket's does that.

    Args:
        prefix: an s3:// URI.
    """

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage, self._prefix = storage, prefix.rstrip("/") + "/"

    def fetch(self, key: str, folder: Folder) -> bool:
        """Put a result into a folder; whether it is there now."""
        part = folder.path / f"{key}-{uuid.uuid4().hex}.part"
        try:
            note = self._note(key)
            if note is None or note["bytes"] > folder.size:
                return False
            self._copied(note["file"], part)
            return folder.take(key, part, note)
        except FileNotFoundError:  # deleted just now
            return False
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("A result cannot be taken from %s: %s", self._prefix, error)
            return False
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _copied(self, name: str, part: Path) -> None:
        source = self._storage.filesystem.open_input_stream(path_of(self._prefix + name))
        part.touch(mode=0o600)
        with source, part.open("wb") as target:
            while block := source.read(_BLOCK):
                target.write(block)

    def put(self, key: str, path: Path, note: Mapping[str, Any]) -> None:
        """Copy a result there."""
        name = f"{key}-{uuid.uuid4().hex}.arrow"
        self._write(name, path.open("rb"))
        text = json.dumps({**note, "file": name})
        target = self._storage.for_writing(f"{self._prefix}{key}.json")
        with self._storage.filesystem.open_output_stream(target) as stream:
            stream.write(text.encode())

    def _write(self, name: str, source: Any) -> None:
        target = self._storage.for_writing(self._prefix + name)
        with source, self._storage.filesystem.open_output_stream(target) as stream:
            while block := source.read(_BLOCK):
                stream.write(block)

    def _note(self, key: str) -> dict[str, Any] | None:
        filesystem = self._storage.filesystem
        try:
            with filesystem.open_input_stream(path_of(f"{self._prefix}{key}.json")) as stream:
                note: dict[str, Any] = json.loads(stream.read())
        except FileNotFoundError:
            return None
        return note
