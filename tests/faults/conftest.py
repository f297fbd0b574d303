"""A store behind a proxy that can go wrong; everything goes over HTTP, as it does with AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import fsql
from fsql.local.server import Server
from fsql.local.services import Services
from tests.faults.proxy import FaultyProxy

BUCKET = "fsql-local"


@pytest.fixture(scope="package")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyProxy]:
    folder = tmp_path_factory.mktemp("faults") / "store"
    fsql.FeatureStore(f"fsql:///{folder}")  # makes the bucket and the database
    with Server(Services(folder)) as server, FaultyProxy(server.url) as made:
        yield made


@pytest.fixture
def url(proxy: FaultyProxy) -> str:
    return (
        f"fsql://KEY:SECRET@us-east-1/feature_store?endpoint_url={proxy.url}"
        f"&s3_staging_dir=s3://{BUCKET}/athena/&warehouse=s3://{BUCKET}/warehouse/"
    )


@pytest.fixture
def store(url: str) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(url)
    yield made
    made.engine.dispose()
