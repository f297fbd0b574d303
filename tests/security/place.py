"""A store beside which lies a secret, served by a process of its own to stock clients."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.test_serve import Served, serving

SECRET = "c4n4ry-of-another-folder"
"""What no answer may ever hold."""
BUCKET = "fsql-local"
DATABASE = "feature_store"
# Words of DuckDB, of Python's tracebacks and of pyarrow that no client has any use for.
FOREIGN = re.compile(r"DuckDB|Traceback|LINE \d+:|\w+ Error: |pyarrow|_duckdb")

Answer = list[list[str | None]] | str


@dataclass
class Place:
    """A folder with a served store and a secret that is none of its objects.

    Attributes:
        folder: holds ``store`` and the secret.
        served: the server.
    """

    folder: Path
    served: Served

    @property
    def secret(self) -> Path:
        return self.folder / "secret.csv"

    @cached_property
    def s3(self) -> Any:
        return self.served.client("s3")

    @cached_property
    def glue(self) -> Any:
        return self.served.client("glue")

    @cached_property
    def athena(self) -> Any:
        return self.served.client("athena")

    def ask(self, sql: str, **more: Any) -> Answer:
        """A query's rows, or why it failed; what it tells is checked for secrets first."""
        request = {"QueryExecutionContext": {"Database": DATABASE}, **more}
        try:
            id_ = self.athena.start_query_execution(QueryString=sql, **request)["QueryExecutionId"]
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return self._told(f"{status} {error}") if status < 500 else _broken(sql, error)
        while True:
            found = self.athena.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
            if (status := found["Status"])["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                break
            time.sleep(0.01)
        if status["State"] != "SUCCEEDED":
            return self._told(status["StateChangeReason"])
        found = self.athena.get_query_results(QueryExecutionId=id_)["ResultSet"]["Rows"]
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]
        assert SECRET not in str(rows), sql
        return rows

    def is_well(self) -> bool:
        """Whether it still answers, with nothing of the secret lost or another file made."""
        there = sorted(path.name for path in self.folder.iterdir())
        alone = there == ["elsewhere", "secret.csv", "store", "store.log"]
        kept = self.secret.read_text() == f"{SECRET},1\n"
        return alone and kept and self.ask("SELECT 1") == [["_col0"], ["1"]]

    def put(self, key: str, body: bytes | str) -> str:
        """Write an object; its URI."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def listing(self, bucket: str, prefix: str) -> str:
        """What S3 tells of the objects below a prefix, or why it does not."""
        try:
            return str(self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents"))
        except ClientError as error:
            return self._told(str(error))

    def table(self, name: str, **more: Any) -> dict[str, Any]:
        """The TableInput of a CSV table with two columns; `more` changes its storage."""
        csv = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
        storage = {
            "Columns": [{"Name": "a", "Type": "string"}, {"Name": "b", "Type": "bigint"}],
            "Location": f"s3://{BUCKET}/{name}/",
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "SerdeInfo": {"SerializationLibrary": csv, "Parameters": {"field.delim": ","}},
        }
        return {"Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage | more}

    def create(self, table: dict[str, Any]) -> None:
        """Put a table into the catalog as it is, in place of one of its name."""
        with contextlib.suppress(self.glue.exceptions.EntityNotFoundException):
            self.glue.delete_table(DatabaseName=DATABASE, Name=table["Name"])
        self.glue.create_table(DatabaseName=DATABASE, TableInput=table)

    def _told(self, reason: str) -> str:
        assert SECRET not in reason
        assert not FOREIGN.search(reason), reason
        return reason


def _broken(sql: str, error: ClientError) -> str:
    raise AssertionError(f"{sql} broke the server") from error


@contextlib.contextmanager
def place(folder: Path, *options: str) -> Iterator[Place]:
    """Serve a new store, with a secret beside it."""
    (folder / "elsewhere").mkdir()
    (folder / "secret.csv").write_text(f"{SECRET},1\n")
    with serving(folder / "store", *options) as served:
        yield Place(folder, served)
