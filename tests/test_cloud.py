"""The AWS side of a URL, against an endpoint that nobody here wrote: moto's server on loopback.

Moto runs no queries, so what goes through Athena is not looked at here: tables, files, scans,
credentials and locations are.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pandas as pd
import pyarrow as pa
import pytest

import fsql
from fsql import formats
from fsql.dialect import catalog_of
from fsql.doctor import examine
from fsql.errors import ConfigError, TableNotFound
from tests.motos import empty_moto

REGION = "eu-north-1"
FRAME = pd.DataFrame(
    {
        "user_id": [1, 2, 3],
        "tags": [["a", "b"], [], None],
        "at": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"], utc=True),
    }
)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with empty_moto() as made:
        session = boto3.Session("KEY", "SECRET", region_name=REGION)
        where: Any = {"LocationConstraint": REGION}
        s3 = session.client("s3", endpoint_url=made)
        s3.create_bucket(Bucket="features", CreateBucketConfiguration=where)
        yield made


@pytest.fixture
def url(endpoint: str) -> str:
    return (
        f"fsql://KEY:SECRET@{REGION}/feature_store?endpoint_url={endpoint}"
        "&s3_staging_dir=s3://features/athena/&warehouse=s3://features/warehouse/"
    )


def declared() -> fsql.FeatureGroup:
    return fsql.FeatureGroup.from_frame(
        "acme", "web", "user", "v0001", frame=FRAME, keys=["user_id"], event_time="at"
    )


def test_a_group_lives_on_s3_and_glue(url: str) -> None:
    store, group = fsql.FeatureStore(url), declared()
    store.create(group)
    written = store.write(group, FRAME, progress=False)
    assert (written.rows, written.files) == (3, 1)
    read = fsql.read_sql(f"SELECT * FROM {group.name}", store.engine)
    pd.testing.assert_frame_equal(read, FRAME)
    assert read.attrs["fsql"]["transport"] == "scan"
    entry = store.catalog.get(group.name)
    assert entry.location == f"s3://features/warehouse/feature_store/{group.name}"
    assert entry.group is not None
    assert entry.group.definition == group.definition
    store.drop(group, purge=True)
    with pytest.raises(TableNotFound):
        store.describe(group)
    assert not store.catalog.storage.list(entry.location + "/")


def test_manifests_are_switched_by_conditional_writes(url: str) -> None:
    store, frame = fsql.FeatureStore(url), pa.table({"k": [1, 2, 3], "p": ["a/b", "é", None]})
    group = fsql.FeatureGroup.from_frame(
        *("acme", "web", "hive", "v0001"),
        frame=frame,
        keys="k",
        partition_by="p",
        table_format="hive",
    )
    store.create(group)

    def write(number: int) -> None:
        others = fsql.FeatureStore(url)
        for _ in range(2):
            others.write(group, frame, progress=False)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(write, range(3))) == [None] * 3
    assert store.describe(group).totals.rows == 18
    store.write(group, frame, mode="overwrite", progress=False)
    read = fsql.read_arrow(f"SELECT k, p FROM {group.name}", store.engine, transport="scan")
    assert read.sort_by("k").equals(frame)
    store.drop(group, purge=True)


def test_a_role_is_assumed(url: str) -> None:
    role = "arn:aws:iam::123456789012:role/reader"
    aws = catalog_of(fsql.create_engine(f"{url}&role_arn={role}&external_id=fsql")).aws
    assert aws.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/reader/fsql")
    credentials = aws.session.get_credentials()
    assert credentials is not None
    assert credentials.method == "assume-role"
    assert "SECRET" not in repr(aws)


def test_the_doctor_looks_at_aws(url: str) -> None:
    found = {check.name: check for check in examine(url)}
    assert found["credentials"].passed
    assert found["staging location"].passed
    assert found["warehouse"].passed
    elsewhere = {
        check.name: check for check in examine(url.replace("=s3://features/w", "=s3://no/w"))
    }
    assert not elsewhere["warehouse"].passed


def test_a_profile_that_does_not_exist(url: str) -> None:
    with pytest.raises(ConfigError, match="nobody"):
        fsql.create_engine(f"fsql://{REGION}/db?work_group=w&profile_name=nobody")


@pytest.mark.parametrize("table_format", ["iceberg", "hive"])
def test_keys_are_deleted_and_erased_on_s3(url: str, table_format: str) -> None:
    store = fsql.FeatureStore(url.replace("/feature_store?", f"/{table_format}?"))
    group = fsql.FeatureGroup.from_frame(
        "acme",
        "web",
        "visit",
        "v0001",
        frame=FRAME,
        keys=["user_id"],
        event_time="at",
        table_format=table_format,
    )
    store.catalog.ensure_database()
    formats.create(store.catalog, group)  # the façade makes a view too, for which Athena is needed
    for _ in range(2):
        store.write(group, FRAME)
    store.delete(group, {"user_id": 1})
    store.delete(group, {"user_id": 2}, event_time="2024-01-02")
    assert store.describe(group).tombstones == 2
    assert str(store.latest(group)).count(f"{group.name}__deletes") > 0
    assert store.delete(group, {"user_id": 1}, purge=True).rows == 2
    read = fsql.read_arrow(f"SELECT user_id FROM {group.name}", store.engine, transport="scan")
    assert sorted(read["user_id"].to_pylist()) == [2, 2, 3, 3]
    assert store.describe(group).tombstones == 1
    left = store.catalog.storage.list(f"s3://features/warehouse/{table_format}/")
    assert len([object for object in left if object.uri.endswith(".parquet")]) <= 3
