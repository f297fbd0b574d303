"""What the tests of attacks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.place import Place, place


@pytest.fixture(scope="module")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("attacked")) as made:
        yield made


@pytest.fixture
def attacked(_place: Place) -> Iterator[Place]:
    """A served store that is as well after a test as before it."""
    yield _place
    assert _place.is_well()
