"""Up, down and up again through random changes: the same schemas, and every row readable."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fsql
from fsql.migration.model.state import State
from tests.migrating import config
from tests.migration_lives import Life, lived, row

FORMATS = ("iceberg", "hive")
REVISIONS = 3
SEEDS = st.integers(0, 2**32)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for projects, each of which is used once: a store's is remembered by its path."""
    above = tmp_path_factory.mktemp("lives")
    return (above / str(number) for number in itertools.count())


def settled(folder: Path, life: Life) -> Config:
    """The project's configuration, with the models as the last revision leaves the group."""
    made = config(f"fsql:///{folder}/store", folder)
    metadata = sa.MetaData()
    life.states[-1].group(metadata)
    made.attributes["metadata"] = metadata
    return made


def stored(store: fsql.FeatureStore, life: Life) -> State:
    group = store.catalog.get(life.states[0].table).group
    assert group is not None
    return State.of(group)


def rows(store: fsql.FeatureStore, life: Life) -> list[str]:
    """The rows as text, alike by the engine and from the files."""
    read = [
        sorted(map(str, fsql.read_arrow(sql, store.engine, transport=transport).to_pylist()))
        for sql in [f"SELECT * FROM {life.states[0].table}"]
        for transport in ("engine", "scan")
    ]
    assert read[0] == read[1]
    return read[0]


def round_trip(folder: Path, seed: int, table_format: str) -> None:
    life = lived(seed, table_format, REVISIONS)
    life.write(folder)
    settings_, store = settled(folder, life), fsql.FeatureStore(f"fsql:///{folder}/store")
    for number, state in enumerate(life.states):
        command.upgrade(settings_, f"r{number}")
        assert stored(store, life) == state
        store.write(state.table, row(state, number + 1))
        assert len(rows(store, life)) == number + 1
    command.check(settings_)
    before = rows(store, life)
    for number in reversed(range(REVISIONS)):
        command.downgrade(settings_, f"r{number}")
        assert stored(store, life) == life.states[number]
        assert len(rows(store, life)) == len(life.states)
    command.downgrade(settings_, "base")
    assert store.groups() == []
    command.upgrade(settings_, "head")
    assert stored(store, life) == life.states[-1]
    assert rows(store, life) == before
    command.check(settings_)
    store.engine.dispose()
    shutil.rmtree(folder)


@pytest.mark.parametrize("table_format", FORMATS)
@settings(max_examples=2)
@given(seed=SEEDS)
def test_up_down_up(folders: Iterator[Path], table_format: str, seed: int) -> None:
    round_trip(next(folders), seed, table_format)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("table_format", FORMATS)
@settings(max_examples=2)
@given(seed=SEEDS)
@example(seed=1)
def test_up_down_up_often(folders: Iterator[Path], table_format: str, seed: int) -> None:
    round_trip(next(folders), seed, table_format)
