"""Feature groups as Iceberg tables in the Glue catalog, made, grown and dropped.

pyiceberg keeps the metadata; the data files are written here, since they are written in
parallel and taken back when the write fails.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from fsql.catalog import Catalog, Entry
from fsql.errors import CommitConflict, ConfigError, StorageError, TableExists, TableNotFound
from fsql.formats.fields import iceberg_schema, with_ids
from fsql.formats.parquet import FileSet, WrittenFile
from fsql.formats.partitions import Partitioner, partition_spec
from fsql.model import FeatureGroup

__all__ = ["Append", "Committed", "create", "describe_group", "drop"]

T = TypeVar("T")

ATTEMPTS = 5  # each of them retries 4 times within pyiceberg
TOKEN = "fsql.write"  # in a snapshot's summary: the write that made it
PROPERTIES: Mapping[str, str] = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # Many small appends would else leave as many manifests to plan every read with.
    "commit.manifest-merge.enabled": "true",
    "write.metadata.delete-after-commit.enabled": "true",
}


def create(catalog: Catalog, group: FeatureGroup) -> None:
    """Make an empty Iceberg table of format version 2 for a group.

    Raises:
        TableExists: a table or view of that name is there.
        ConfigError: neither the URL nor the database says where tables go.
        StorageError: its first metadata file cannot be written.
    """
    database = group.schema or catalog.aws.database
    schema = iceberg_schema(group)
    try:
        catalog.iceberg.create_table(
            (database, group.name),
            schema,
            location=_location(catalog, database, group.name),
            partition_spec=partition_spec(group.definition.partition_by, schema),
            properties=_properties(group),
        )
    except TableAlreadyExistsError as error:
        raise TableExists(group.name, database) from error
    except OSError as error:
        raise StorageError(f"The metadata of {group.name!r} cannot be written: {error}") from error


def _properties(group: FeatureGroup) -> dict[str, str]:
    # Trino and Athena read a table's comment from this property, Glue from the other one.
    comment = group.definition.description
    words = {"comment": comment, "Description": comment} if comment else {}
    return {**PROPERTIES, **words, **group.properties}


def _location(catalog: Catalog, database: str, table: str) -> str:
    """Where a new table goes: below its database's location, or the warehouse."""
    found = catalog.glue.get_database(Name=database)["Database"].get("LocationUri")
    if found:
        return f"{found.rstrip('/')}/{table}"
    if catalog.aws.warehouse is None:
        raise ConfigError(
            f"Nothing says where the files of {table!r} go: database {database!r} has no location"
            " and the URL no warehouse. Add warehouse=s3://bucket/prefix/ to the URL."
        )
    return f"{catalog.aws.warehouse}{database}/{table}"


def describe_group(catalog: Catalog, group: FeatureGroup) -> None:
    """Store a group's definition and exact schema beside a table that SQL has just made."""
    table = _load(catalog, group.name, group.schema or catalog.aws.database)
    with table.transaction() as transaction:
        transaction.set_properties(_properties(group) | {"format-version": "2"})


def drop(catalog: Catalog, entry: Entry, *, purge: bool) -> None:
    """Take a table out of the catalog.

    Args:
        purge: delete its files too; else they stay, and the table can be registered again.
    """
    try:
        catalog.iceberg.drop_table((entry.database, entry.name))
    except NoSuchTableError as error:
        raise TableNotFound(entry.name, entry.database) from error
    if purge and entry.location:
        catalog.storage.delete_prefix(entry.location.rstrip("/") + "/")


def _load(catalog: Catalog, name: str, database: str) -> Table:
    try:
        return catalog.iceberg.load_table((database, name))
    except NoSuchTableError as error:
        raise TableNotFound(name, database) from error


@dataclass(frozen=True)
class Committed:
    """What a commit added: rows, files, their bytes, and the snapshot that has them."""

    rows: int
    files: int
    bytes: int
    snapshot_id: int


class Append:
    """Rows on their way into a table: files first, then one commit.

    Until `commit` nobody sees anything. Leaving the `with` block without it deletes the
    files; a process that is killed leaves files behind that no table knows.
    """

    def __init__(self, catalog: Catalog, entry: Entry, schema: pa.Schema) -> None:
        self._catalog, self._entry = catalog, entry
        self._table = table = _load(catalog, entry.name, entry.database)
        self._token = str(uuid.uuid4())
        self._partitioner = Partitioner(table.spec(), table.schema())
        self._shared = not table.spec().is_unpartitioned()
        locations = table.location_provider()
        self._files = FileSet(
            catalog.storage,
            with_ids(schema, table.schema()),
            lambda values, name: locations.new_data_location(
                self._partitioner.folder(values) + name
            ),
        )

    def __enter__(self) -> Append:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def write(self, lane: int, table: pa.Table) -> None:
        """Add rows in their storage types; several lanes may write at the same time."""
        for values, rows in self._partitioner.split(table):
            # Lanes share the files of a partition, or there would be too many small ones.
            self._files.write(0 if self._shared else lane, values, rows)

    def commit(self) -> Committed:
        """Make the rows part of the table, all of them or none.

        A Ctrl-C waits until it is known whether they are.

        Raises:
            CommitConflict: other writers were always quicker, or changed the table's layout.
            TableNotFound: it was dropped meanwhile.
            StorageError: the files cannot be written, or AWS refused. Where AWS did not
                answer they stay, for what it may have done.
        """
        written = self._files.finish()
        data_files = list(self._described(written))
        snapshot_id = _without_interrupt(lambda: self._commit(data_files))
        rows = sum(file.footer.num_rows for file in written)
        return Committed(rows, len(written), sum(file.size for file in written), snapshot_id)

    def _described(self, written: list[WrittenFile]) -> Iterator[DataFile]:
        schema = self._table.schema()
        plan = compute_statistics_plan(schema, self._table.properties)
        ids = parquet_path_to_id_mapping(schema)
        for file in written:
            statistics = data_file_statistics_from_parquet_metadata(file.footer, plan, ids)
            yield DataFile.from_args(
                content=DataFileContent.DATA,
                file_path=file.uri,
                file_format=FileFormat.PARQUET,
                partition=Record(*file.partition),
                file_size_in_bytes=file.size,
                sort_order_id=None,
                spec_id=self._table.spec().spec_id,
                equality_ids=None,
                key_metadata=None,
                **statistics.to_serialized_dict(),
            )

    def _commit(self, data_files: list[DataFile]) -> int:
        # From here on a file may be part of the table even if this process never learns it.
        self._files.keep()
        try:
            return self._retried(data_files)
        except (BotoCoreError, ClientError) as error:
            return self._known(error)
        except BaseException:
            self._files.keep(False)
            raise

    def _retried(self, data_files: list[DataFile]) -> int:
        failure: CommitFailedException | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0.5, 1) * 0.1 * 2**attempt)
            try:
                return self._once(data_files)
            except CommitFailedException as error:
                failure = error
        raise CommitConflict(
            f"Other writers to {self._entry.name!r} were quicker {ATTEMPTS} times over; nothing"
            " was written. Write again, in fewer and larger batches."
        ) from failure

    def _once(self, data_files: list[DataFile]) -> int:
        table = _load(self._catalog, self._entry.name, self._entry.database)
        self._check_layout(table)
        with table.transaction() as transaction:
            update = transaction.update_snapshot(snapshot_properties={TOKEN: self._token})
            with update.merge_append() as append:
                for data_file in data_files:
                    append.append_data_file(data_file)
        return append.snapshot_id

    def _check_layout(self, table: Table) -> None:
        before, now = self._table.metadata, table.metadata
        if before.table_uuid != now.table_uuid or before.default_spec_id != now.default_spec_id:
            raise CommitConflict(
                f"Table {self._entry.name!r} was made anew or partitioned otherwise while its rows"
                " were written; nothing was written. Write again."
            )

    def _known(self, error: BotoCoreError | ClientError) -> int:
        """The snapshot, if the commit was made although AWS answered with an error."""
        table = _load(self._catalog, self._entry.name, self._entry.database)
        for snapshot in table.snapshots():
            if snapshot.summary is not None and snapshot.summary.get(TOKEN) == self._token:
                return snapshot.snapshot_id
        if _is_refusal(error):
            self._files.keep(False)
            raise StorageError(f"AWS refused the commit; nothing was written: {error}") from error
        raise StorageError(
            f"AWS did not say whether the commit to {self._entry.name!r} was made, and it is not"
            f" visible yet: {error}. Look whether a snapshot with {TOKEN}={self._token} appears"
            " before writing the same rows again."
        ) from error


def _is_refusal(error: BotoCoreError | ClientError) -> bool:
    """Whether AWS has answered that it did not do it."""
    if not isinstance(error, ClientError):
        return False
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) < 500


def _without_interrupt(work: Callable[[], T]) -> T:
    """Run to the end what a Ctrl-C must not cut in two; it is raised afterwards."""
    with ThreadPoolExecutor(1, "fsql-commit") as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            wait([future])
            raise
