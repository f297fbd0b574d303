"""Athena alone: ours over a Glue and an S3 that nobody here wrote, moto's server on loopback."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner

import fsql
from fsql.cli import main
from fsql.local.remote.files import opened
from fsql.local.remote.objects import RemoteObjects
from fsql.local.wire import AwsError
from tests.behaviours.athena_client import AthenaClient
from tests.motos import empty_moto

KEYS = {
    "AWS_ACCESS_KEY_ID": "KEY",
    "AWS_SECRET_ACCESS_KEY": "TOP-SECRET",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The URL of moto's server, with the bucket ``features``."""
    with empty_moto() as url:
        client(url).create_bucket(Bucket="features")
        yield url


def client(url: str, service: str = "s3") -> Any:
    make: Any = boto3.Session("KEY", "SECRET", region_name="us-east-1").client
    return make(service, endpoint_url=url)


@pytest.fixture(scope="module")
def athena(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of `fsql serve` as Athena alone."""
    folder = tmp_path_factory.mktemp("athena")
    command = [sys.executable, "-m", "fsql.cli", "serve", "--url", f"fsql:///{folder}/store"]
    command += ["--port", "0", "--glue-endpoint", moto, "--s3-endpoint", moto]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=KEYS)
    assert process.stdout is not None
    told = "".join(iter(process.stdout.readline, "\n")) + process.stdout.readline()
    found = re.search(r"AWS_ENDPOINT_URL_ATHENA=(\S+)", told)
    assert found, told + (folder / "log").read_text()
    yield found[1]
    process.terminate()
    told += process.communicate(timeout=120)[0]
    assert process.returncode == 0
    assert moto in told
    assert "SECRET" not in told + (folder / "log").read_text()


def test_a_store_lives_there(moto: str, athena: str) -> None:
    store = fsql.FeatureStore(
        f"fsql://KEY:SECRET@us-east-1/feature_store?endpoint_url={moto}"
        f"&athena_endpoint_url={athena}"
        "&s3_staging_dir=s3://features/athena/&warehouse=s3://features/warehouse/"
    )
    rows = pa.table({"k": [1, 2, 3], "tags": [["a"], [], None]})
    for table_format in ("iceberg", "hive"):
        name = ("a", "b", table_format, "v0001")
        group = fsql.FeatureGroup.from_frame(*name, frame=rows, keys="k", table_format=table_format)
        store.create(group)
        store.write(group, rows, progress=False)
        store.write(group, rows.slice(1), mode="upsert", progress=False)
        scanned = fsql.read_arrow(f"SELECT * FROM {group.name}", store.engine, transport="scan")
        assert scanned.sort_by("k").equals(rows)
        ordered = f"SELECT * FROM {group.name} ORDER BY k"
        assert fsql.read_arrow(ordered, store.engine, transport="engine").equals(rows)
        view = fsql.read_arrow(f"SELECT count(*) AS n FROM a_b_{table_format}", store.engine)
        assert view["n"].to_pylist() == [3]


def test_the_foreign_services_are_not_answered(athena: str) -> None:
    for service, call in (("glue", "get_databases"), ("s3", "list_buckets")):
        with pytest.raises(ClientError, match="answers Athena only"):
            getattr(client(athena, service), call)()


def test_an_endpoint_that_is_no_url(tmp_path: Path) -> None:
    options = ["--glue-endpoint", "nowhere", "--port", "0"]
    done = CliRunner().invoke(main, ["serve", "--url", f"fsql:///{tmp_path}/store", *options])
    assert done.exit_code == 1
    assert "No clients of Glue and S3" in done.output


def test_large_files_are_read_in_part(moto: str, athena: str) -> None:
    s3, session = client(moto), boto3.Session("KEY", "SECRET", region_name="us-east-1")
    client(moto, "glue").create_database(DatabaseInput={"Name": "large"})
    make = random.Random(7)
    texts = [make.randbytes(20).hex() for _ in range(200_000)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"n": range(200_000), "text": texts}), sink, row_group_size=20_000)
    body = sink.getvalue().to_pybytes()
    s3.put_object(Bucket="features", Key="large/one?[x]*.parquet", Body=body)
    runner = AthenaClient(session, "large", "s3://features/athena/")
    runner.client = client(athena, "athena")
    runner.run(
        "CREATE EXTERNAL TABLE t (n bigint, text string) STORED AS PARQUET"
        " LOCATION 's3://features/large/'"
    )
    found = runner.run("SELECT sum(n), min(text), max(text) FROM t")
    assert found.rows == [(str(sum(range(200_000))), min(texts), max(texts))]
    some = runner.run("SELECT sum(n) FROM t WHERE n < 100")
    assert some.rows == [("4950",)]
    scanned = some.execution["Statistics"]["DataScannedInBytes"]
    assert 0 < scanned < len(body) / 4
    assert runner.rows('SELECT DISTINCT "$path" FROM t') == [
        ("s3://features/large/one?[x]*.parquet",)
    ]
    pages = runner.run("SELECT n FROM t WHERE n < 2500 ORDER BY n").rows
    assert [int(n or "") for (n,) in pages] == list(range(2500))


# The objects


@pytest.fixture
def objects(moto: str, tmp_path: Path) -> RemoteObjects:
    return RemoteObjects(client(moto), tmp_path)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (3 << 20) + 17])
def test_any_part_of_an_object(moto: str, size: int) -> None:
    s3, make = client(moto), random.Random(size)
    body = make.randbytes(size)
    s3.put_object(Bucket="features", Key="bytes", Body=body)
    with opened(s3, "s3://features/bytes") as file:
        assert file.read() == body
        assert (file.read(), file.tell()) == (b"", size)

        def part(number: int) -> bool:
            own = random.Random(number)
            start, length = own.randint(0, size), own.randint(0, 2 << 20)
            file.seek(start)
            return file.read(length) == body[start : start + length]

        with ThreadPoolExecutor(6) as pool:
            assert all(pool.map(part, range(60)))
        file.seek(0)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(file.read, 10).result() == body[:10]
        assert file.read(10) == body[10:20]


def test_an_object_that_is_replaced_while_it_is_read(moto: str) -> None:
    s3 = client(moto)
    s3.put_object(Bucket="features", Key="changing", Body=b"a" * (3 << 20))
    with opened(s3, "s3://features/changing") as file:
        s3.put_object(Bucket="features", Key="changing", Body=b"b" * (3 << 20))
        file.seek(2 << 20)
        with pytest.raises(AwsError, match="PreconditionFailed"):
            file.read(1)


def test_files_are_published_together_or_not(objects: RemoteObjects, tmp_path: Path) -> None:
    files = {f"s3://features/published/{i}": tmp_path / str(i) for i in range(4)}
    for uri, path in files.items():
        path.write_text(uri)
    files["s3://nowhere/published/4"] = tmp_path / "0"
    with pytest.raises(AwsError, match="NoSuchBucket"):
        objects.publish(files, lambda: None)
    assert list(objects.list("s3://features/published/")) == []
    del files["s3://nowhere/published/4"]
    objects.publish(files, lambda: None)
    there = list(objects.list("s3a://features/published/"))
    assert [each.open().read().decode() for each in there] == list(files)
    assert [each.place for each in there] == list(files)
    objects.delete([*files, "s3://features/published/none"])
    assert list(objects.list("s3://features/published/")) == []


def test_a_stream_that_fails_writes_nothing(objects: RemoteObjects) -> None:
    uri = "s3://features/stream"

    def fail() -> None:
        with objects.create(uri, overwrite=False) as stream:
            stream.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert objects.find(uri) is None
    with objects.create(uri, overwrite=False) as stream:
        stream.write(b"whole")
    assert objects.open(uri).read() == b"whole"
    with pytest.raises(FileExistsError):
        objects.create(uri, overwrite=False)


def test_what_is_not_there(objects: RemoteObjects) -> None:
    with pytest.raises(FileNotFoundError):
        objects.open("s3://features/none")
    for call in (objects.find, lambda uri: list(objects.list(uri))):
        with pytest.raises(AwsError, match="NoSuchBucket"):
            call("s3://nowhere/none")
    objects.ensure_bucket("new-bucket")
    objects.ensure_bucket("new-bucket")
    objects.require_bucket("new-bucket")


def test_an_endpoint_that_does_not_answer(tmp_path: Path) -> None:
    config = Config(retries={"max_attempts": 0}, connect_timeout=1)
    session = boto3.Session("KEY", "SECRET", region_name="us-east-1")
    s3 = session.client("s3", endpoint_url="http://127.0.0.1:9", config=config)
    with pytest.raises(AwsError) as caught:
        RemoteObjects(s3, tmp_path).find("s3://b/k")
    assert caught.value.status == 503
