"""Run SQLAlchemy's suite and write what came of it to docs/compliance.md.

python -m tests.suite
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.suite.report import PAGE, outcomes, page, run


def main() -> None:
    """Write the page; what failed is on it, and on stdout."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "suite.xml"
        said = run(record)
        found = outcomes(record)
    PAGE.write_text(page(found), "utf-8")
    sys.stdout.write(said if found.failed else f"{PAGE.name}: {found.passed} passed\n")


main()
