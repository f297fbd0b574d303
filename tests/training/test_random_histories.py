"""Training sets of random pasts, asked for as users do, beside an oracle in plain Python.

`make bench ARGS="oracle --seed 7 --histories 2000"` asks more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.questions import FORMS, READ, SPINES, TTLS, Question, check, question
from tests.training.worlds import World, opened

SEED, HISTORIES, ROWS, QUESTIONS = 2026, 104, 30, 12  # 37,440 rows of spines


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("world"), SEED, range(HISTORIES)) as made:
        yield made


@pytest.mark.parametrize("number", range(QUESTIONS))
def test_beside_the_oracle(world: World, number: int, tmp_path: Path) -> None:
    rows = check(world, question(world, number), ROWS, tmp_path)
    assert rows == HISTORIES * ROWS


def test_a_difference_is_told_with_what_led_to_it(world: World, tmp_path: Path) -> None:
    forgetful = replace(world, known={name: {} for name in world.known})
    what = (
        r"(?s)seed 2026, history \d+, question 16: .*is wrong.\n.*Question.*\n.*spine's row: at 202"
    )
    with pytest.raises(
        AssertionError, match=rf"{what}.*found: .*expected: .*\(None.* more are wrong"
    ):
        check(forgetful, question(world, 16), 3, tmp_path)


def test_everything_is_asked(world: World) -> None:
    asked = [question(world, number) for number in range(QUESTIONS)]
    assert {repr(each.form) for each in asked} == set(map(repr, FORMS))
    assert {each.spine for each in asked} == set(SPINES)
    assert {each.read for each in asked} == set(READ)
    assert {each.known_by for each in asked} == {None, "time", "until"}
    assert {name for each in asked for name in each.features} == set(world.groups)
    assert {ttl for each in asked for ttl in each.ttl.values()} == set(TTLS)
    assert len({_terms(each) for each in asked}) == QUESTIONS


def _terms(asked: Question) -> tuple[object, ...]:
    return (asked.known_by, asked.as_of, asked.names, asked.notes, *asked.ttl.items())
