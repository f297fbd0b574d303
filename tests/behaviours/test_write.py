"""What a write leaves behind, seen with clients that know nothing of fsql."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import InvalidData
from fsql.sessions import EndpointSession
from fsql.types import Array, Map, Struct, Timestamp
from tests.behaviours import backends
from tests.behaviours.athena_client import AthenaClient

Urls = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """The URL of a folder."""
    yield f"fsql:///{folder}/store"


@contextmanager
def endpoints(backend: str, folder: Path) -> Iterator[str]:
    """The URL of an AWS that has a bucket and nothing else."""
    with backends.BACKENDS[backend](folder) as session:
        session.client("s3").create_bucket(Bucket="features")
        assert isinstance(session, EndpointSession)
        athena = session.athena_endpoint_url or session.endpoint_url
        yield (
            f"fsql://KEY:SECRET@us-east-1/feature_store?endpoint_url={session.endpoint_url}"
            f"&athena_endpoint_url={athena}"
            "&s3_staging_dir=s3://features/athena/&warehouse=s3://features/warehouse/"
        )


# Each backend gives the URL of an empty store, from an empty folder that it may use or not.
BACKENDS: dict[str, Urls] = {
    "embedded": embedded,
    "served": partial(endpoints, "served"),
    "moto": partial(endpoints, "moto"),
}

GROUP = fsql.FeatureGroup(
    "acme",
    "shop",
    "buyer",
    "v0001",
    sa.MetaData(),
    sa.Column("user", sa.BigInteger),
    sa.Column("at", Timestamp("ms", "Europe/Berlin")),
    sa.Column("paid", sa.Numeric(12, 2)),
    sa.Column("place", Struct(city=sa.String, zip=sa.Integer)),
    sa.Column("tags", Array(sa.String)),
    sa.Column("counts", Map(sa.String, sa.BigInteger)),
    keys=["user"],
    event_time="at",
    partition_by=["day(at)"],
)


def rows(*users: int) -> pa.Table:
    """A row for each user, four hours apart."""
    return pa.table(
        {
            "user": users,
            "at": [dt.datetime(2013, 7, 4, 4 * (u % 6), tzinfo=dt.UTC) for u in users],
            "paid": pa.array(users, pa.decimal128(12, 2)),
            "place": [{"city": f"c{u}", "zip": u} for u in users],
            "tags": [[f"t{u}"] * (u % 3) for u in users],
            "counts": pa.array([[("n", u)] for u in users], pa.map_(pa.string(), pa.int64())),
        }
    )


@pytest.fixture(params=BACKENDS.values(), ids=list(BACKENDS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[fsql.FeatureStore]:
    with request.param(tmp_path) as url:
        made = fsql.FeatureStore(url)
        made.create(GROUP)
        yield made


def client(store: fsql.FeatureStore, service: str) -> Any:
    return store.catalog.aws.client(service)


def glue_table(store: fsql.FeatureStore) -> dict[str, Any]:
    table: dict[str, Any] = client(store, "glue").get_table(
        DatabaseName="feature_store", Name=GROUP.name
    )["Table"]
    return table


def objects(store: fsql.FeatureStore) -> dict[str, bytes]:
    """The table's data files by key, read through S3's API."""
    s3 = client(store, "s3")
    bucket, _, prefix = glue_table(store)["StorageDescriptor"]["Location"][5:].partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/data/")
    keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def query(store: fsql.FeatureStore, sql: str) -> list[tuple[str | None, ...]]:
    """The rows of a query through Athena's own API."""
    aws = store.catalog.aws
    assert aws.staging is not None
    return AthenaClient(aws.session, "feature_store", aws.staging).rows(sql)


def test_athena_sees_the_rows(store: fsql.FeatureStore) -> None:
    store.write(GROUP, rows(1, 2))
    sql = f'SELECT "user", at, paid, place, tags, counts FROM {GROUP.name} ORDER BY "user"'
    assert query(store, sql) == [
        ("1", "2013-07-04 04:00:00.000000", "1.00", "{city=c1, zip=1}", "[t1]", "{n=1}"),
        ("2", "2013-07-04 08:00:00.000000", "2.00", "{city=c2, zip=2}", "[t2, t2]", "{n=2}"),
    ]


def test_each_write_is_a_version_of_the_glue_table(store: fsql.FeatureStore) -> None:
    before = glue_table(store)
    store.write(GROUP, rows(1))
    after = glue_table(store)
    assert int(after["VersionId"]) == int(before["VersionId"]) + 1
    assert (
        after["Parameters"]["previous_metadata_location"]
        == (before["Parameters"]["metadata_location"])
    )
    kept = ("fsql.group", "fsql.schema", "table_type")
    assert {k: after["Parameters"][k] for k in kept} == {k: before["Parameters"][k] for k in kept}


def test_files_are_zstd_with_field_ids_and_statistics(store: fsql.FeatureStore) -> None:
    store.write(GROUP, rows(1, 2, 3))
    ((key, body),) = objects(store).items()
    assert "/data/at_day=2013-07-04/" in key
    file = pq.ParquetFile(io.BytesIO(body))
    ids = {f.name: int(f.metadata[b"PARQUET:field_id"]) for f in file.schema_arrow}
    columns = glue_table(store)["StorageDescriptor"]["Columns"]
    assert ids == {c["Name"]: int(c["Parameters"]["iceberg.field.id"]) for c in columns}
    chunk = file.metadata.row_group(0).column(0)
    assert chunk.compression == "ZSTD"
    assert (chunk.statistics.min, chunk.statistics.max) == (1, 3)
    assert file.schema_arrow.field("at").type == pa.timestamp("us")


def test_iceberg_knows_what_the_files_hold(store: fsql.FeatureStore) -> None:
    store.write(GROUP, rows(1, 2, 3))
    table = store.catalog.iceberg.load_table(("feature_store", GROUP.name))
    (task,) = table.scan(row_filter='"user" = 2').plan_files()
    assert task.file.record_count == 3
    assert task.file.file_size_in_bytes == len(next(iter(objects(store).values())))
    assert task.file.null_value_counts[1] == 0
    assert list(table.scan(row_filter='"user" = 4').plan_files()) == []
    assert list(table.scan(row_filter="at < '2013-07-04T00:00:00'").plan_files()) == []
    assert sorted(table.scan().to_arrow()["user"].to_pylist()) == [1, 2, 3]


def test_rows_come_back_exactly(store: fsql.FeatureStore) -> None:
    sent = rows(1, 2, 3)
    store.write(GROUP, sent)
    sql = f'SELECT * FROM {GROUP.name} ORDER BY "user"'
    found = fsql.read_arrow(sql, store.engine)
    assert found.schema.types == GROUP.arrow_schema.types
    assert found.to_pylist() == sent.to_pylist()


def test_a_refused_write_leaves_no_trace(store: fsql.FeatureStore) -> None:
    store.write(GROUP, rows(1))
    before = glue_table(store), objects(store)
    bad = rows(2, 3).set_column(0, "user", pa.array([2, None]))
    with pytest.raises(InvalidData, match="is NULL"):
        store.write(GROUP, bad)
    assert (glue_table(store), objects(store)) == before


def test_another_clients_rows_and_ours_add_up(store: fsql.FeatureStore) -> None:
    store.write(GROUP, rows(1))
    values = "2, TIMESTAMP '2013-07-05 00:00:00.000000', DECIMAL '2.50', NULL, NULL, NULL"
    query(store, f"INSERT INTO {GROUP.name} VALUES ({values})")
    store.write(GROUP, rows(3))
    assert query(store, f'SELECT "user", paid FROM {GROUP.name} ORDER BY 1') == [
        ("1", "1.00"),
        ("2", "2.50"),
        ("3", "3.00"),
    ]
