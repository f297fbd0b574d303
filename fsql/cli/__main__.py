"""``python -m fsql.cli``."""

from __future__ import annotations

from fsql.cli import main

main(prog_name="fsql")
