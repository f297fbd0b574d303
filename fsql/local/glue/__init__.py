"""The embedded AWS Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.glue.databases import Databases
from fsql.local.glue.functions import Functions
from fsql.local.glue.indexes import PartitionIndexes, add_index
from fsql.local.glue.partitions import Partitions
from fsql.local.glue.search import Search
from fsql.local.glue.settings import Settings
from fsql.local.glue.shapes import Json
from fsql.local.glue.statistics import ColumnStatistics
from fsql.local.glue.tables import Tables
from fsql.local.glue.tags import Tags
from fsql.local.glue.versions import TableVersions
from fsql.local.store import Store
from fsql.local.wire import unknown_operation

Operation = Callable[[Json], Json]


class Glue:
    """Answers Glue's operations out of the store's catalog, in the shapes of the wire.

    Names fold to lower case; timestamps are epoch seconds; listings come in the order of names.
    """

    def __init__(self, store: Store) -> None:
        databases, tables, versions = (
            Databases(store),
            Tables(store, add_index),
            TableVersions(store),
        )
        partitions, tags, functions = Partitions(store), Tags(store), Functions(store)
        indexes, statistics, settings = PartitionIndexes(store), ColumnStatistics(store), Settings()
        self._operations: dict[str, Operation] = {
            "CreateDatabase": databases.create,
            "GetDatabase": databases.get,
            "GetDatabases": databases.list,
            "UpdateDatabase": databases.update,
            "DeleteDatabase": databases.delete,
            "CreateTable": tables.create,
            "GetTable": tables.get,
            "GetTables": tables.list,
            "UpdateTable": tables.update,
            "DeleteTable": tables.delete,
            "BatchDeleteTable": tables.batch_delete,
            "GetTableVersion": versions.get,
            "GetTableVersions": versions.list,
            "DeleteTableVersion": versions.delete,
            "BatchDeleteTableVersion": versions.batch_delete,
            "CreatePartition": partitions.create,
            "BatchCreatePartition": partitions.batch_create,
            "GetPartition": partitions.get,
            "GetPartitions": partitions.list,
            "BatchGetPartition": partitions.batch_get,
            "UpdatePartition": partitions.update,
            "BatchUpdatePartition": partitions.batch_update,
            "DeletePartition": partitions.delete,
            "BatchDeletePartition": partitions.batch_delete,
            "GetTags": tags.get,
            "TagResource": tags.add,
            "UntagResource": tags.remove,
            "SearchTables": Search(store).tables,
            "CreatePartitionIndex": indexes.create,
            "DeletePartitionIndex": indexes.delete,
            "GetPartitionIndexes": indexes.list,
            "CreateUserDefinedFunction": functions.create,
            "UpdateUserDefinedFunction": functions.update,
            "DeleteUserDefinedFunction": functions.delete,
            "GetUserDefinedFunctions": functions.list,
            "GetUserDefinedFunction": functions.get,
            **statistics.operations("Table"),
            **statistics.operations("Partition"),
            **settings.operations(),
        }

    @property
    def operations(self) -> list[str]:
        """The names of what is answered."""
        return sorted(self._operations)

    def call(self, operation: str, request: Json) -> Json:
        """The operation's output. AwsError with Glue's own codes and messages."""
        answer = self._operations.get(operation)
        if answer is None:
            raise unknown_operation("Glue", operation)
        return answer(request)
