"""How a contender is measured: in a process of its own, several times, the median quoted."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Work = Callable[[], Any]


@dataclass(frozen=True)
class Figure:
    """What one contender took.

    Attributes:
        seconds: the median over the rounds.
        spread: the fastest and the slowest round.
        megabytes: the peak memory of its process, at most over the rounds.
    """

    seconds: float
    spread: tuple[float, float]
    megabytes: float


def in_processes(
    module: str, contenders: list[str], folder: Path, rounds: int
) -> dict[str, Figure]:
    """Measure contenders in turn, A B C A B C, each in a fresh process.

    A process runs ``python -m module contender folder`` and prints what `timed` does.
    """
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name in contenders:
            command = [sys.executable, "-m", module, name, str(folder)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            taken[name].append(json.loads(done.stdout.splitlines()[-1]))
    return {name: _figure(runs) for name, runs in taken.items()}


def timed(prepare: Callable[[], Work]) -> None:
    """Prepare, run once, and print seconds of the run and the process's peak memory."""
    work = prepare()
    started = time.perf_counter()
    kept = work()
    seconds = time.perf_counter() - started
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": _peak()}) + "\n")
    del kept


def _peak() -> float:
    """This program's peak memory in MB; getrusage would count what its parent had at the fork."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def interleaved(contenders: dict[str, Work], rounds: int) -> dict[str, Figure]:
    """Measure quick things in this process, one round of each in turn, after a warm-up."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for work in contenders.values():
        for _ in range(5):
            work()
    for _ in range(rounds):
        for name, work in contenders.items():
            started = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - started)
    return {
        name: _figure([{"seconds": s, "megabytes": 0.0} for s in seconds])
        for name, seconds in taken.items()
    }


def _figure(runs: list[dict[str, float]]) -> Figure:
    seconds = [run["seconds"] for run in runs]
    return Figure(
        statistics.median(seconds),
        (min(seconds), max(seconds)),
        max(run["megabytes"] for run in runs),
    )
