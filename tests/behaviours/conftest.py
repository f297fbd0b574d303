"""Clients of the AWS that the behaviours run on; see `backends`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.behaviours.backends import BACKENDS, stop
from tests.behaviours.differences import difference

# What statements do is the same however they came. They go over HTTP to the backend moto as well.
STATEMENTS = tuple(
    f"tests.behaviours.test_athena_{what}"
    for what in (
        *("changes", "columns", "groups", "hidden"),
        *("listings", "maintenance", "pruning", "sql"),
    )
)
# Of these it is the number that counts; over HTTP many would take minutes.
MANY = (
    "test_changes_do_what_duckdb_does",
    "test_the_same_rows_as_without",
    "test_whatever_is_done_rows_and_snapshots_stay_readable",
)
EVERYWHERE = os.environ.get("FSQL_BACKENDS") == "all"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests of requests on all backends, those of statements on fewer."""
    if "aws" in metafunc.fixturenames:
        one_way = metafunc.module.__name__ in STATEMENTS and not EVERYWHERE
        many = metafunc.definition.name in MANY and not EVERYWHERE
        left_out = {"served"} if one_way else set()
        left_out |= {"moto"} if many else set()
        chosen = [name for name in BACKENDS if name not in left_out]
        metafunc.parametrize("aws", chosen, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Know what moto can't pass; all of it goes over HTTP several times, which takes a while."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if parameters.get("aws") == "moto":
            item.add_marker(pytest.mark.slow)
            found = difference(item.name)
            if found is not None:
                reason = f"moto {found.moto}: {found.source}"
                item.add_marker(pytest.mark.xfail(reason=reason, run=found.runs))


@pytest.fixture(scope="session", autouse=True)
def stopped() -> Iterator[None]:
    """No server outlives the tests."""
    yield
    stop()


@pytest.fixture
def aws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[boto3.Session]:
    """A session on an empty account."""
    with BACKENDS[request.param](tmp_path / "aws") as session:
        yield session


@pytest.fixture
def glue(aws: boto3.Session) -> Any:
    """A Glue client."""
    return aws.client("glue")


@pytest.fixture
def s3(aws: boto3.Session) -> Any:
    """An S3 client."""
    return aws.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """The name of an empty bucket."""
    s3.create_bucket(Bucket="some-bucket")
    return "some-bucket"


@pytest.fixture
def refused() -> Callable[..., tuple[str, str]]:
    """Call a client's method that must fail: the error's code and message."""

    def call(method: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            method(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return call
