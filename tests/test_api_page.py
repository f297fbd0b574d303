"""docs/api.md says what the embedded AWS answers, and nothing else."""

from __future__ import annotations

from tests.api_page import LIMITS, PAGE, page


def test_the_page_is_what_is_answered() -> None:
    """Write it anew with ``python -m tests.api_page``."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_limits_are_those_of_operations_that_are_answered() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for limits in LIMITS.values():
        for name, limit in limits.items():
            assert f"| {name} | {limit} |" in text
