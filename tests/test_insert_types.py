"""Rows that a SELECT or SQLAlchemy inserts have the types and values of those that were written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import fsql
from tests.test_every_type import COMING_BACK
from tests.test_round_trip import NUMBERS, PLACES, UNHURRIED, every_type, same, tables, written


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('types')}/store")
    yield made
    made.engine.dispose()


def like(store: fsql.FeatureStore, table: pa.Table, **options: Any) -> fsql.FeatureGroup:
    """A new group for rows such as these, without any."""
    number = next(NUMBERS)
    made: fsql.FeatureGroup = fsql.FeatureGroup.from_frame(
        *("a", "b", f"t{number}", "v0001"), frame=table, keys="id", **options
    )
    store.create(made)
    return made


def selected(store: fsql.FeatureStore, table: pa.Table, **options: Any) -> pa.Table:
    source, target = written(store, table, **options), like(store, table, **options)
    columns = ", ".join(table.column_names)
    store.insert_from(target, f"SELECT {columns} FROM {source}", progress=False)
    return fsql.read_arrow(f"SELECT {columns} FROM {target.name}", store.engine)


QUICK = ("alone", "in_maps")


@pytest.mark.parametrize("table_format", ["iceberg", "hive"])
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(p, id=p.__name__, marks=[] if p.__name__ in QUICK else [pytest.mark.slow])
        for p in PLACES
    ],
)
def test_every_type_is_inserted(store: fsql.FeatureStore, place: Any, table_format: str) -> None:
    table = every_type(place, table_format)
    same(selected(store, table, table_format=table_format), table)


def test_every_type_of_arrow_is_inserted(store: fsql.FeatureStore) -> None:
    named = {f"c{place}": array for place, array in enumerate(COMING_BACK)}
    table = pa.table({"id": pa.array(range(2)), **named})
    found = selected(store, table)
    assert found.schema.types == table.schema.types
    assert sorted(found.to_pylist(), key=lambda row: row["id"]) == table.to_pylist()


@settings(max_examples=6, suppress_health_check=UNHURRIED)
@given(table=tables("iceberg"))
def test_any_rows_are_inserted(store: fsql.FeatureStore, table: pa.Table) -> None:
    same(selected(store, table), table)


@settings(max_examples=6, suppress_health_check=UNHURRIED)
@given(table=tables("hive"), by=st.sampled_from([(), "id"]))
def test_any_rows_are_inserted_into_folders(
    store: fsql.FeatureStore, table: pa.Table, by: Any
) -> None:
    same(selected(store, table, table_format="hive", partition_by=by), table)


def by_sqlalchemy(store: fsql.FeatureStore, table: pa.Table) -> pa.Table:
    target = like(store, table)
    rows = table.to_pylist(maps_as_pydicts="strict")
    with store.engine.begin() as connection:
        connection.execute(sa.insert(target), rows)
    return fsql.read_arrow(f"SELECT * FROM {target.name}", store.engine)


def has_python_values(type_: pa.DataType) -> bool:
    """Whether Python holds what it has: ends at microseconds, and knows no text apart from NaN."""
    if pa.types.is_nested(type_):
        parts = [type_.field(i).type for i in range(type_.num_fields)]
        return all(map(has_python_values, parts))
    nanoseconds = getattr(type_, "unit", None) == "ns"
    return not (nanoseconds or pa.types.is_float16(type_) or pa.types.is_duration(type_))


@settings(max_examples=10, suppress_health_check=UNHURRIED)
@given(table=tables("iceberg"))
def test_any_rows_go_through_sqlalchemy(store: fsql.FeatureStore, table: pa.Table) -> None:
    plain = [field.name for field in table.schema if has_python_values(field.type)]
    table = table.select(plain)
    if table.num_rows:
        same(by_sqlalchemy(store, table), table)
