"""What was dropped is deleted for good when that is asked for, and not before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import fsql
from fsql.cli import main
from fsql.migration.making.adopting import drifted
from fsql.migration.making.kept import KEPT_PROPERTY
from fsql.migration.making.migrator import Migrator
from fsql.migration.model.changes import AddColumn, Change, CreateGroup, DropColumn, DropGroup
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from fsql.migration.runtime.revisions import Revisions

NAMES = {"iceberg": "lab_purge_readings_v0001", "hive": "lab_purge_folders_v0001"}
READINGS = NAMES["iceberg"]
FORMATS = pytest.mark.parametrize("table_format", NAMES)
ROWS = pa.table({"k": [1, 2], "temp": [1.5, 2.5]})
TEMP = pa.field("temp", pa.float64())


class Lab:
    """A store with two rows in each group."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"fsql:///{folder}"
        self.store = fsql.FeatureStore(self.url)
        self.catalog = self.store.catalog

    def fill(self) -> None:
        for table_format, name in NAMES.items():
            client, app, entity, version = name.split("_")
            group = fsql.FeatureGroup(
                client,
                app,
                entity,
                version,
                sa.MetaData(),
                sa.Column("k", sa.BigInteger),
                sa.Column("temp", sa.Double),
                keys=["k"],
                table_format=table_format,
            )
            self.run(CreateGroup(State.of(group)), "create")
            self.store.write(name, ROWS)

    def run(self, change: Change, revision: str, direction: str = "up") -> None:
        step = Step(revision, direction, 0, f"{revision} {direction}")
        Migrator(self.store.engine).run(change, step)

    def purge(self, *arguments: str, answer: str | None = None) -> list[str]:
        arguments = ("migrate", "purge", *arguments, "--url", self.url)
        result = CliRunner().invoke(main, arguments, input=answer)
        assert result.exit_code == (1 if answer == "n\n" else 0), result.output
        return result.output.splitlines()

    def temps(self, name: str) -> list[float | None]:
        sql = f"SELECT temp FROM {name} ORDER BY k"
        temps: list[float | None] = fsql.read_arrow(sql, self.store.engine)["temp"].to_pylist()
        return temps

    def files(self) -> set[Path]:
        return {path for path in (self.folder / "s3").rglob("*.parquet") if path.is_file()}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("purge") / "store"
    Lab(folder).fill()
    return folder


@pytest.fixture
def lab(filled: Path, tmp_path: Path) -> Lab:
    shutil.copytree(filled, tmp_path / "store")
    return Lab(tmp_path / "store")


def test_nothing_is_kept(lab: Lab) -> None:
    assert lab.purge() == ["Nothing is kept."]


def test_a_column_is_kept_until_it_is_purged(lab: Lab) -> None:
    lab.run(DropColumn(READINGS, "temp"), "a1")
    said = lab.purge(answer="n\n")
    assert said[0].startswith(f"column temp of {READINGS}, dropped at ")
    assert said[0].endswith(" by revision a1")
    assert lab.catalog.get(READINGS).parameters[KEPT_PROPERTY]
    lab.run(AddColumn(READINGS, "temp", TEMP), "a1", "down")
    assert lab.temps(READINGS) == [1.5, 2.5]


def test_a_purged_column_does_not_come_back(lab: Lab) -> None:
    lab.run(DropColumn(READINGS, "temp"), "a1")
    refs = lab.catalog.iceberg.load_table((lab.catalog.aws.database, READINGS)).refs()
    assert any(name.startswith("fsql-kept-") for name in refs)
    assert lab.purge("--yes")[-1] == "Deleted 1."
    entry = lab.catalog.get(READINGS)
    assert KEPT_PROPERTY not in entry.parameters
    assert drifted(lab.catalog, entry) == []
    refs = lab.catalog.iceberg.load_table((lab.catalog.aws.database, READINGS)).refs()
    assert list(refs) == ["main"]
    lab.run(AddColumn(READINGS, "temp", TEMP), "a1", "down")
    assert lab.temps(READINGS) == [None, None]
    assert lab.purge() == ["Nothing is kept."]


@FORMATS
def test_a_group_is_kept_until_it_is_purged(lab: Lab, table_format: str) -> None:
    name = NAMES[table_format]
    state = State.of(lab.store.describe(name).group)
    lab.run(DropGroup(name), "b1")
    assert lab.purge(answer="n\n")[0].startswith(f"{name}, dropped at ")
    lab.run(CreateGroup(state), "b1", "down")
    assert lab.temps(name) == [1.5, 2.5]


@FORMATS
def test_a_purged_group_is_gone_with_its_files(lab: Lab, table_format: str) -> None:
    name, before = NAMES[table_format], lab.files()
    other = next(other for other in NAMES.values() if other != name)
    state = State.of(lab.store.describe(name).group)
    location = str(lab.catalog.get(name).location)
    lab.store.delete(name, [{"k": 1}])
    lab.run(DropGroup(name), "b1")
    assert lab.files() >= before
    assert lab.purge(name.removesuffix("_v0001"), answer="y\n")[-1] == "Deleted 1."
    assert lab.catalog.storage.list(location) == []
    assert lab.temps(other) == [1.5, 2.5]
    assert Revisions(lab.catalog).load().kept == ()
    lab.run(CreateGroup(state), "b1", "down")
    assert lab.temps(name) == []


def test_only_what_is_named_is_purged(lab: Lab) -> None:
    lab.run(DropColumn(READINGS, "temp"), "a1")
    lab.run(DropGroup(NAMES["hive"]), "b1")
    assert lab.purge("other_group_here", "--yes") == ["Nothing is kept."]
    assert len(lab.purge(READINGS, "--yes")) == 2
    (left, _) = lab.purge(answer="n\n")[:2]
    assert left.startswith(NAMES["hive"])
