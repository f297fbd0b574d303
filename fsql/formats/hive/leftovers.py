"""Files of a Hive-style table that nobody reads any more."""

from __future__ import annotations

import datetime as dt

import pyarrow.fs as pafs

from fsql.catalog import MANIFESTS, Catalog, Entry
from fsql.formats.hive.manifests import Manifests
from fsql.storage import Object, path_of

__all__ = ["unreferenced"]


def unreferenced(catalog: Catalog, entry: Entry, older_than: dt.timedelta) -> list[Object]:
    """The data files below a Hive-style table's location that no manifest names.

    Files that were replaced stay for those who read them at that moment, and those of a write
    that is not done yet are in no manifest either.

    Args:
        older_than: leave out files that were written less than this ago. It has to be longer
            than any write and any read takes.
    """
    root = f"{entry.location}/"
    selector = pafs.FileSelector(path_of(root).rstrip("/"), recursive=True, allow_not_found=True)
    found = catalog.storage.filesystem.get_file_info(selector)
    # The manifests are read after the files are listed, so that whatever is named by now counts.
    named = {uri for manifest in Manifests(catalog, entry).all() for uri in manifest.uris}
    until, manifests = dt.datetime.now(dt.UTC) - older_than, path_of(root + MANIFESTS)
    return [
        Object(f"s3://{file.path}", file.size)
        for file in found
        if file.type == pafs.FileType.File
        and file.path.endswith(".parquet")
        and not file.path.startswith(manifests)
        and f"s3://{file.path}" not in named
        and file.mtime < until
    ]
