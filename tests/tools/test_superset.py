"""Superset's engine spec, loaded by a real Superset; its SQL runs in an embedded store.

Superset 6.1 pins SQLAlchemy 1.4 and fsql needs 2.0, so Superset has an environment without fsql's
requirements: it gets the module and the entry point, as fsql's wheel would bring them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

import fsql
from tests import environments

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SCRIPT = Path(__file__).with_name("scripts") / "superset_spec.py"
SPEC = Path(fsql.__file__).with_name("superset.py")
MOMENT = dt.datetime(2026, 2, 14, 13, 47, 38, 123456)  # a Saturday

STARTS = {
    "PT1S": dt.datetime(2026, 2, 14, 13, 47, 38),
    "PT5S": dt.datetime(2026, 2, 14, 13, 47, 35),
    "PT30S": dt.datetime(2026, 2, 14, 13, 47, 30),
    "PT1M": dt.datetime(2026, 2, 14, 13, 47),
    "PT5M": dt.datetime(2026, 2, 14, 13, 45),
    "PT10M": dt.datetime(2026, 2, 14, 13, 40),
    "PT15M": dt.datetime(2026, 2, 14, 13, 45),
    "PT0.5H": dt.datetime(2026, 2, 14, 13, 30),
    "PT1H": dt.datetime(2026, 2, 14, 13),
    "PT6H": dt.datetime(2026, 2, 14, 12),
    "P1D": dt.datetime(2026, 2, 14),
    "P1W": dt.datetime(2026, 2, 9),
    "P1M": dt.datetime(2026, 2, 1),
    "P3M": dt.datetime(2026, 1, 1),
    "P1Y": dt.datetime(2026, 1, 1),
    "1969-12-28T00:00:00Z/P1W": dt.datetime(2026, 2, 8),
    "1969-12-29T00:00:00Z/P1W": dt.datetime(2026, 2, 9),
    "P1W/1970-01-03T00:00:00Z": dt.datetime(2026, 2, 14),
    "P1W/1970-01-04T00:00:00Z": dt.datetime(2026, 2, 15),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `scripts/superset_spec.py` prints."""
    home = tmp_path_factory.mktemp("superset")
    interpreter = environments.python("superset")
    done = subprocess.run(
        [interpreter, SCRIPT],
        cwd=home,
        env={
            "PATH": f"{interpreter.parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "PYTHONPATH": str(_installed(home)),
            "SUPERSET_SECRET_KEY": "for tests alone, and long enough for Superset",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _installed(home: Path) -> Path:
    """A folder for modules with the spec and fsql's real entry points, without the rest."""
    site = home / "site"
    (site / "fsql").mkdir(parents=True)
    (site / "fsql" / "__init__.py").touch()
    shutil.copy(SPEC, site / "fsql")
    metadata = distribution("fsql")
    info = site / f"fsql-{metadata.version}.dist-info"
    info.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        (info / name).write_text(metadata.read_text(name) or "")
    return site


@pytest.fixture(scope="module")
def cursor(tmp_path_factory: pytest.TempPathFactory) -> Any:
    connection = fsql.connect(f"fsql:///{tmp_path_factory.mktemp('store')}")
    cursor = connection.cursor()
    cursor.execute(
        "CREATE TABLE seen (at timestamp, epoch bigint)"
        " LOCATION 's3://fsql-local/seen/' TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    cursor.execute(f"INSERT INTO seen VALUES (TIMESTAMP '{MOMENT}', 1771076858)")
    yield cursor
    connection.close()


def test_superset_finds_the_spec(answers: Any) -> None:
    assert answers["loaded"] == ["fsql"]
    assert answers["engine"] == "fsql"
    assert answers["drivers"] == ["athena"]
    assert answers["label"].startswith("sum(amount)")  # Athena lowers names


def test_every_grain_has_a_name(answers: Any) -> None:
    grains = {grain for grain in answers["grains"] if grain != "null"}
    assert grains == set(STARTS)
    # Superset has a name for PT30M, and its own grain of half an hour is called otherwise.
    assert grains - {"PT0.5H"} <= set(answers["names"])


@pytest.mark.parametrize("grain", STARTS)
def test_grains(answers: Any, cursor: Any, grain: str) -> None:
    expression = answers["grains"][grain].format(col="at")
    cursor.execute(f"SELECT {expression} AS start, count(*) FROM seen GROUP BY 1")
    assert cursor.fetchall() == [(STARTS[grain], 1)]


def test_times_as_literals(answers: Any, cursor: Any) -> None:
    literals = answers["literals"]
    cursor.execute(f"SELECT count(*) FROM seen WHERE at = {literals['TIMESTAMP']}")
    assert cursor.fetchall() == [(1,)]
    cursor.execute(f"SELECT count(*) FROM seen WHERE CAST(at AS date) = {literals['DATE']}")
    assert cursor.fetchall() == [(1,)]
    assert literals["VARCHAR"] is None


def test_epochs(answers: Any, cursor: Any) -> None:
    seconds = answers["seconds"].format(col="epoch")
    milliseconds = answers["milliseconds"].format(col="(epoch * 1000 + 123)")
    cursor.execute(
        f"SELECT CAST({seconds} AS timestamp), CAST({milliseconds} AS timestamp) FROM seen"
    )
    whole = MOMENT.replace(microsecond=0)
    assert cursor.fetchall() == [(whole, whole.replace(microsecond=123_000))]
