"""What a store's doctor finds, beside what the store needs to work at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.doctor import Check, examine
from fsql.formats import stage
from fsql.storage import path_of
from fsql.types import Timestamp


def group(table_format: str) -> fsql.FeatureGroup:
    return fsql.FeatureGroup(
        "a",
        "b",
        table_format,
        "v0001",
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("ms")),
        keys=["k"],
        event_time="t",
        table_format=table_format,
    )


ROWS = pa.table({"k": [1, 2], "t": pa.array([0, 1], pa.timestamp("ms"))})


@pytest.fixture
def store(tmp_path: Path) -> fsql.FeatureStore:
    made = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    for table_format in ("iceberg", "hive"):
        made.create(group(table_format))
        made.write(f"a_b_{table_format}", ROWS)
    return made


def checks(store: fsql.FeatureStore) -> dict[str, Check]:
    return {check.name: check for check in examine(store.engine.url.render_as_string())}


def test_a_store_in_order(store: fsql.FeatureStore) -> None:
    found = checks(store)
    assert all(check.passed for check in found.values())
    assert found["views"].detail == "4 of feature groups, all on tables that are there"
    assert found["leftovers"].detail == "no staged tables of killed operations"
    assert found["data files"].detail == "no files older than a day that no table needs"


def test_an_empty_store(tmp_path: Path) -> None:
    found = {check.name: check for check in examine(f"fsql:///{tmp_path}/empty")}
    assert found["views"].detail == "none"
    assert found["leftovers"].passed
    assert found["data files"].passed


def test_a_view_without_its_table(store: fsql.FeatureStore) -> None:
    store.catalog.glue.delete_table(DatabaseName="feature_store", Name="a_b_hive_v0001")
    broken = checks(store)["views"]
    assert not broken.passed
    assert broken.detail == "a_b_hive, a_b_hive__latest select from a version that is gone"
    assert "DROP VIEW" in str(broken)


def test_views_of_others_are_theirs(store: fsql.FeatureStore) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql('CREATE VIEW mine AS SELECT k FROM "a_b_iceberg_v0001"')
    store.catalog.glue.delete_table(DatabaseName="feature_store", Name="a_b_iceberg_v0001")
    for view in ("a_b_iceberg", "a_b_iceberg__latest"):
        store.catalog.glue.delete_table(DatabaseName="feature_store", Name=view)
    assert checks(store)["views"].passed


def test_what_is_staged_is_named(store: fsql.FeatureStore) -> None:
    with stage(store.catalog, store.catalog.get("a_b_iceberg_v0001"), ROWS.schema) as write:
        found = checks(store)["leftovers"]
        assert found.passed
        assert found.detail.startswith(f"{write.entry.name} (an upsert, idle for 0 min); `fsql ")


@pytest.mark.parametrize("table_format", ["iceberg", "hive"])
def test_files_that_belong_to_nothing_are_counted(
    store: fsql.FeatureStore, tmp_path: Path, table_format: str
) -> None:
    location = store.catalog.get(f"a_b_{table_format}_v0001").location
    folder = f"{location}/data" if table_format == "iceberg" else location
    for name, days in (("old", 1.1), ("young", 0.9)):
        uri = f"{folder}/{name}.parquet"
        path = store.catalog.storage.for_writing(uri)
        with store.catalog.storage.filesystem.open_output_stream(path) as stream:
            stream.write(b"x" * 200_000)
        then = time.time() - days * 86400
        os.utime(tmp_path / "store" / "s3" / path_of(uri), (then, then))
    for file in (tmp_path / "store" / "s3").rglob("_manifests/manifest"):
        os.utime(file, (0, 0))
    found = checks(store)["data files"]
    assert found.passed
    assert "in no table: 1 files, 0.2 MB, in a_b_" in found.detail
