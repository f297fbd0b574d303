"""Tools that take a SQLAlchemy URL, each as its users run it, in an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

import fsql
from tests import environments

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SCRIPTS = Path(__file__).with_name("scripts")
PEOPLE = [{"id": 1, "name": "ann", "x": 1.5}, {"id": 2, "name": None, "x": None}]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with two tables that are no feature groups, as such tools mostly meet them."""
    url = f"fsql:///{tmp_path_factory.mktemp('tools') / 'store'}"
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "name": ["ann", None, "eve"],
            "at": pd.date_range("2026-01-01", periods=3, freq="h", unit="us"),
            "x": [1.5, None, 3.25],
        }
    )
    engine = fsql.create_engine(url)
    frame.to_sql("plain", engine, index=False)
    columns = sa.Column("id", sa.BigInteger), sa.Column("note", sa.String)
    sa.Table("noted", sa.MetaData(), *columns).create(engine)
    return url


def run(home: Path, *command: str | Path, **variables: str) -> str:
    """What a command of the tools' environment prints, with no settings of this machine's."""
    interpreter = environments.python("tools")
    path = f"{interpreter.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [interpreter, *command],
        cwd=home,
        env={"PATH": path, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answers(home: Path, script: str, url: str) -> Any:
    return json.loads(run(home, SCRIPTS / script, url))


def test_frames(url: str, tmp_path: Path) -> None:
    """pandas and polars; polars without its own drivers, which know no fsql."""
    got = answers(tmp_path, "frames.py", url)
    assert got["types"] == {"id": "int64", "name": "str", "at": "datetime64[us]", "x": "float64"}
    assert got["schema"] == {
        "id": "Int64",
        "name": "String",
        "at": "Datetime(time_unit='us', time_zone=None)",
        "x": "Float64",
    }
    assert got["wrote"] == [3, 3, 3]
    assert got["one"] == [{"id": 3}]
    assert got["columns"] == ["id", "x"]
    assert got["chunks"] == [4, 4, 1]
    assert got["counted"] == [{"n": 9}]
    assert got["polars"] == [*PEOPLE, {"id": 3, "name": "eve", "x": 3.25}]
    assert got["batches"] == [2, 1]
    assert got["driver"] == 3
    assert got["asked"] == [{"name": "eve"}]


def test_jupysql(url: str, tmp_path: Path) -> None:
    shown = answers(tmp_path, "jupysql.py", url)
    assert (
        "[{'n': 3, 'x': 3.25}]"
        in shown["shops = %sql SELECT count(*) AS n, max(x) AS x FROM plain"]
    )
    assert "'name': 'ann'" in shown["print(people.to_dict('records'))"]
    assert "eve" not in shown["print(people.to_dict('records'))"]
    assert "plain" in shown["%sqlcmd tables"]
    assert "BIGINT" in shown["%sqlcmd columns -t plain"]


def test_marimo(url: str, tmp_path: Path) -> None:
    """As a script, and exported with its outputs."""
    script = SCRIPTS / "marimo_app.py"
    assert f"people: {PEOPLE}" in run(tmp_path, script, STORE=url)
    run(tmp_path, "-m", "marimo", "export", "html", script, "-o", "page.html", STORE=url)
    page = (tmp_path / "page.html").read_text()
    assert "people: [{" in page
    assert "ann" in page


def test_streamlit(url: str, tmp_path: Path) -> None:
    got = answers(tmp_path, "streamlit_app.py", url)
    assert got["exceptions"] == []
    assert got["frames"] == [PEOPLE[:1], [{"id": 1, "note": '50% of it\'s "true"'}]]


def test_great_expectations(url: str, tmp_path: Path) -> None:
    verdicts = answers(tmp_path, "expectations.py", url)
    assert len(verdicts) == 12
    met, unmet = verdicts[:-1], verdicts[-1]
    assert [verdict for verdict in met if not verdict[1]] == []
    assert unmet[:2] == ["expect_column_values_to_not_be_null", False]
