"""Up, down and up again through random changes: the same schemas, and every row readable."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
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


class Trip:
    """A life's project and store.

    Args:
        folder: of both.
    """

    def __init__(self, folder: Path, life: Life) -> None:
        life.write(folder)
        self.life, self.table = life, life.states[0].table
        self.store = fsql.FeatureStore(f"fsql:///{folder}/store")
        self._config = config(self.store.engine.url.render_as_string(), folder)
        metadata = sa.MetaData()
        life.states[-1].group(metadata)  # the models as the last revision leaves the group
        self._config.attributes["metadata"] = metadata

    def run(self, what: Callable[..., Any], *arguments: str) -> None:
        """One of Alembic's commands, without the clients that each would make for itself."""
        with self.store.engine.connect() as connection:
            self._config.attributes["connection"] = connection
            what(self._config, *arguments)

    def state(self) -> State:
        """The group as it is stored."""
        group = self.store.catalog.get(self.table).group
        assert group is not None
        return State.of(group)

    def rows(self) -> list[str]:
        """The rows as text, alike by the engine and from the files."""
        read = [
            sorted(map(str, fsql.read_arrow(sql, self.store.engine, transport=by).to_pylist()))
            for sql in [f"SELECT * FROM {self.table}"]
            for by in ("engine", "scan")
        ]
        assert read[0] == read[1]
        return read[0]


def round_trip(folder: Path, seed: int, table_format: str) -> None:
    life = lived(seed, table_format, REVISIONS)
    trip = Trip(folder, life)
    for number, state in enumerate(life.states):
        trip.run(command.upgrade, f"r{number}")
        assert trip.state() == state
        trip.store.write(state.table, row(state, number + 1))
        assert len(trip.rows()) == number + 1
    trip.run(command.check)
    before = trip.rows()
    for number in reversed(range(REVISIONS)):
        trip.run(command.downgrade, f"r{number}")
        assert trip.state() == life.states[number]
        assert len(trip.rows()) == len(life.states)
    trip.run(command.downgrade, "base")
    assert trip.store.groups() == []
    trip.run(command.upgrade, "head")
    assert trip.state() == life.states[-1]
    assert trip.rows() == before
    trip.run(command.check)
    trip.store.engine.dispose()
    shutil.rmtree(folder)


@pytest.mark.parametrize("table_format", FORMATS)
@settings(max_examples=1)
@given(seed=SEEDS)
@example(seed=1997651)
def test_up_down_up(folders: Iterator[Path], table_format: str, seed: int) -> None:
    round_trip(next(folders), seed, table_format)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("table_format", FORMATS)
@settings(max_examples=10)
@given(seed=SEEDS)
@example(seed=1)
def test_up_down_up_often(folders: Iterator[Path], table_format: str, seed: int) -> None:
    round_trip(next(folders), seed, table_format)
