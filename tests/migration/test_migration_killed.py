"""Killed at any moment, an upgrade or downgrade is finished by whoever runs it again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import fsql
from fsql.doctor import examine
from tests.dying import Moment, Request, boundaries, died, watched
from tests.migration_project import HIVE, ICE, KEYS, down, fill, first, journal, seen, up

EVERY = int(os.environ.get("FSQL_KILL_EVERY", "30"))  # of the requests

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Way:
    """From one revision to another.

    Attributes:
        before: a store that stands at its beginning.
        go: goes it, given a URL.
        after: what a store says of itself that went it in one go.
        requests: those that altered something then.
    """

    before: Path
    go: Callable[[str], None]
    after: dict[str, Any]
    requests: list[Request]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Way]:
    """The ways up and down between the first and the last revision, each with rows."""
    folder = tmp_path_factory.mktemp("ways")
    first(url(folder / "first"))
    fill(fsql.FeatureStore(url(folder / "first")))
    return {
        "up": gone(folder / "first", folder / "last", up),
        "down": gone(folder / "last", folder / "again", down),
    }


def gone(before: Path, after: Path, go: Callable[[str], None]) -> Way:
    shutil.copytree(before, after)
    requests = list[Request]()
    with watched(requests.append):
        go(url(after))
    return Way(before, go, seen(fsql.FeatureStore(url(after))), requests)


def url(folder: Path) -> str:
    return f"fsql:///{folder}"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "store"
    shutil.rmtree(tmp_path, ignore_errors=True)


def look(store: fsql.FeatureStore, folder: Path, moment: Moment, stood: str = "") -> str:
    """The rows are there meanwhile, and doctor says where the migration stands.

    Args:
        stood: what doctor has found already.

    Returns:
        What it found.
    """
    standing = journal(store)
    stands = f"{standing['revision']}, {counted(standing['done'])} done" if standing else ""
    if stands != stood:
        assert stands in "\n".join(map(str, examine(url(folder)))), moment
    for table in (ICE, HIVE):
        keys = fsql.read_arrow(f"SELECT k FROM {table}", store.engine)["k"].to_pylist()
        assert sorted(set(keys) - {99}) == list(range(KEYS)), (moment, table)
    return stands


def counted(done: list[str]) -> str:
    return {0: "no change", 1: "1 change"}.get(len(done), f"{len(done)} changes")


@pytest.mark.parametrize("direction", ["up", "down"])
def test_killed_at_every_boundary(stores: dict[str, Way], folder: Path, direction: str) -> None:
    """Each process goes on where the one before was killed, and is killed at the next boundary."""
    way = stores[direction]
    shutil.copytree(way.before, folder)
    store, stood = fsql.FeatureStore(url(folder)), ""
    for moment in boundaries(way.requests):
        assert died(url(folder), way.go, moment), moment
        stood = look(store, folder, moment, stood)
    way.go(url(folder))
    assert journal(store) is None
    assert seen(store) == way.after


@pytest.mark.parametrize("direction", ["up", "down"])
def test_killed_once(stores: dict[str, Way], folder: Path, direction: str) -> None:
    """FSQL_KILL_EVERY=1 takes each request that alters something, which takes minutes."""
    way = stores[direction]
    for number in range(1, len(way.requests) + 1, EVERY):
        moment, copy = Moment(number), folder / str(number)
        shutil.copytree(way.before, copy)
        assert died(url(copy), way.go, moment), moment
        store = fsql.FeatureStore(url(copy))
        look(store, copy, moment)
        way.go(url(copy))
        assert journal(store) is None, moment
        assert seen(store) == way.after, moment
        store.engine.dispose()
        shutil.rmtree(copy)
