"""``python -m tests.clients.pyathena_suite CHECKOUT [pytest's arguments …]``.

Runs PyAthena's own tests against ``fsql serve``. CHECKOUT is a clone of PyAthena at the release
that ``tests/environments/pyathena.txt`` pins; its tests run in that environment.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import boto3

from tests import environments
from tests.benchmarks.served import STAGING, Endpoint, serving

# Spark is another engine, which fsql doesn't have.
SPARK = ("tests/pyathena/spark", "tests/pyathena/aio/spark")


def variables(served: Endpoint) -> dict[str, str]:
    """What its tests ask of the environment."""
    return {
        **served.variables(),
        "AWS_ATHENA_S3_STAGING_DIR": f"{STAGING}pyathena/",
        "AWS_ATHENA_WORKGROUP": "pyathena",
        "AWS_ATHENA_SPARK_WORKGROUP": "spark",
        "PYTHONPATH": str(Path(__file__).parent),
    }


def prepare(served: Endpoint) -> None:
    """Make the workgroup that PyAthena's authors made by hand; results are never managed here."""
    athena = boto3.Session("local", "local", region_name="us-east-1").client(
        "athena", endpoint_url=served.url
    )
    athena.create_work_group(
        Name="pyathena",
        Configuration={
            "ResultConfiguration": {"OutputLocation": f"{STAGING}pyathena/"},
            "EnforceWorkGroupConfiguration": False,
        },
    )


def run(checkout: Path, arguments: list[str]) -> int:
    """Run them and tell pytest's exit code."""
    ignored = [f"--ignore={folder}" for folder in SPARK]
    pytest = [str(environments.python("pyathena")), "-m", "pytest", "-p", "pyathena_plugin"]
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as served:
        prepare(served)
        command = [*pytest, *ignored, *(arguments or ["-n", "2", "tests/pyathena"])]
        return subprocess.run(command, cwd=checkout, env=variables(served)).returncode


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
