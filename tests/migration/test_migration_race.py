"""Two upgrades at the same time: one wins, the other says why not, and nothing is done twice."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fsql
from fsql.errors import MigrationConflict
from tests.migrating import started, upgrade
from tests.migration_project import PROJECT, fill, first, journal, seen, up
from tests.programs import forking

COMMANDS, MANY = 2, 12
LOST = re.compile(r"under way|came first|taken over", re.IGNORECASE)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store at the first revision."""
    folder = tmp_path_factory.mktemp("race") / "first"
    first(f"fsql:///{folder}")
    fill(fsql.FeatureStore(f"fsql:///{folder}"))
    return folder


@pytest.fixture(scope="module")
def alone(filled: Path) -> dict[str, Any]:
    """What a store says of itself that one process has upgraded."""
    folder = filled.with_name("alone")
    shutil.copytree(filled, folder)
    up(f"fsql:///{folder}")
    return seen(fsql.FeatureStore(f"fsql:///{folder}"))


def run(url: str, go: Callable[[str], None], ready: Any, told: Any) -> None:
    """Wait for the other, go, and tell what came of it."""
    ready.wait(60)
    try:
        go(url)
    except MigrationConflict as error:
        told.put(str(error))
    else:
        told.put("")


def raced(url: str, go: Callable[[str], None]) -> list[str]:
    """What two processes tell that set out at the same time; "" of one that found no fault."""
    processes = forking()
    ready, told = processes.Barrier(2), processes.Queue()
    both = [processes.Process(target=run, args=(url, go, ready, told)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(100)
    assert [process.exitcode for process in both] == [0, 0]
    return sorted(told.get(timeout=10) for _ in both)


def test_two_at_once(filled: Path, alone: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(filled, folder)
    check(f"fsql:///{folder}", raced(f"fsql:///{folder}", up), alone)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_at_once_many_times(filled: Path, alone: dict[str, Any], tmp_path: Path) -> None:
    """For the last revision, which has an operation of nearly each kind."""
    late = tmp_path / "late"
    shutil.copytree(filled, late)
    upgrade(f"fsql:///{late}", "r3", PROJECT)
    for turn in range(MANY):
        folder = tmp_path / str(turn)
        shutil.copytree(late, folder)
        check(f"fsql:///{folder}", raced(f"fsql:///{folder}", up), alone)
        shutil.rmtree(folder)


def test_two_at_once_on_an_empty_store(tmp_path: Path) -> None:
    """They make the version view and the groups."""
    url = f"fsql:///{tmp_path}/store"
    answers = raced(url, first)
    assert answers[0] == ""
    assert not answers[1] or LOST.search(answers[1]), answers
    store = fsql.FeatureStore(url)
    fill(store)
    assert journal(store) is None
    assert len(store.groups()) == 3


def check(url: str, answers: list[str], alone: dict[str, Any]) -> None:
    """One of them came through, the other did too or was told why not; all was done once."""
    store = fsql.FeatureStore(url)
    assert answers[0] == "", answers
    assert not answers[1] or LOST.search(answers[1]), answers
    assert journal(store) is None
    assert seen(store) == alone
    store.engine.dispose()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_commands_at_once(filled: Path, alone: dict[str, Any], tmp_path: Path) -> None:
    """Real ones, as two people type them."""
    for turn in range(COMMANDS):
        folder = tmp_path / str(turn)
        shutil.copytree(filled, folder)
        url = f"fsql:///{folder}"
        both = [started(url, "upgrade", "head", folder=PROJECT) for _ in range(2)]
        said = [process.communicate()[1] for process in both]
        codes = [process.returncode for process in both]
        for code, text in zip(codes, said, strict=True):
            assert code in (0, 1), text
            assert "Traceback" not in text, text
        answers = sorted(text if code else "" for code, text in zip(codes, said, strict=True))
        check(url, answers, alone)
        shutil.rmtree(folder)


def test_the_one_that_lost_goes_on_when_told_again(
    filled: Path, alone: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    shutil.copytree(filled, folder)
    url = f"fsql:///{folder}"
    raced(url, up)
    upgrade(url, "head", PROJECT)
    check(url, ["", ""], alone)
