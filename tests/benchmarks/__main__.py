"""``python -m tests.benchmarks [name …] [--option …]``: run benchmarks and write RESULTS.md."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from itertools import dropwhile
from pathlib import Path

NAMES = (
    "one_row",
    "read_rows",
    "upload",
    "large",
    "inserts",
    "write_peers",
    "read_peers",
    "upsert_peers",
    "tpch",
    "clients",
    "one_row_http",
    "autogenerate",
    "cached",
    "point_in_time",
    "oracle",
)


def main(arguments: list[str]) -> None:
    """Run the named benchmarks, or all; what begins with a dash, and all after it, is for them."""
    options = list(dropwhile(lambda each: not each.startswith("-"), arguments))
    names = arguments[: len(arguments) - len(options)]
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise SystemExit(f"No benchmark {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
    if options and len(names) != 1:
        raise SystemExit(f"Say which one benchmark {' '.join(options)} is for.")
    for name in names or NAMES:
        sys.stderr.write(f"{name} …\n")
        run = import_module(f"tests.benchmarks.{name}").main
        with tempfile.TemporaryDirectory(prefix="fsql-bench-") as folder:
            run(Path(folder), options) if options else run(Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
