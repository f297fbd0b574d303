"""SQLAlchemy's dialect suite, run as a process of its own: its pytest plugin takes pytest over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.suite.report import PAGE, outcomes, page, run


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_sqlalchemys_suite(tmp_path: Path) -> None:
    """Nothing fails, and the page in docs/ says what passed and why others were skipped."""
    record = tmp_path / "suite.xml"
    said = run(record)
    found = outcomes(record)
    assert not found.failed, said
    assert PAGE.read_text("utf-8") == page(found), "run: python -m tests.suite"
