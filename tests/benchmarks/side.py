"""Contenders of several environments, side by side against one served store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tests import environments
from tests.benchmarks.measure import Figure, side_by_side
from tests.benchmarks.served import Endpoint

PEERS = "awswrangler"
"""Their environment."""


def measured(
    module: str,
    names: Iterable[str],
    folder: Path,
    rounds: dict[str, int],
    served: Endpoint,
    before: Callable[[str, int], None] = lambda name, turn: None,
) -> dict[str, Figure]:
    """Measure contenders, awswrangler's by its own interpreter and the others by ours."""
    commands = {}
    for name in names:
        theirs = name.startswith("awswrangler")
        python = str(environments.python(PEERS)) if theirs else sys.executable
        where = "tests.benchmarks.wrangler" if theirs else module
        commands[name] = [python, "-m", where, name, str(folder)]
    return side_by_side(commands, rounds, served.variables(), before)


def note(served: Endpoint, rows: int) -> str:
    """What the figures stand on."""
    peers = ("awswrangler", "pyarrow", "pandas")
    versions = ", ".join(f"{peer} {environments.version(PEERS, peer)}" for peer in peers)
    return (
        f"{rows:,} rows of ten columns and a struct, zstd everywhere; medians of interleaved rounds"
        f" after one that does not count. *Served*: the same store over HTTP on loopback, whose"
        f" server runs on the same two cores and took {served.memory():.0f} MB of its own at most;"
        f" its work counts in the seconds. *Embedded*: in process. awswrangler's environment:"
        f" {versions}."
    )
