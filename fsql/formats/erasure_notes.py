"""Notes of objects that are about to be deleted, so that whoever comes next can finish it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable

from fsql.catalog import Catalog
from fsql.storage import path_of

__all__ = ["NOTE", "finish_notes", "leave_note"]

NOTE = "fsql-erasure-"  # what the names of the notes start with


def leave_note(catalog: Catalog, folder: str, uris: Iterable[str]) -> None:
    """Note objects that go as soon as nothing needs them.

    Args:
        folder: where notes are, an s3:// URI with a slash at its end.
    """
    storage = catalog.storage
    path = storage.for_writing(f"{folder}{NOTE}{uuid.uuid4()}.json")
    with storage.filesystem.open_output_stream(path, compression=None) as stream:
        stream.write(json.dumps(sorted(uris)).encode())


def finish_notes(catalog: Catalog, folder: str, needed: Callable[[], Collection[str]]) -> int:
    """Delete what the notes in a folder say; how many objects that were.

    Args:
        needed: what must stay, asked for only if there are notes.
    """
    storage = catalog.storage
    found = (object.uri for object in storage.list(folder))
    notes = [uri for uri in found if uri.rpartition("/")[2].startswith(NOTE)]
    staying = needed() if notes else ()
    deleted = 0
    for uri in notes:
        with storage.filesystem.open_input_stream(path_of(uri), compression=None) as stream:
            going = [name for name in json.loads(stream.read()) if name not in staying]
        storage.delete(going)
        storage.delete([uri])
        deleted += len(going)
    return deleted
