"""What a Hive-style table consists of as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow.dataset as ds
from pyiceberg.expressions import BooleanExpression

from fsql.catalog import Catalog, Entry
from fsql.formats.hive.manifests import REQUESTS, Manifests, State
from fsql.formats.hive.scans import chosen, dataset
from fsql.formats.snapshots import Totals

__all__ = ["bytes_of", "row_count", "totals"]


def totals(catalog: Catalog, entry: Entry) -> Totals:
    """Rows, files and bytes of all partitions, and when the last of them was written."""
    manifests = Manifests(catalog, entry)
    listed = manifests.listed()
    found, written = manifests.all(listed), [one.written for one in listed if one.size]
    return Totals(
        rows=sum(manifest.rows for manifest in found),
        files=sum(len(manifest.uris) for manifest in found),
        bytes=sum(manifest.bytes for manifest in found),
        written=max(written).astimezone(dt.UTC) if written else None,
    )


def row_count(catalog: Catalog, entry: Entry, state: State | None = None) -> int:
    """How many rows the table has, by default now."""
    return sum(manifest.rows for manifest in Manifests(catalog, entry).all(state))


def bytes_of(
    catalog: Catalog,
    entry: Entry,
    names: frozenset[str] | None,
    prune: BooleanExpression | None,
) -> int:
    """The compressed bytes of some columns in the partitions that `prune` leaves."""
    if names is None:
        return sum(manifest.bytes for manifest in chosen(Manifests(catalog, entry), prune))
    fragments = dataset(catalog, entry, prune).get_fragments()
    with ThreadPoolExecutor(REQUESTS, "fsql-footers") as pool:
        return sum(pool.map(lambda fragment: sum(_sizes(fragment, names)), fragments))


def _sizes(fragment: ds.ParquetFileFragment, names: frozenset[str]) -> Iterator[int]:
    footer = fragment.metadata
    for place in range(footer.num_columns):
        if footer.schema.column(place).path.partition(".")[0] in names:
            for group in range(footer.num_row_groups):
                yield footer.row_group(group).column(place).total_compressed_size
