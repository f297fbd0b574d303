"""The AWS command line, in its own environment."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import environments
from tests.benchmarks.served import STAGING, Endpoint
from tests.clients.running import told

FOLDER = "s3://fsql-local/cli"
TABLE = {
    "Name": "animals",
    "TableType": "EXTERNAL_TABLE",
    "StorageDescriptor": {
        "Columns": [{"Name": "id", "Type": "int"}, {"Name": "name", "Type": "string"}],
        "Location": f"{FOLDER}/animals/",
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": ","},
        },
    },
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Run = Callable[..., str]


@pytest.fixture
def aws_cli(served: Endpoint, tmp_path: Path) -> Run:
    """Runs ``aws`` with what the server told, and tells what it printed."""
    python = environments.python("awscli")
    variables = {
        **served.variables(),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_DEFAULT_OUTPUT": "json",
    }

    def run(*words: str | Path, code: int = 0) -> str:
        return told([python, "-m", "awscli", *words], variables, tmp_path, code)

    return run


def test_athena_and_glue(aws_cli: Run, tmp_path: Path) -> None:
    def ask(*words: str) -> Any:
        return json.loads(aws_cli(*words))

    (tmp_path / "animals.csv").write_text("1,cat\n2,dog\n")
    aws_cli("s3", "cp", "animals.csv", f"{FOLDER}/animals/")
    aws_cli("glue", "create-database", "--database-input", '{"Name": "cli"}')
    put = ["glue", "create-table", "--database-name", "cli", "--table-input", json.dumps(TABLE)]
    aws_cli(*put)
    aws_cli(*put, code=255)
    started = ask(
        *("athena", "start-query-execution", "--query-string"),
        *("SELECT * FROM animals ORDER BY id", "--query-execution-context", "Database=cli"),
        *("--result-configuration", f"OutputLocation={STAGING}"),
    )
    number = ("--query-execution-id", started["QueryExecutionId"])
    state = "QUEUED"
    while state in ("QUEUED", "RUNNING"):
        time.sleep(0.1)
        status = ask("athena", "get-query-execution", *number)["QueryExecution"]["Status"]
        state = status["State"]
    assert state == "SUCCEEDED", status
    values = "ResultSet.Rows[].Data[].VarCharValue"
    rows = aws_cli("athena", "get-query-results", *number, "--query", values, "--output", "text")
    assert rows.split() == ["id", "name", "1", "cat", "2", "dog"]
    assert ask("glue", "get-tables", "--database-name", "cli")["TableList"][0]["Name"] == "animals"


def test_s3(aws_cli: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "deep").mkdir(parents=True)
    (site / "deep" / "a b+ü.txt").write_text("one")
    (site / "large.bin").write_bytes(bytes(range(256)) * (10 << 12))  # 10 MB: in parts
    for file in (site / "deep" / "a b+ü.txt", site / "large.bin"):
        os.utime(file, (1e9, 1e9))
    aws_cli("s3", "sync", "site", f"{FOLDER}/site")
    listed = aws_cli("s3", "ls", "--recursive", f"{FOLDER}/site/").splitlines()
    assert [line.split(maxsplit=2)[2].split(maxsplit=1) for line in listed] == [
        ["3", "cli/site/deep/a b+ü.txt"],
        ["10485760", "cli/site/large.bin"],
    ]
    assert "PRE deep/" in aws_cli("s3", "ls", f"{FOLDER}/site/")
    assert aws_cli("s3", "sync", "site", f"{FOLDER}/site") == ""
    (site / "large.bin").unlink()
    assert "delete: s3" in aws_cli("s3", "sync", "--delete", "site", f"{FOLDER}/site")
    aws_cli("s3", "cp", "--recursive", f"{FOLDER}/site", "back")
    assert (tmp_path / "back/deep/a b+ü.txt").read_text() == "one"
    url = aws_cli("s3", "presign", f"{FOLDER}/site/deep/a b+ü.txt").strip()
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"one"
    aws_cli("s3", "rm", "--recursive", f"{FOLDER}/site")
    aws_cli("s3", "ls", f"{FOLDER}/site/", code=1)
