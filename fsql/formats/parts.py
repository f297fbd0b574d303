"""What a scan consists of: files whose columns Arrow finds by name, and files of older schemas."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from fsql.formats.aligning import aligned, id_of, is_alike

__all__ = ["Part", "Plain", "filtered", "split"]

_FORMAT = ds.ParquetFileFormat()


class Part(Protocol):
    """Some files of a scan."""

    def scanner(
        self, columns: Mapping[str, pc.Expression], filter: pc.Expression | None
    ) -> ds.Scanner:
        """What gives expressions over the table's columns, of rows for which the filter holds."""

    def sizes(self, paths: Collection[str], filter: pc.Expression | None) -> int:
        """Compressed bytes of the columns at some paths, in row groups that may match."""


@dataclass(frozen=True)
class Plain:
    """Files that Arrow reads rightly by the columns' names."""

    dataset: ds.FileSystemDataset

    def scanner(
        self, columns: Mapping[str, pc.Expression], filter: pc.Expression | None
    ) -> ds.Scanner:
        """A scanner of the files."""
        return self.dataset.scanner(columns=dict(columns), filter=filter)

    def sizes(self, paths: Collection[str], filter: pc.Expression | None) -> int:
        """By the files' footers."""
        fragments = self.dataset.get_fragments(filter)
        return sum(_size(one, paths, filter, self.dataset.schema) for one in fragments)


@dataclass(frozen=True)
class Older:
    """Files of one older schema, whose columns are found by field id.

    Attributes:
        dataset: the files, in their own schema.
        wanted: the table's columns that are needed, with field ids.
        pushed: whether a filter means the same over the files' own columns.
    """

    dataset: ds.FileSystemDataset
    wanted: pa.Schema
    pushed: bool

    @cached_property
    def _names(self) -> list[str | None]:
        """What the wanted columns are called in the files."""
        found = {id_of(field): field.name for field in self.dataset.schema}
        return [found.get(id_of(field)) for field in self.wanted]

    def scanner(
        self, columns: Mapping[str, pc.Expression], filter: pc.Expression | None
    ) -> ds.Scanner:
        """A scanner of the aligned columns."""
        reader = pa.RecordBatchReader.from_batches(self.wanted, self._batches(filter))
        return ds.Scanner.from_batches(reader, columns=dict(columns), filter=filter)

    def _batches(self, filter: pc.Expression | None) -> Iterator[pa.RecordBatch]:
        names = list(dict.fromkeys(name for name in self._names if name is not None))
        file = self.dataset.schema
        makers = [
            None if name is None else aligned(file.field(name), field)
            for name, field in zip(self._names, self.wanted, strict=True)
        ]
        scanner = self.dataset.scanner(columns=names, filter=filter if self.pushed else None)
        for batch in scanner.to_reader():
            arrays = [
                pa.nulls(len(batch), field.type) if make is None else make(batch.column(name))
                for name, field, make in zip(self._names, self.wanted, makers, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=self.wanted)

    def sizes(self, paths: Collection[str], filter: pc.Expression | None) -> int:
        """By the files' footers; of a column whose fields have changed all are read."""
        names = {name for name in self._names if name is not None}
        pushed = filter if self.pushed else None
        fragments = self.dataset.get_fragments(pushed)
        return sum(_size(one, names, pushed, self.dataset.schema) for one in fragments)


def split(
    dataset: ds.FileSystemDataset, wanted: pa.Schema, filter: pc.Expression | None
) -> list[Part]:
    """The files of a dataset in their order, those together that are read alike.

    Args:
        dataset: the table's columns and all files.
        wanted: the columns that are needed, with field ids.

    Raises:
        ValueError: a file carries no field ids.
    """
    fragments: list[ds.ParquetFileFragment] = list(dataset.get_fragments())
    with ThreadPoolExecutor(pa.cpu_count(), "fsql-footers") as pool:
        schemas = list(pool.map(lambda fragment: fragment.physical_schema, fragments))
    needed = set(filtered(dataset.schema, filter))
    pairs = zip(fragments, schemas, strict=True)
    shapes = [(None if _all_alike(schema, wanted) else schema, one) for one, schema in pairs]
    parts: list[Part] = []
    for schema, group in groupby(shapes, key=lambda shape: shape[0]):
        files = [fragment for _, fragment in group]
        if schema is None:
            parts.append(Plain(_with(dataset, files, dataset.schema)))
        else:
            pushed = all(
                is_alike(schema, field) and field.name in schema.names
                for field in wanted
                if field.name in needed
            )
            parts.append(Older(_with(dataset, files, schema), wanted, pushed))
    return parts


def _with(
    dataset: ds.FileSystemDataset, files: Sequence[ds.ParquetFileFragment], schema: pa.Schema
) -> ds.FileSystemDataset:
    return ds.FileSystemDataset(files, schema, _FORMAT, dataset.filesystem)


def _all_alike(file: pa.Schema, wanted: pa.Schema) -> bool:
    if len(file) and not any(map(id_of, file)):
        raise ValueError("a file carries no field ids")
    return all(is_alike(file, field) for field in wanted)


def filtered(schema: pa.Schema, filter: pc.Expression | None) -> Iterator[str]:
    """The columns that a filter needs: those without which it cannot be bound."""
    if filter is None:
        return
    for place, name in enumerate(schema.names):
        try:
            ds.dataset([], schema=schema.remove(place)).scanner(filter=filter)
        except pa.ArrowInvalid:
            yield name


def _size(
    fragment: ds.ParquetFileFragment,
    paths: Collection[str],
    filter: pc.Expression | None,
    schema: pa.Schema,
) -> int:
    groups = fragment.row_groups if filter is None else fragment.subset(filter, schema).row_groups
    footer = fragment.metadata
    columns = [
        place
        for place in range(footer.num_columns)
        if _is_within(footer.schema.column(place).path, paths)
    ]
    return sum(
        footer.row_group(group.id).column(place).total_compressed_size
        for group in groups
        for place in columns
    )


def _is_within(leaf: str, paths: Collection[str]) -> bool:
    return any(leaf == path or leaf.startswith(path + ".") for path in paths)
