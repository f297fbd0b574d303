"""An embedded store behind ``fsql serve``, for contenders that need an endpoint."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

DATABASE = "feature_store"
STAGING = "s3://fsql-local/athena/"
_FILE = "endpoint.json"


@dataclass(frozen=True)
class Endpoint:
    """Where a store is served.

    Attributes:
        url: for AWS clients.
        fsql_url: for fsql, as if it were on AWS.
        store: the same store in process.
        process: the server's process id.
    """

    url: str
    fsql_url: str
    store: str
    process: int

    @property
    def address(self) -> str:
        """Host and port."""
        return self.url.partition("://")[2]

    def memory(self) -> float:
        """The most memory that the server had, in MB."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def variables(self) -> dict[str, str]:
        """The environment of a client."""
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }


def endpoint(folder: Path) -> Endpoint:
    """What serves the folder, for a contender in a process of its own."""
    return Endpoint(**json.loads((folder / _FILE).read_text()))


@contextmanager
def serving(folder: Path) -> Iterator[Endpoint]:
    """Serve ``folder/store`` in a process of its own."""
    store = f"fsql:///{folder}/store"
    command = [sys.executable, "-m", "fsql.cli", "serve", "--url", store, "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = ""
            while "warehouse=" not in told:
                line = process.stdout.readline()
                assert line, "the server ended"
                told += line
            url, fsql_url = (
                re.search(r"http://\S+(?<!\.)", told),
                re.search(r"fsql://\S+@\S+", told),
            )
            assert url
            assert fsql_url
            made = Endpoint(url[0], fsql_url[0], store, process.pid)
            (folder / _FILE).write_text(json.dumps(asdict(made)))
            yield made
        finally:
            process.terminate()
            process.communicate()
