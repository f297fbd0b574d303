"""Write the page of functions: ``python -m tests.trino docs/trino.md``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.trino.page import page

target = Path(sys.argv[1])
target.parent.mkdir(exist_ok=True)
target.write_text(page(), encoding="utf-8")
