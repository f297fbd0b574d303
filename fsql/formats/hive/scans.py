"""A Hive-style group's files as a dataset, with the values that its folders spell."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import partial
from weakref import WeakKeyDictionary

import pyarrow.dataset as ds
import pyarrow.fs as pafs
from pyiceberg.expressions import BooleanExpression

from fsql.catalog import Catalog, Entry
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.layout import Layout
from fsql.formats.hive.manifests import Listed, Manifest, Manifests, State
from fsql.formats.remembered import Remembered
from fsql.storage import path_of

__all__ = ["chosen", "dataset"]

_FORMAT = ds.ParquetFileFormat()


def chosen(
    manifests: Manifests, prune: BooleanExpression | None, state: State | None = None
) -> list[Manifest]:
    """The partitions that may have rows for which `prune` holds.

    Args:
        state: the manifests, where they are known.
    """
    listed: Iterable[Listed] = manifests.listed() if state is None else state
    if prune is not None:
        may_hold = manifests.layout.may_hold(prune)
        listed = [one for one in listed if may_hold(one.texts)]
    return manifests.all(listed)


def dataset(
    catalog: Catalog, entry: Entry, prune: BooleanExpression | None, state: State | None = None
) -> ds.FileSystemDataset:
    """The files of the partitions that may have rows for which `prune` holds."""
    manifests = Manifests(catalog, entry)
    known = _known(catalog)
    fragments = known.fragments(manifests.layout, chosen(manifests, prune, state))
    return ds.FileSystemDataset(
        list(fragments), manifests.layout.schema, _FORMAT, catalog.storage.filesystem
    )


class _Fragments:
    """The files of one catalog's tables; each keeps its footer once it has been read."""

    def __init__(self, catalog: Catalog) -> None:
        self._storage = catalog.storage
        self._fragments: Remembered[tuple[str, Texts], ds.ParquetFileFragment] = Remembered(16384)
        self._filesystem: pafs.FileSystem | None = None

    def fragments(
        self, layout: Layout, manifests: Iterable[Manifest]
    ) -> Iterable[ds.ParquetFileFragment]:
        """The files of some partitions."""
        filesystem = self._storage.filesystem
        if filesystem is not self._filesystem:  # new credentials, and fragments hold the old ones
            self._fragments, self._filesystem = Remembered(16384), filesystem
        for manifest in manifests:
            holds = layout.expression(manifest.texts)
            for uri in manifest.uris:
                make = partial(_FORMAT.make_fragment, path_of(uri), filesystem, holds)
                yield self._fragments.get((uri, manifest.texts), make)


_kept: WeakKeyDictionary[Catalog, _Fragments] = WeakKeyDictionary()
_kept_lock = threading.Lock()


def _known(catalog: Catalog) -> _Fragments:
    with _kept_lock:
        if catalog not in _kept:
            _kept[catalog] = _Fragments(catalog)
        return _kept[catalog]
