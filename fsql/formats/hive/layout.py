"""How a Hive-style group's columns are shared out between its files and its folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache, reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import BooleanExpression
from pyiceberg.expressions.visitors import expression_evaluator, inclusive_projection
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record

from fsql.catalog import Entry
from fsql.formats.fields import iceberg_columns, iceberg_schema
from fsql.formats.hive.folders import (
    Texts,
    compared,
    folder_of,
    read_folder,
    spelled,
    typed,
    value_of,
)
from fsql.formats.partitions import FIRST_ID, Partitioner, Values, partition_spec
from fsql.hivekeys import HiveKey, hive_keys
from fsql.model import GROUP_PROPERTY, SCHEMA_PROPERTY, FeatureGroup

__all__ = ["Layout", "layout_of"]


class Layout:
    """The files and folders of a Hive-style group.

    Attributes:
        keys: the partition keys, in order.
        files: the schema of the data files.
        schema: that of the table as Athena has it: the files' columns, then the keys.
    """

    def __init__(self, group: FeatureGroup) -> None:
        self._partitions = group.definition.partition_by
        self._stored = stored = group.storage_schema
        self.keys: tuple[HiveKey, ...] = hive_keys(self._partitions, stored)
        in_folders = {key.name for key in self.keys}
        self.files = pa.schema([field for field in stored if field.name not in in_folders])
        self.schema = pa.schema([*self.files, *((key.name, key.type) for key in self.keys)])
        schema = iceberg_schema(group)
        self._partitioner = Partitioner(partition_spec(self._partitions, schema), schema)

    def parts(self, table: pa.Table) -> Iterator[tuple[Texts, pa.Table]]:
        """The partitions of a table with their whole rows."""
        for values, rows in self._partitioner.split(table):
            yield self.texts(values), rows

    def split(self, table: pa.Table) -> Iterator[tuple[Values, pa.Table]]:
        """The partitions of a table of all columns, each with what goes into its files."""
        names = self.files.names
        for values, rows in self._partitioner.split(table):
            yield values, rows.select(names)

    def texts(self, values: Values) -> Texts:
        """The values of a partition that `split` gave as folders spell them."""
        pairs = zip(self._partitions, values, strict=True)
        return tuple(
            text
            for partition, value in pairs
            for text in spelled(partition, self._stored.field(partition.column).type, value)
        )

    def folder(self, texts: Texts) -> str:
        """The folder of a partition, with a slash at its end unless it is the root."""
        return folder_of(self.keys, texts)

    def read_folder(self, folder: str) -> Texts:
        """The partition of a folder; StorageError if it is none."""
        return read_folder(self.keys, folder)

    def where(self, texts: Texts, alias: str) -> str:
        """An SQL condition that holds for all rows of a partition and no others."""
        pairs = zip(self.keys, texts, strict=True)
        parts = [f'{alias}."{key.name}" {compared(key, text)}' for key, text in pairs]
        return f"({' AND '.join(parts)})" if parts else "true"

    def expression(self, texts: Texts) -> pc.Expression | None:
        """What holds for all rows of a partition; None in a table without keys."""
        pairs = zip(self.keys, texts, strict=True)
        parts = [
            pc.field(key.name).is_null() if text is None else pc.field(key.name) == typed(key, text)
            for key, text in pairs
        ]
        return reduce(lambda one, other: one & other, parts) if parts else None

    def may_hold(self, prune: BooleanExpression) -> Callable[[Texts], bool]:
        """Whether a partition may have rows for which an expression over columns holds."""
        schema, spec = self._pruning
        fields = Schema(*spec.partition_type(schema).fields)
        holds = expression_evaluator(
            fields, inclusive_projection(schema, spec)(prune), case_sensitive=True
        )
        return lambda texts: bool(holds(Record(*self._record(texts))))

    @cached_property
    def _pruning(self) -> tuple[Schema, PartitionSpec]:
        """The partitions in Iceberg's words: the keys, and the times that they are parts of."""
        derived = [(key.name, key.type) for key in self.keys if not key.is_column]
        schema = iceberg_columns(pa.schema([*self._stored, *derived]), {})
        declared = partition_spec(self._partitions, schema).fields
        ids = [schema.find_field(name).field_id for name, _ in derived]
        parts = [
            PartitionField(id_, FIRST_ID + len(declared) + place, IdentityTransform(), name)
            for place, (id_, (name, _)) in enumerate(zip(ids, derived, strict=True))
        ]
        return schema, PartitionSpec(*declared, *parts)

    def _record(self, texts: Texts) -> Iterator[object]:
        by_name = dict(zip((key.name for key in self.keys), texts, strict=True))
        for partition in self._partitions:
            own = [by_name[key.name] for key in self.keys if key.partition == partition]
            yield value_of(partition, self._stored.field(partition.column).type, own)
        for key in self.keys:
            if not key.is_column:
                yield typed(key, by_name[key.name]).as_py()


def layout_of(entry: Entry) -> Layout:
    """The layout of a feature group's table."""
    parameters = entry.parameters
    return _layout(entry.name, parameters[GROUP_PROPERTY], parameters[SCHEMA_PROPERTY])


@lru_cache(maxsize=1024)
def _layout(table: str, definition: str, schema: str) -> Layout:
    properties = {GROUP_PROPERTY: definition, SCHEMA_PROPERTY: schema}
    return Layout(FeatureGroup.from_properties(table, properties))
