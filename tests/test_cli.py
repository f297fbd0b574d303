"""The command `fsql`, run as people run it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import fsql
from fsql.cli import main

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has the demo's store in it."""
    place = tmp_path_factory.mktemp("cli")
    done = command(place, "demo", "flights")
    assert done.exit_code == 0, done.stderr
    (place / "said").write_text(done.stdout)
    return place


def command(place: Path, *arguments: str, text: str | None = None) -> Result:
    with contextlib.chdir(place):
        return CliRunner().invoke(main, arguments, input=text)


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("FSQL_URL", "fsql:///flights")
    return lambda *arguments: command(folder, *arguments)


def test_the_demo_tells_what_it_does(folder: Path) -> None:
    said = (folder / "said").read_text()
    for word in (
        "nyc_flights_departure_v0001",
        "336,776 rows",
        "26,115 rows, equal to the frame that went in",
        "BOEING",
        "bytes scanned",
        "336,776 rows, 20 columns",
        "117,305  13.1 ± 1.5      2.2%",
        "drawn in flights/delay_by_wind.svg",
        "fsql query --url fsql:///flights",
    ):
        assert word in said
    assert (folder / "flights" / "delay_by_wind.svg").read_text().rstrip().endswith("</svg>")


def test_the_demo_can_run_again(folder: Path) -> None:
    done = command(folder, "demo", "flights")
    assert done.exit_code == 0, done.stderr
    assert "336,776 rows" in done.stdout


def test_groups(run: Run) -> None:
    names = [line.split()[0] for line in run("groups").stdout.splitlines()]
    assert names == [
        "nyc_flights_airport_v0002",
        "nyc_flights_departure_v0001",
        "nyc_flights_plane_v0001",
        "nyc_flights_weather_v0001",
    ]
    assert len(run("groups", "*plane*").stdout.splitlines()) == 1
    none = run("groups", "nothing*")
    assert (none.stdout, none.exit_code) == ("", 0)
    assert "No feature groups" in none.stderr


def test_describe(run: Run) -> None:
    said = run("describe", "nyc_flights_weather_v0001").stdout
    for word in ("26,115", "origin", "time_hour", "wind", "struct<dir: double"):
        assert word in said
    missing = run("describe", "nyc_flights_wether_v0001")
    assert missing.exit_code == 1
    assert "Did you mean 'nyc_flights_weather_v0001'" in missing.stderr
    assert "Traceback" not in missing.stderr


SQL = "SELECT tailnum, year, seats FROM nyc_flights_plane WHERE tailnum IN ('N10156', 'N102UW')"


def test_query_in_a_pipe_is_csv(run: Run) -> None:
    done = run("query", SQL + " ORDER BY tailnum")
    assert done.stdout == "tailnum,year,seats\nN10156,2004,55\nN102UW,1998,182\n"


def test_query_as_a_table(run: Run) -> None:
    done = run("query", SQL, "--format", "table")
    assert done.stdout.split()[:3] == ["tailnum", "year", "seats"]
    assert "2 rows" in done.stderr


@pytest.mark.parametrize("transport", ["engine", "scan"])
def test_query_into_files(run: Run, folder: Path, transport: str) -> None:
    sql = "SELECT faa, location FROM nyc_flights_airport_v0002 WHERE faa = 'JFK'"
    for name in ("out.parquet", "out.jsonl", "out.csv"):
        done = run("query", sql, "-o", name, "--transport", transport)
        assert done.exit_code == 0, done.stderr
        assert f"1 rows in {name}" in done.stderr
    assert pq.read_table(folder / "out.parquet").column("location")[0].as_py()["alt"] == 13
    row = json.loads((folder / "out.jsonl").read_text())
    assert row["location"]["zone"]["name"] == "America/New_York"
    cell = pd.read_csv(folder / "out.csv")["location"][0]
    assert json.loads(cell)["zone"]["utc_offset"] == -5


def test_an_estimate_runs_nothing(run: Run) -> None:
    sql = "SELECT max(d.dep_delay) FROM nyc_flights_departure d, nyc_flights_plane p"
    done = run("query", "--estimate", sql)
    *tables, total = [line.split() for line in done.stdout.splitlines()]
    assert [table[0].split(".")[1] for table in tables] == [
        "nyc_flights_departure_v0001",
        "nyc_flights_plane_v0001",
    ]
    sizes = [int(line[1].replace(",", "")) for line in [*tables, total]]
    assert sum(sizes[:-1]) == sizes[-1] > 0
    assert total[-1] == "$0.000048"  # 10 MB, the least that Athena asks for
    assert "no query" in run("query", "--estimate", "SELECT year FROM nyc_flights_plane").stdout
    wrong = run("query", "--estimate", "SHOW TABLES")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "cannot be estimated: it is no SELECT" in wrong.stderr


def test_a_limit_on_bytes(run: Run) -> None:
    refused = run("query", "--max-bytes", "10", SQL)
    assert refused.exit_code == 1
    assert "more than max_bytes_scanned=10. It was not run." in refused.stderr
    assert run("query", "--max-bytes", "1000000", SQL).exit_code == 0


def test_query_from_standard_input(folder: Path) -> None:
    done = command(folder, "query", "-", "--url", "fsql:///flights", text="SELECT 1 AS one")
    assert done.stdout == "one\n1\n"


def test_the_installed_command(folder: Path) -> None:
    code = "from fsql.cli import main; main()"
    arguments = ["query", "SELECT 1 AS one", "--url", "fsql:///flights"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "one\n1\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["query", "SELECT nothing FROM nyc_flights_plane"], "COLUMN_NOT_FOUND: line 1:8"),
        (["query", "SELECT 1", "-o", "out.xls"], "Expected one of .csv"),
        (["query", "SELECT 1", "--url", "fsql:///x?foo=1"], "Unknown URL argument 'foo'"),
        (["query", "SELECT 1", "--url", "mysql://x"], "Expected 'fsql'"),
        (["query", "SHOW TABLES IN nowhere"], "nowhere"),
    ],
)
def test_errors_are_one_line(run: Run, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_failed_query_leaves_the_file_as_it_was(run: Run, folder: Path) -> None:
    (folder / "kept.csv").write_text("kept")
    assert run("query", "SELECT nothing", "-o", "kept.csv").exit_code == 1
    assert (folder / "kept.csv").read_text() == "kept"
    assert not list(folder.glob("*.partial"))


@pytest.fixture
def events(folder: Path) -> str:
    """Where Parquet files lie in folders of days, made by another tool."""
    place = folder / "flights" / "s3" / "fsql-local" / "raw" / "events"
    for day in ("01", "22"):
        (place / f"m=11/d={day}").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"id": [1, 2]}), place / f"m=11/d={day}/a.parquet")
    return "s3://fsql-local/raw/events"


def test_tables_and_partitions_are_registered(run: Run, folder: Path, events: str) -> None:
    done = run("register-table", "feature_store", "events", events, "-p", "m", "-p", "d")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Registered feature_store.events: parquet, 3 columns, 2 files, 2 partitions, at"
        " s3://fsql-local/raw/events/.",
        "  id  bigint",
        "  m  int",
        "  d  int",
    ]
    assert run("query", "SELECT sum(id) AS s FROM events WHERE d = 22").stdout == "s\n3\n"
    arguments = ("add-partitions", "feature_store", "events")
    done = run(*arguments, "m=11/d=22", f"{events}/m=11/d=23")
    assert (done.stdout, done.exit_code) == ("Added 1, 1 existed.\n", 0)
    piped = command(
        folder, *arguments, "-", "--url", "fsql:///flights", text="m=12/d=01\nm=12/d=x\n"
    )
    assert piped.exit_code == 1
    assert "Added 1, 0 existed, 1 failed:\n  - m=12/d=x: has d=x, which is no int" in piped.stderr
    again = run("register-table", "feature_store", "events", events)
    assert (again.exit_code, "already exists" in again.stderr) == (1, True)


def test_partition_types_on_the_command_line(run: Run, events: str) -> None:
    arguments = ("register-table", "feature_store", "typed", events)
    done = run(*arguments, "-p", "m", "-p", "d:string")
    assert (done.exit_code, "for all --partition" in done.stderr) == (2, True)
    done = run(*arguments, "-p", "m:smallint", "-p", "d:string")
    assert done.stdout.splitlines()[-2:] == ["  m  smallint", "  d  string"]


def test_the_doctor(run: Run, folder: Path) -> None:
    healthy = run("doctor")
    assert healthy.exit_code == 0
    assert "FAIL" not in healthy.stdout
    for look in ("URL", "credentials", "Glue database", "staging", "warehouse", "Athena"):
        assert look in healthy.stdout
    sick = run("doctor", "--url", "fsql:///flights?warehouse=s3://no-such-bucket/")
    assert sick.exit_code == 1
    assert "FAIL warehouse" in sick.stdout
    assert "Give warehouse=s3://" in sick.stdout
    assert run("doctor", "--url", "fsql://us-east-1/db").exit_code == 1


def test_the_doctor_leaves_nothing(run: Run, folder: Path) -> None:
    run("doctor")
    assert not list((folder / "flights").rglob("fsql-doctor-*"))


def test_help_and_version(run: Run) -> None:
    assert fsql.__version__ in run("--version").stdout
    for name in main.commands:
        assert run(name, "--help").stdout.startswith("Usage: ")


def test_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSQL_URL", f"fsql:///{tmp_path}/store")
    store = fsql.FeatureStore()
    table = pa.table({"k": [1, 2], "v": ["a", None]})
    store.create(fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=table, keys=["k"]))
    pq.write_table(table, tmp_path / "rows.parquet")
    for _ in range(2):
        done = command(tmp_path, "write", "a_b_c", "rows.parquet", "--token", "once")
        assert done.exit_code == 0, done.stderr
    assert "nothing was written" in done.stdout
    done = command(tmp_path, "write", "a_b_c_v0001", "rows.parquet", "--mode", "upsert")
    assert "Wrote 2 rows" in done.stdout
    assert store.describe("a_b_c").totals.rows == 2
    done = command(tmp_path, "write", "a_b_c", "missing.parquet")
    assert done.exit_code == 1
    assert "there is nothing" in done.stderr
    assert "Traceback" not in done.stderr
