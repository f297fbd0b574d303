"""No migration leaves what looks like drift, and whatever is adopted is none any more."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings

import fsql
from fsql.catalog import Entry
from fsql.errors import MigrationError
from fsql.migration.making.adopting import drifted
from fsql.migration.making.migrator import Migrator, Options
from fsql.migration.model.changes import Change, CreateGroup
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from tests.migration.strategies import TABLE, lives
from tests.test_every_type import COMING_BACK

FORMATS = ("iceberg", "hive")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    """Databases of one store, each of which is used once."""
    folder = tmp_path_factory.mktemp("drift")
    return (fsql.FeatureStore(f"fsql:///{folder}/{number}") for number in itertools.count())


def looked_at(store: fsql.FeatureStore) -> Entry:
    entry = store.catalog.get(TABLE)
    assert drifted(store.catalog, entry) == []
    return entry


def made(store: fsql.FeatureStore, first: State, changes: Sequence[Change]) -> Iterator[Entry]:
    """The table after each change that the rows, none, and the views can bear."""
    migrator = Migrator(store.engine, Options(allow_breaking=True))
    for number, change in enumerate([CreateGroup(first), *changes]):
        migrator.run(change, Step("r", "up", number, "run"))
        yield looked_at(store)


@pytest.mark.slow
@pytest.mark.parametrize("table_format", FORMATS)
def test_no_migration_is_drift(stores: Iterator[fsql.FeatureStore], table_format: str) -> None:
    @settings(max_examples=5)
    @given(life=lives(table_format, most=4))
    def check(life: tuple[State, list[Change]]) -> None:
        assert list(made(next(stores), *life))

    check()


def forget(store: fsql.FeatureStore, before: Entry) -> None:
    """Let fsql say of the table what it said before, as if others had changed it since."""
    said = {name: text for name, text in before.parameters.items() if name.startswith("fsql.")}
    table = store.catalog.iceberg.load_table((before.database, TABLE))
    with table.transaction() as transaction:
        transaction.set_properties(said)


def adopts(store: fsql.FeatureStore, life: tuple[State, list[Change]]) -> None:
    first, *rest = made(store, *life)
    forget(store, first)
    entry = store.catalog.get(TABLE)
    if not drifted(store.catalog, entry):
        return  # what is said in the definition alone
    try:
        Migrator(store.engine).adopt(TABLE)
    except MigrationError:
        assert store.catalog.get(TABLE).version_id == entry.version_id
        return
    group, last = looked_at(store).group, rest[-1].group
    assert group is not None
    assert last is not None
    assert group.storage_schema.names == last.storage_schema.names
    assert fsql.read_arrow(f"SELECT * FROM {TABLE}", store.engine).schema.names


@pytest.mark.slow
@settings(max_examples=5)
@given(life=lives(most=4))
def test_whatever_is_adopted_is_no_drift(
    stores: Iterator[fsql.FeatureStore], life: tuple[State, list[Change]]
) -> None:
    adopts(next(stores), life)


@pytest.mark.parametrize("table_format", FORMATS)
def test_no_type_is_drift(stores: Iterator[fsql.FeatureStore], table_format: str) -> None:
    columns = {f"c{place}": array for place, array in enumerate(COMING_BACK)}
    if table_format == "hive":  # which Athena reads milliseconds of
        columns = {n: a for n, a in columns.items() if not pa.types.is_timestamp(a.type)}
    table = pa.table({"id": [0, 1], **columns})
    group = fsql.FeatureGroup.from_frame(
        "a", "b", table_format, "v0001", frame=table, keys="id", table_format=table_format
    )
    store = next(stores)
    store.create(group)
    assert drifted(store.catalog, store.catalog.get(group.name)) == []
    store.write(group, table, progress=False)
    assert drifted(store.catalog, store.catalog.get(group.name)) == []
