"""Hive tables over real objects of an embedded store, and their rows through PyAthena."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fsql
from fsql.dbapi import DatabaseError

DB = "feature_store"
BUCKET = "fsql-local"
_IO = "org.apache.hadoop.hive.ql.io"
PARQUET_SERDE = f"{_IO}.parquet.serde.ParquetHiveSerDe"
SYMLINKS = f"{_IO}.SymlinkTextInputFormat"
TEXT_OUTPUT = f"{_IO}.HiveIgnoreKeyTextOutputFormat"


class HiveStore:
    """A store of its own in a folder.

    Attributes:
        glue, s3: boto3 clients.
    """

    def __init__(self, root: Path) -> None:
        self.url = f"fsql:///{root / 'store'}"
        self.store = fsql.FeatureStore(self.url)
        self.glue = self.store.catalog.glue
        self.s3 = self.store.catalog.aws.client("s3")
        self.cursor = self.store.engine.raw_connection().cursor()

    def empty(self) -> None:
        """Drop all tables and delete all objects."""
        for entry in list(self.store.catalog.entries()):
            self.glue.delete_table(DatabaseName=DB, Name=entry.name)
        for key in self.keys():
            self.s3.delete_object(Bucket=BUCKET, Key=key)

    def keys(self, prefix: str = "") -> list[str]:
        """The keys of all objects that start so."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def put(self, key: str, data: bytes | str | pa.Table, **options: Any) -> str:
        """An object of any tool's; its URI."""
        if isinstance(data, pa.Table):
            buffer = io.BytesIO()
            pq.write_table(data, buffer, **options)
            data = buffer.getvalue()
        body = data.encode() if isinstance(data, str) else data
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def link(self, key: str, *uris: str) -> str:
        """A symlink file."""
        return self.put(key, "".join(f"{uri}\n" for uri in uris))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A query's rows, or what another statement returns."""
        self.cursor.execute(sql)
        if self.cursor.description is None:
            return []
        return [tuple(row) for row in self.cursor.fetchall()]

    def types(self, sql: str) -> list[str]:
        """The Athena types of a query's columns."""
        self.cursor.execute(sql)
        return [str(column[1]) for column in self.cursor.description or ()]

    def fails(self, sql: str) -> str:
        """The reason why a statement fails."""
        with pytest.raises(DatabaseError) as failed:
            self.rows(sql)
        return str(failed.value)

    def table(
        self,
        name: str,
        columns: Mapping[str, str],
        location: str,
        *,
        partitioned: Mapping[str, str] | None = None,
        serde: str = PARQUET_SERDE,
        takes: str = f"{_IO}.parquet.MapredParquetInputFormat",
        gives: str = f"{_IO}.parquet.MapredParquetOutputFormat",
        serde_parameters: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        """An external table, told to Glue as a crawler would."""
        self.glue.create_table(
            DatabaseName=DB,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", **(parameters or {})},
                "PartitionKeys": _columns(partitioned or {}),
                "StorageDescriptor": {
                    "Columns": _columns(columns),
                    "Location": f"s3://{BUCKET}/{location}",
                    "InputFormat": takes,
                    "OutputFormat": gives,
                    "SerdeInfo": {
                        "SerializationLibrary": serde,
                        "Parameters": dict(serde_parameters or {}),
                    },
                },
            },
        )

    def partition(self, table: str, values: Sequence[str], location: str) -> None:
        """A partition with the table's own format."""
        storage = self.glue.get_table(DatabaseName=DB, Name=table)["Table"]["StorageDescriptor"]
        self.glue.create_partition(
            DatabaseName=DB,
            TableName=table,
            PartitionInput={
                "Values": list(values),
                "StorageDescriptor": {**storage, "Location": f"s3://{BUCKET}/{location}"},
            },
        )


def _columns(types: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Type": type_} for name, type_ in types.items()]
