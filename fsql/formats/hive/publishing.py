"""New files made visible, each partition in one go, whoever else writes meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from fsql.catalog import Catalog, Entry
from fsql.errors import CommitConflict, TableNotFound
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.manifests import REQUESTS, Changed, Manifest, Manifests
from fsql.formats.hive.registering import register

__all__ = ["Change", "Failure", "Outcome", "publish"]

ATTEMPTS = 15
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 2.0  # seconds

Change: TypeAlias = Callable[[Manifest], Manifest | None]
"""What becomes of a partition's manifest, whatever it is by then; None: it is done already."""

Failure: TypeAlias = Changed | BotoCoreError | ClientError
"""Why a partition is not done: others were always quicker, or AWS did not do it."""


@dataclass(frozen=True)
class Outcome:
    """A partition's manifest before and after; the same if there was nothing to do.

    What others put in between is in neither.
    """

    before: Manifest
    after: Manifest

    def has(self, uris: Iterable[str]) -> bool:
        """Whether the partition has these files now."""
        return set(uris) <= set(self.after.uris)


def publish(
    catalog: Catalog,
    entry: Entry,
    manifests: Manifests,
    changes: Mapping[Texts, Change],
    keep: Callable[[], None] = lambda: None,
) -> dict[Texts, Outcome | Failure]:
    """Switch partitions from old manifests to new ones, each of them atomically.

    Args:
        keep: called before the first one is: from then on new files may be visible.

    Raises:
        TableNotFound: the table was dropped meanwhile; nothing was changed.
        CommitConflict: it was made anew; nothing was changed.
        StorageError: Glue refused a new partition; nothing was changed.
    """
    _check_same(catalog, entry)
    first = _prepared(catalog, entry, manifests, list(changes))
    keep()
    with ThreadPoolExecutor(REQUESTS, "fsql-publish") as pool:
        done = pool.map(lambda t: _attempted(manifests, first[t], changes[t]), changes)
        return dict(zip(changes, done, strict=True))


def _check_same(catalog: Catalog, entry: Entry) -> None:
    now = catalog.find(entry.name, entry.database)
    if now is None:
        raise TableNotFound(entry.name, entry.database)
    if now.location != entry.location or now.columns != entry.columns:
        raise CommitConflict(
            f"Table {entry.name!r} was made anew while its rows were written; nothing was written."
            " Write again."
        )


def _prepared(
    catalog: Catalog, entry: Entry, manifests: Manifests, wanted: Sequence[Texts]
) -> dict[Texts, Manifest]:
    """The manifests as they are, with an empty one and a partition in Glue where there was none."""
    listed = {one.texts: one for one in manifests.listed()}
    there = manifests.known([listed[texts] for texts in wanted if texts in listed])
    found = {manifest.texts: manifest for manifest in there}
    missing = [texts for texts in wanted if texts not in found]
    with ThreadPoolExecutor(REQUESTS, "fsql-publish") as pool:
        found |= zip(missing, pool.map(lambda t: _empty(manifests, t), missing), strict=True)
    # A partition whose manifest is empty may be one that a killed writer did not come to put there.
    register(catalog, entry, manifests.layout, [t for t in wanted if not found[t].uris])
    return found


def _empty(manifests: Manifests, texts: Texts) -> Manifest:
    try:
        return manifests.put(Manifest(texts))
    except Changed:
        return manifests.get(texts)


def _attempted(manifests: Manifests, first: Manifest, change: Change) -> Outcome | Failure:
    try:
        return _switched(manifests, first, change)
    except (Changed, BotoCoreError, ClientError) as failure:
        return failure


def _switched(manifests: Manifests, current: Manifest, change: Change) -> Outcome:
    before = current
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.5, 1) * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))
            current = manifests.get(current.texts)
        wanted = change(current)
        if wanted is None:
            # Perhaps by this very write: a PUT is repeated when its answer got lost.
            return Outcome(before, current)
        before = current
        try:
            return Outcome(current, manifests.put(wanted))
        except Changed:
            continue
    raise Changed
