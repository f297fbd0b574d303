"""``python -m tests.benchmarks [name …]``: run benchmarks and write RESULTS.md."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
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
)


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise SystemExit(f"No benchmark {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
    for name in names or NAMES:
        sys.stderr.write(f"{name} …\n")
        with tempfile.TemporaryDirectory(prefix="fsql-bench-") as folder:
            import_module(f"tests.benchmarks.{name}").main(Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
