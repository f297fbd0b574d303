"""How a contender is measured: in a process of its own, several times, the median quoted."""

from __future__ import annotations

import ctypes
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
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
        added: how much of that the run itself took, beyond what was prepared.
    """

    seconds: float
    spread: tuple[float, float]
    megabytes: float
    added: float = 0.0


def in_processes(
    module: str, contenders: list[str], folder: Path, rounds: int
) -> dict[str, Figure]:
    """Measure contenders in turn, A B C A B C, each in a fresh process.

    A process runs ``python -m module contender folder`` and prints what `timed` does.
    """
    commands = {name: [sys.executable, "-m", module, name, str(folder)] for name in contenders}
    return side_by_side(commands, dict.fromkeys(contenders, rounds))


def side_by_side(
    commands: Mapping[str, list[str]],
    rounds: Mapping[str, int],
    environment: Mapping[str, str] | None = None,
    before: Callable[[str, int], None] = lambda name, turn: None,
) -> dict[str, Figure]:
    """As `in_processes` for any commands, after a round that does not count.

    ``before`` is called with a contender's name and the number of its round, which is not
    measured; contenders of fewer rounds are done earlier.
    """
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for turn in range(max(rounds.values()) + 1):
        for name, command in commands.items():
            if turn > rounds[name]:
                continue
            before(name, turn)
            found = _run(command, environment)
            sys.stderr.write(f"  {name}: {found['seconds']:.2f} s, {found['megabytes']:.0f} MB\n")
            taken[name].append(found)
    return {name: _figure(runs[1:] or runs) for name, runs in taken.items()}


def _run(command: list[str], environment: Mapping[str, str] | None) -> dict[str, float]:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def timed(prepare: Callable[[], Work], times: int = 1) -> None:
    """Prepare, run, and print seconds of a run and the process's peak memory.

    Args:
        times: how often to run; the seconds are their mean.
    """
    work = prepare()
    _give_back()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew, from what there is now
    prepared = _memory("VmRSS")
    started = time.perf_counter()
    for _ in range(times):
        kept = work()
    seconds = (time.perf_counter() - started) / times
    peak = _memory("VmHWM")
    found = {"seconds": seconds, "megabytes": peak, "added": peak - prepared}
    sys.stdout.write(json.dumps(found) + "\n")
    del kept


def _give_back() -> None:
    """What the preparation no longer needs, so that it doesn't count as the run's."""
    gc.collect()
    if pyarrow := sys.modules.get("pyarrow"):
        pyarrow.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)


def _memory(what: str) -> float:
    """This program's in MB; getrusage would count what its parent had at the fork."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


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
        max(run.get("added", 0.0) for run in runs),
    )
