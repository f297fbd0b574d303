"""RESULTS.md: one section for each benchmark, replaced when it runs again."""

from __future__ import annotations

import platform
import re
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.measure import Figure

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = "# What was measured\n\nMedians of one run; the machine is noisy, so read the ratios.\n"
PEERS = ("duckdb", "pandas", "pyarrow", "pyathena", "pyiceberg", "sqlalchemy", "sqlglot")


def section(title: str, command: str, text: str) -> None:
    """Write or replace a section."""
    whole = RESULTS.read_text() if RESULTS.exists() else HEAD
    body = f"## {title}\n\n`{command}`, {_machine()}\n\n{text.strip()}\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if pattern.search(whole):
        whole = pattern.sub(lambda _: body + "\n", whole)
    else:
        whole = f"{whole.rstrip()}\n\n{body}"
    RESULTS.write_text(whole.rstrip() + "\n")


def table(figures: dict[str, Figure], limit: str, *, milliseconds: bool = False) -> str:
    """Figures as a table, each with its ratio to `limit`."""
    unit, factor = ("ms", 1000) if milliseconds else ("s", 1)
    memory = any(figure.megabytes for figure in figures.values())
    lines = [f"| contender | median {unit} | fastest-slowest | x {limit} |", "|---|---|---|---|"]
    if memory:
        lines = [lines[0] + " peak MB | of it by the run |", lines[1] + "---|---|"]
    for name, figure in figures.items():
        ratio = figure.seconds / figures[limit].seconds
        low, high = (value * factor for value in figure.spread)
        line = f"| {name} | {figure.seconds * factor:.2f} | {low:.2f}-{high:.2f} | {ratio:.2f} |"
        lines.append(line + (f" {figure.megabytes:.0f} | {figure.added:.0f} |" if memory else ""))
    return "\n".join(lines)


def _machine() -> str:
    peers = ", ".join(f"{name} {version(name)}" for name in PEERS)
    return f"Python {platform.python_version()} on {platform.machine()}, 2 cores; {peers}"
