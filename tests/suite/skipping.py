"""A pytest plugin: tests that Athena cannot pass are skipped, for a reason."""

from __future__ import annotations

import pytest

from tests.suite.requirements import unsuitable


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After SQLAlchemy's plugin, which makes the items anew."""
    for item in items:
        reason = unsuitable(item.nodeid)
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))
