"""A group's compatibility, sort order and table properties, declared and on tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pyiceberg.table.sorting import NullOrder, SortDirection

import fsql
from fsql.definition import Definition
from fsql.errors import DefinitionError

FORMATS = ("iceberg", "hive")
AGE = "vacuum_max_snapshot_age_seconds"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path}")
    yield made
    made.engine.dispose()


def group(table_format: str = "iceberg", **options: Any) -> fsql.FeatureGroup:
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "test",
        "options",
        "of",
        "v0001",
        sa.MetaData(),
        sa.Column("key", sa.BigInteger),
        sa.Column("score", sa.Double),
        sa.Column("tags", fsql.types.Array(sa.String)),
        keys=["key"],
        table_format=table_format,
        **options,
    )
    return made


@pytest.mark.parametrize("table_format", FORMATS)
def test_they_are_stored_and_described(store: fsql.FeatureStore, table_format: str) -> None:
    declared = group(
        table_format, compatibility="full", sort_by="score", table_properties={AGE: "3600"}
    )
    store.create(declared)
    entry = store.catalog.get(declared.name)
    assert entry.group is not None
    assert entry.group.definition == declared.definition
    assert entry.glue["Parameters"][AGE] == "3600"
    said = str(store.describe(declared.name))
    for line in ("sorted by      score", f"properties     {AGE}=3600", "compatibility  full"):
        assert line in said
    store.create(declared, if_exists="skip")


def test_what_is_not_declared_is_not_described(store: fsql.FeatureStore) -> None:
    store.create(group())
    said = str(store.describe("test_options_of_v0001"))
    assert [word for word in ("sorted by", "properties", "compatibility") if word in said] == []


@pytest.mark.parametrize("table_format", FORMATS)
def test_rows_are_sorted_within_files(
    store: fsql.FeatureStore, table_format: str, tmp_path: Path
) -> None:
    declared = group(table_format, sort_by=["score"])
    store.create(declared)
    rows = {"key": [1, 2, 3, 4], "score": [3.0, None, 1.0, 2.0], "tags": [[]] * 4}
    store.write(declared, pa.table(rows, schema=declared.arrow_schema))
    (file,) = tmp_path.rglob("*.parquet")
    assert pq.read_table(file, columns=["key"])["key"].to_pylist() == [3, 4, 1, 2]


@pytest.mark.parametrize("by_sql", [False, True])
def test_an_iceberg_table_has_the_sort_order(store: fsql.FeatureStore, by_sql: bool) -> None:
    declared = group(sort_by=["score", "key"])
    if by_sql:
        declared.metadata.create_all(store.engine)
    else:
        store.create(declared)
    table = store.catalog.iceberg.load_table((store.catalog.aws.database, "test_options_of_v0001"))
    order = [(f.source_id, f.direction, f.null_order) for f in table.sort_order().fields]
    last = SortDirection.ASC, NullOrder.NULLS_LAST
    assert order == [(2, *last), (1, *last)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"compatibility": "most"}, "compatibility 'most'. Expected 'none', 'disabled'"),
        ({"sort_by": ["nowhere"]}, "sort_by names 'nowhere', which is no column. Columns: key"),
        ({"sort_by": ["key", "key"]}, "sort_by names 'key' more than once"),
        ({"sort_by": ["tags"]}, "sort_by names 'tags', a list<item: string>"),
        ({"table_properties": {"fsql.group": "x"}}, "'fsql.group', which fsql or Glue says"),
        ({"table_properties": {"Table_Type": "x"}}, "'Table_Type', which fsql or Glue says"),
        ({"table_properties": {AGE: 3600}}, f"{AGE!r}: 3600. Expected text for both"),
    ],
)
def test_what_cannot_be_declared(options: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        group(**options)
    assert said in str(caught.value)


def test_another_sort_order_is_another_declaration(store: fsql.FeatureStore) -> None:
    store.create(group())
    with pytest.raises(DefinitionError, match=r"sort_by is declared as score, stored as nothing"):
        store.create(group(sort_by="score"), if_exists="skip")
    with pytest.raises(DefinitionError, match=rf"table_properties is declared as {AGE}=60"):
        store.create(group(table_properties={AGE: "60"}), if_exists="skip")


def test_what_earlier_releases_stored_is_read() -> None:
    plain = json.loads(group().definition.to_json())
    for name in ("compatibility", "sort_by", "table_properties"):
        del plain[name]
    assert Definition.from_json(json.dumps(plain)) == group().definition


def test_to_metadata_keeps_them() -> None:
    declared = group(compatibility="full", sort_by="score", table_properties={AGE: "3600"})
    assert declared.to_metadata(sa.MetaData()).definition == declared.definition
