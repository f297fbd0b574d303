"""A really started ``fsql serve`` for stock clients, and the environment that they follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.benchmarks.served import Endpoint, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One server a worker."""
    with serving(tmp_path_factory.mktemp("clients")) as made:
        yield made


@pytest.fixture
def aws(served: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A boto3 session that has nothing but the environment variables that the server told."""
    for name, value in served.variables().items():
        monkeypatch.setenv(name, value)
    return boto3.Session()
