"""Killed before any request that changes something, an upgrade or downgrade is finished later."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

import fsql
from fsql.doctor import examine
from tests.dying import migrated
from tests.migration_project import down, fill, first, journal, seen, up

EVERY = int(os.environ.get("FSQL_KILL_EVERY", "12"))  # of the requests


@dataclass(frozen=True)
class Way:
    """From one revision to another.

    Attributes:
        before: a store that stands at its beginning.
        go: goes it, given a URL.
        after: what a store says of itself that went it in one go.
        requests: how many of its requests change something.
    """

    before: Path
    go: Callable[[str], None]
    after: dict[str, Any]
    requests: int


pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Makes processes that have imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fsql.store", "fsql.migration", "tests.dying"])
    return context


@pytest.fixture(scope="module")
def stores(
    tmp_path_factory: pytest.TempPathFactory, processes: ForkServerContext
) -> dict[str, Way]:
    """The ways up and down between the first and the last revision, each with rows."""
    folder = tmp_path_factory.mktemp("ways")
    store = fsql.FeatureStore(url(folder / "first"))
    first(url(folder / "first"))
    fill(store)
    return {
        "up": gone(processes, folder / "first", folder / "last", up),
        "down": gone(processes, folder / "last", folder / "again", down),
    }


def gone(processes: ForkServerContext, before: Path, after: Path, go: Callable[[str], None]) -> Way:
    shutil.copytree(before, after)
    code, requests = migrated(processes, url(after), go)
    assert code == 0
    return Way(before, go, seen(fsql.FeatureStore(url(after))), requests)


def url(folder: Path) -> str:
    return f"fsql:///{folder}"


def kill(processes: ForkServerContext, way: Way, folder: Path, at: int) -> None:
    """Die there, look where it stands, finish, and find everything as if nothing had been."""
    folder = folder / str(at)  # this process remembers what was where
    shutil.copytree(way.before, folder)
    assert migrated(processes, url(folder), way.go, at)[0] == -signal.SIGKILL, at
    store = fsql.FeatureStore(url(folder))
    if standing := journal(store):
        said = "\n".join(map(str, examine(url(folder))))
        assert re.search(rf"\b{standing['revision']}\b", said), (at, said)
    way.go(url(folder))
    assert journal(store) is None, at
    assert seen(store) == way.after, at
    store.engine.dispose()
    shutil.rmtree(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "store"
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("direction", ["up", "down"])
def test_killed_at_many_requests(
    stores: dict[str, Way], processes: ForkServerContext, folder: Path, direction: str
) -> None:
    way = stores[direction]
    for at in range(1, way.requests + 1, EVERY):
        kill(processes, way, folder, at)


@pytest.mark.slow
def test_killed_again_and_again(
    stores: dict[str, Way], processes: ForkServerContext, folder: Path
) -> None:
    """Each going on is killed as well, a little later than the one before."""
    way = stores["up"]
    shutil.copytree(way.before, folder)
    at = 1
    while (code := migrated(processes, url(folder), way.go, at)[0]) == -signal.SIGKILL:
        at += 6
    assert code == 0
    assert seen(fsql.FeatureStore(url(folder))) == way.after
