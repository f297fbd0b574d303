"""``fsql serve`` as people run it: a process of its own, stock clients, signals."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import pyarrow as pa
import pyathena
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from pyathena.cursor import DictCursor
from pyathena.error import DatabaseError
from pyathena.pandas.cursor import PandasCursor

import fsql
from fsql.aws import open_server
from fsql.cli import main
from fsql.errors import ConfigError

FRAME = pd.DataFrame(
    {
        "user_id": [1, 2, 3],
        "tags": [["a", "b"], [], None],
        "paid": [1.5, None, -0.0],
        "at": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"], utc=True),
    }
)


@dataclass
class Served:
    """A running `fsql serve`."""

    process: subprocess.Popen[str]
    told: str

    @property
    def url(self) -> str:
        found = re.search(r"AWS_ENDPOINT_URL=(\S+)", self.told)
        assert found, self.told
        return found[1]

    @property
    def fsql_url(self) -> str:
        found = re.search(r"fsql://\S+@\S+", self.told)
        assert found, self.told
        return found[0]

    def client(self, service: str) -> Any:
        make: Any = boto3.Session("local", "local", region_name="us-east-1").client
        return make(service, endpoint_url=self.url)

    def memory(self) -> float:
        """The most memory that it had so far, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextlib.contextmanager
def serving(folder: Path, *options: str, **environment: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "fsql.cli", "serve", "--url", f"fsql:///{folder}"]
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **environment},
        )
        try:
            assert process.stdout is not None
            told = ""
            while (line := process.stdout.readline()) and "warehouse=" not in line:
                told += line
            yield Served(process, told + line)
        finally:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served") / "store") as made:
        yield made


@pytest.fixture(scope="module")
def store(served: Served) -> fsql.FeatureStore:
    """fsql itself as a client, through its URL of AWS."""
    return fsql.FeatureStore(served.fsql_url)


@pytest.fixture(scope="module")
def group(store: fsql.FeatureStore) -> fsql.FeatureGroup:
    made = fsql.FeatureGroup.from_frame(
        "acme", "web", "user", "v0001", frame=FRAME, keys=["user_id"], event_time="at"
    )
    store.create(made)
    store.write(made, FRAME, progress=False)
    return made


@pytest.fixture
def variables(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it told us to export, and nothing else."""
    for line in re.findall(r"^  export (.*)$", served.told, re.MULTILINE):
        for name, _, value in (pair.partition("=") for pair in line.split()):
            monkeypatch.setenv(name, value)


# Stock clients


@pytest.mark.parametrize("transport", ["scan", "engine"])
def test_fsql_by_its_aws_url(
    store: fsql.FeatureStore, group: fsql.FeatureGroup, transport: Any
) -> None:
    read = fsql.read_sql(f"SELECT * FROM {group.name}", store.engine, transport=transport)
    pd.testing.assert_frame_equal(read.sort_values("user_id", ignore_index=True), FRAME)
    assert (read.attrs["fsql"]["transport"] == "scan") == (transport == "scan")


def test_boto3_by_the_variables_alone(variables: None, group: fsql.FeatureGroup) -> None:
    found: Any = boto3.client("glue").get_tables(DatabaseName="feature_store")["TableList"]
    assert group.name in [table["Name"] for table in found]
    assert boto3.client("sts").get_caller_identity()["Account"] == "000000000000"


@pytest.mark.parametrize("cursor", [None, DictCursor, PandasCursor])
def test_pyathena_by_the_variables_alone(
    variables: None, group: fsql.FeatureGroup, cursor: Any
) -> None:
    connection = pyathena.connect(
        s3_staging_dir="s3://fsql-local/athena/",
        schema_name="feature_store",
        poll_interval=0.01,
        **({"cursor_class": cursor} if cursor else {}),
    )
    made = connection.cursor().execute(f"SELECT user_id, paid FROM {group.name} ORDER BY 1")
    rows: Any = made.fetchall()
    first = {"user_id": 1, "paid": 1.5}
    assert rows[0] == (first if cursor is DictCursor else tuple(first.values()))
    assert len(rows) == 3


def test_pyathenas_sqlalchemy_url(variables: None, group: fsql.FeatureGroup) -> None:
    engine = sa.create_engine(
        "awsathena+rest://local:local@athena.us-east-1.amazonaws.com:443/feature_store"
        "?s3_staging_dir=s3://fsql-local/athena/&poll_interval=0.01"
    )
    table = sa.Table(group.name, sa.MetaData(), autoload_with=engine)
    assert [*table.columns.keys()] == [*FRAME.columns]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.sum(table.c.user_id))) == 6


def test_pyiceberg(served: Served, variables: None, group: fsql.FeatureGroup) -> None:
    from pyiceberg.catalog import load_catalog

    # Its files come by pyarrow's S3 client, which follows no variable.
    catalog = load_catalog("glue", type="glue", **{"s3.endpoint": served.url})
    table = catalog.load_table(("feature_store", group.name))
    found = table.scan(selected_fields=("user_id",)).to_arrow()
    assert sorted(found["user_id"].to_pylist()) == [1, 2, 3]
    table.append(table.scan().to_arrow().slice(0, 1))
    assert table.scan().to_arrow().num_rows == 4
    table.delete("user_id > 0")
    table.append(table.scan(snapshot_id=table.history()[0].snapshot_id).to_arrow())


def test_large_files_take_little_memory(served: Served) -> None:
    s3, before = served.client("s3"), served.memory()
    arrow = fsql.FeatureStore(served.fsql_url).catalog.aws.filesystem
    block = os.urandom(1 << 20)
    with arrow.open_output_stream("fsql-local/large") as stream:
        for _ in range(400):
            stream.write(block)
    assert s3.head_object(Bucket="fsql-local", Key="large")["ContentLength"] == 400 << 20
    body = s3.get_object(Bucket="fsql-local", Key="large")["Body"]
    assert all(part == block for part in iter(lambda: body.read(1 << 20), b""))
    assert served.memory() - before < 200
    s3.delete_object(Bucket="fsql-local", Key="large")


# Signals


def test_it_ends_on_a_signal(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with serving(tmp_path / "store") as made:
            assert urllib.request.urlopen(f"{made.url}/health").status == 200
            made.process.send_signal(number)
            rest, _ = made.process.communicate(timeout=120)
            assert "Stopping" in rest
            assert made.process.returncode == 0


def test_running_requests_may_end(tmp_path: Path) -> None:
    head = b"PUT /fsql-local/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    with serving(tmp_path / "store") as made:
        port = int(made.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as slow:
            slow.sendall(head)
            time.sleep(1)  # until it is read
            made.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            slow.sendall(b"x" * 1_000_000)
            assert slow.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert made.process.wait(120) == 0
    assert (tmp_path / "store/s3/fsql-local/k").stat().st_size == 1_000_000


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    head = b"PUT /fsql-local/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    with serving(tmp_path / "store", "--grace", "100") as made:
        port = int(made.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as slow:
            slow.sendall(head)
            time.sleep(1)  # until it is read
            made.process.send_signal(signal.SIGTERM)
            time.sleep(1.5)
            made.process.send_signal(signal.SIGTERM)
            assert made.process.wait(120) == -signal.SIGTERM
    assert not (tmp_path / "store/s3/fsql-local/k").exists()


def test_killed_while_clients_write(tmp_path: Path) -> None:
    """Objects are whole or not there, and the store opens again."""
    folder, content = tmp_path / "store", os.urandom(3_000_000)
    with serving(folder) as made:
        s3 = made.client("s3")
        written = 0
        s3.put_object(Bucket="fsql-local", Key="k0", Body=content)
        with (
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    f"import time, os; time.sleep(1); os.kill({made.process.pid}, 9)",
                ]
            ),
            contextlib.suppress(Exception),
        ):
            while True:
                written += 1
                s3.put_object(Bucket="fsql-local", Key=f"k{written}", Body=content)
    with serving(folder) as again:
        s3 = again.client("s3")
        found = s3.list_objects_v2(Bucket="fsql-local")["Contents"]
        assert len(found) >= written
        for each in found:
            assert s3.get_object(Bucket="fsql-local", Key=each["Key"])["Body"].read() == content


def test_a_query_that_runs_does_not_hold_the_end_up(tmp_path: Path) -> None:
    with serving(tmp_path / "store", "--grace", "250") as made:
        athena = made.client("athena")
        athena.start_query_execution(
            QueryString="SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x)"
            " CROSS JOIN UNNEST(sequence(1, 10000)) b(y) CROSS JOIN UNNEST(sequence(1, 10000)) c(z)"
            " WHERE x * y % 7 = z % 7",
            ResultConfiguration={"OutputLocation": "s3://fsql-local/athena/"},
        )
        time.sleep(0.5)
        made.process.send_signal(signal.SIGTERM)
        assert made.process.wait(120) == 0


# What it says


def test_signatures_of_the_keys_in_the_environment(tmp_path: Path) -> None:
    given = {"FSQL_SERVE_KEYS": "AKIDONE:secret/one AKIDTWO:secret+two"}
    with serving(tmp_path / "store", "--require-signature", **given) as made:
        assert "secret/one" not in made.told
        assert "AWS_ACCESS_KEY_ID=AKIDONE" in made.told
        for key, secret in (("AKIDONE", "secret/one"), ("AKIDTWO", "secret+two")):
            url = made.fsql_url.replace("KEY:SECRET", f"{key}:{secret.replace('/', '%2F')}")
            read = fsql.read_arrow("SELECT 1 AS one", fsql.create_engine(url))
            assert read == pa.table({"one": pa.array([1], pa.int32())})
        refused = made.fsql_url.replace("KEY:SECRET", "AKIDONE:other")
        with pytest.raises(DatabaseError, match="signature"):
            fsql.read_arrow("SELECT 1 AS one", fsql.create_engine(refused))


def test_each_request_is_logged(tmp_path: Path) -> None:
    with serving(tmp_path / "store") as made:
        made.client("glue").get_databases()
        urllib.request.urlopen(f"{made.url}/health").read()
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(120)
    log = (tmp_path / "store.log").read_text()
    assert " 127.0.0.1 glue GetDatabases POST / 200 " in log
    assert " 127.0.0.1 health GET /health 200 " in log


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--require-signature"], "needs the keys"),
        (["--require-signature", "--key", "nosecret"], "needs the keys"),
        (["--key", "A:B"], "would not be asked for"),
        (["--url", "fsql://us-east-1/db?work_group=w"], "Only an embedded store"),
        (["--host", "203.0.113.1"], "cannot be bound"),
    ],
)
def test_what_cannot_be_served(tmp_path: Path, options: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["serve", "--url", f"fsql:///{tmp_path}/store", *options])
    assert done.exit_code == 1
    assert said in done.output


def test_another_host_is_warned_of(tmp_path: Path) -> None:
    options = ["--url", f"fsql:///{tmp_path}/store", "--host", "203.0.113.1"]
    assert "can read and change the store" in CliRunner().invoke(main, ["serve", *options]).output
    options += ["--require-signature", "--key", "A:B"]
    assert "can read and change" not in CliRunner().invoke(main, ["serve", *options]).output


def test_a_port_that_is_taken(served: Served, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be bound"):
        open_server(f"fsql:///{tmp_path}/store", port=int(served.url.rpartition(":")[2]))
