"""A pytest plugin for PyAthena's own tests against ``fsql serve``.

It does the two things that an environment variable can't: it tells pyarrow's C++ S3 client the
endpoint, which takes it from its caller only; and it counts the tests that called Athena.
Runs in PyAthena's environment, beside its tests, so it imports nothing of fsql.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import botocore.client
import pytest
from pyarrow import fs

_ASKED = "called Athena"
_called = False


class _S3FileSystem(fs.S3FileSystem):  # type: ignore[misc]
    """pyarrow's, at the endpoint that everything else follows."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("endpoint_override", os.environ["AWS_ENDPOINT_URL"])
        super().__init__(*args, **options)


def _notice(call: Any) -> Any:
    def noticing(client: Any, operation: str, parameters: Any) -> Any:
        global _called
        _called = _called or client.meta.service_model.service_name == "athena"
        return call(client, operation, parameters)

    return noticing


fs.S3FileSystem = _S3FileSystem
_client: Any = botocore.client.BaseClient
_client._make_api_call = _notice(_client._make_api_call)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Count anew for each test, and leave a mark on its report."""
    global _called
    _called = False
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report: Any = yield
    if _called:
        report.user_properties.append((_ASKED, report.when))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how the tests that called Athena ended."""
    ended = Counter(
        outcome
        for outcome in ("passed", "failed", "error", "skipped")
        for report in terminalreporter.stats.get(outcome, [])
        if any(name == _ASKED for name, _ in report.user_properties)
    )
    told = ", ".join(f"{count} {outcome}" for outcome, count in ended.items())
    terminalreporter.write_line(f"Of the tests that called Athena: {told}.")
