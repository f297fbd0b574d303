"""What the tests of the embedded AWS share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.hive_store import HiveStore


@pytest.fixture(scope="session")
def _hive_store(tmp_path_factory: pytest.TempPathFactory) -> HiveStore:
    return HiveStore(tmp_path_factory.mktemp("hive"))


@pytest.fixture
def hive(_hive_store: HiveStore) -> Iterator[HiveStore]:
    """One store for all tests, without tables and objects after each."""
    yield _hive_store
    _hive_store.empty()
