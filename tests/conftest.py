"""What every test gets: no AWS account, no network, no settings of the machine it runs on."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import botocore.session
import hypothesis
import pytest

from fsql.local.models import models

# A deadline measures how busy the machine is; a fixed seed makes a failure repeat.
hypothesis.settings.register_profile("fsql", deadline=None, derandomize=True)
hypothesis.settings.load_profile("fsql")

# Prefixes of the variables through which boto3, pyiceberg, Alembic and fsql itself take settings.
SETTINGS = ("AWS_", "BOTO_", "FSQL_", "PYICEBERG_")


@pytest.hookimpl(trylast=True)  # when `-m` has left out what does not run
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest: one that comes last keeps one process busy and the others waiting.

    They are those with a limit of their own, and pytest-xdist gives each process one part of all.
    """
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    long = [item for item in items if item.get_closest_marker("timeout")]
    short = [item for item in items if not item.get_closest_marker("timeout")]
    size = -(-len(short) // workers)
    items[:] = [
        item
        for worker in range(workers)
        for item in long[worker::workers] + short[worker * size : (worker + 1) * size]
    ]


def pytest_collection_finish() -> None:
    """What is imported and collected stays to the end; Python need not look at it for garbage.

    Nor so often at the rest: that takes a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def pytest_unconfigure() -> None:
    """At Python's end, libraries look for what nobody has let go."""
    gc.unfreeze()


@pytest.fixture(autouse=True)
def plain_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No settings but a test's own: no profile, no credentials, no file in the home folder."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    empty = tmp_path_factory.getbasetemp() / "home"
    empty.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(empty))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True, scope="session")
def models_read_once() -> Iterator[None]:
    """All sessions of boto3's share what they read of AWS's services; it is most of their time."""
    with pytest.MonkeyPatch.context() as patch:
        # botocore.session has imported the name; that of botocore.loaders is asked by nobody.
        patch.setattr(botocore.session, "create_loader", lambda paths=None: models())
        yield


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """A connection that leaves this machine is an error, whoever opens it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any, /) -> None:
        if self.family != socket.AF_UNIX and not _is_loopback(address[0]):
            raise OSError(f"a test tried to reach {address!r}; tests stay on this machine")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
