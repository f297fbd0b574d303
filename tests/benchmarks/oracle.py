"""Training sets of many random pasts beside an oracle in plain Python, by seed."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from tests.benchmarks import report
from tests.training.questions import check, question
from tests.training.worlds import opened

TITLE = "Training sets beside an oracle"
SEED, HISTORIES = 1, 2_000
AT_ONCE = 200  # histories in a store
QUESTIONS = 12  # for each store, and others for the next
ROWS = 30  # of the spine, for each history and question
NOTE = """Random pasts of five groups of different keys, three of which a training set has: rows
written three times, and deleted before, between and after. Each question is another training set,
of other features and terms and another kind of spine. Every value of every row is compared with
what plain Python finds by looking at all that happened to the key; a difference ends the run and is
printed with what led to it. A few of these pasts are asked in the tests."""


@dataclass
class _Compared:
    """How much was compared."""

    histories: int = 0
    events: int = 0
    questions: int = 0
    rows: int = 0
    groups: int = 0

    def __str__(self) -> str:
        return (
            f"{self.histories:,} histories of {self.events:,} rows and deletes;"
            f" {self.questions:,} training sets of {self.rows:,} rows,"
            f" each with the features of three groups: {self.groups:,} lookups, all as expected"
        )


def main(folder: Path, options: Sequence[str] = ()) -> None:
    """Compare, and write the section.

    Raises:
        AssertionError: they differ.
    """
    parser = argparse.ArgumentParser(prog="oracle", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--histories", type=int, default=HISTORIES)
    asked = parser.parse_args(options)
    started = time.perf_counter()
    done = _compared(folder, asked.seed, asked.histories)
    line = f"Seed {asked.seed}: {done}, in {time.perf_counter() - started:,.0f} s."
    print(line)
    command = f'make bench ARGS="oracle --seed {asked.seed} --histories {asked.histories}"'
    report.section(TITLE, command, f"{line}\n\n{NOTE}")


def _compared(folder: Path, seed: int, histories: int) -> _Compared:
    done = _Compared()
    starts = range(0, histories, AT_ONCE)
    with tqdm(total=len(starts) * QUESTIONS, unit=" questions") as bar:
        for place, start in enumerate(starts):
            numbers = range(start, min(start + AT_ONCE, histories))
            room = folder / str(start)
            room.mkdir()
            with opened(room, seed, numbers) as world:
                done.histories += len(numbers)
                done.events += sum(
                    len(each) for keys in world.known.values() for each in keys.values()
                )
                for number in range(place * QUESTIONS, (place + 1) * QUESTIONS):
                    put = question(world, number)
                    rows = check(world, put, ROWS, room)
                    done.questions += 1
                    done.rows += rows
                    done.groups += rows * len(put.features)
                    bar.update()
    return done
