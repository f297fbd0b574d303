"""`fsql migrate`: Alembic's commands, in a project and without one, and `alembic` itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fsql import FeatureStore
from fsql.cli import main

TABLE = "business_user_activity_v0001"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with its first revision, which nobody has run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FSQL_URL", raising=False)
    known = list(sys.path)
    assert fsql("init").exit_code == 0
    done = migrate("revision", "--autogenerate", "-m", "first groups", "--rev-id", "r1")
    assert done.exit_code == 0, done.output
    yield tmp_path
    sys.path[:] = known
    forget()


def forget() -> None:
    """Let the next command import the models anew, as another process would."""
    sys.modules.pop("features", None)


def fsql(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def migrate(*arguments: str) -> Result:
    forget()
    return fsql("migrate", *arguments)


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "features.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def columns() -> list[str]:
    (group,) = FeatureStore("fsql://").groups()
    return list(group.arrow_schema.names)


def test_up_and_down_and_up(folder: Path) -> None:
    assert migrate("upgrade").exit_code == 0
    assert migrate("current").stdout == "r1 (head)\n"
    edit(folder, '    keys=["user_id"]', '    sa.Column("note", sa.String),\n    keys=["user_id"]')
    done = migrate("check")
    assert done.exit_code == 1
    assert "Error: The store is not as the groups are declared." in done.output
    assert migrate("revision", "--autogenerate", "-m", "notes", "--rev-id", "r2").exit_code == 0
    assert migrate("upgrade", "+1").exit_code == 0
    assert columns()[-1] == "note"
    assert migrate("check").exit_code == 0
    done = migrate("downgrade", "-1")
    assert done.exit_code == 0, done.output
    assert "note" not in columns()
    assert migrate("history").stdout.splitlines() == [
        "r1 -> r2 (head), notes",
        "<base> -> r1, first groups",
    ]
    assert "(current)" in migrate("history", "-i").stdout
    assert migrate("downgrade", "base").exit_code == 0
    assert FeatureStore("fsql://").groups() == []


def test_branches_are_merged(folder: Path) -> None:
    migrate("revision", "-m", "another", "--head", "base", "--splice", "--rev-id", "r2")
    assert migrate("heads").stdout.splitlines() == ["r1 (head)", "r2 (head)"]
    done = migrate("upgrade")
    assert done.exit_code == 1
    assert "Error: Multiple head revisions" in done.output
    assert migrate("merge", "heads", "-m", "both", "--rev-id", "r3").exit_code == 0
    assert migrate("heads").stdout == "r3 (head)\n"
    assert migrate("branches").exit_code == 0
    assert "Merges: r1, r2" in migrate("show", "r3").stdout
    assert migrate("upgrade").exit_code == 0
    assert migrate("current", "--check-heads").exit_code == 0


def test_stamping_runs_nothing(folder: Path) -> None:
    assert migrate("stamp", "head").exit_code == 0
    assert migrate("current").stdout == "r1 (head)\n"
    assert FeatureStore("fsql://").groups() == []


def test_sql_is_printed_and_nothing_changes(folder: Path) -> None:
    done = migrate("upgrade", "--sql")
    assert done.exit_code == 0, done.output
    assert f"CREATE TABLE feature_store.{TABLE}" in done.stdout
    assert FeatureStore("fsql://").groups() == []


def test_no_project_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "import sqlalchemy as sa\nfrom fsql import FeatureGroup\ngroups = sa.MetaData()\n"
    declared = 'FeatureGroup("a", "b", "c", "v0001", groups, sa.Column("k", sa.Integer), keys="k")'
    (tmp_path / "bare_models.py").write_text(f"{text}{declared}\n")
    where = ("--models", "bare_models:groups", "--folder", "revisions", "--url", "fsql:///here")
    done = migrate("revision", "--autogenerate", "-m", "first", "--rev-id", "r1", *where)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "revisions/versions/r1_first.py").exists()
    assert migrate("upgrade", *where).exit_code == 0
    assert [group.name for group in FeatureStore("fsql:///here").groups()] == ["a_b_c_v0001"]
    assert migrate("check", *where).exit_code == 0


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ("nowhere:metadata", "No module named 'nowhere'"),
        ("json:loads", "Expected the name of a sqlalchemy.MetaData"),
        ("json", "Expected the name of a sqlalchemy.MetaData"),
    ],
)
def test_models_that_are_none_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = migrate("upgrade", "--models", models)
    assert done.exit_code == 1
    assert told in done.output


def test_a_folder_that_is_no_project_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = migrate("upgrade")
    assert done.exit_code == 1
    assert "migrations has no env.py. Make a project by `fsql init`" in done.output


def test_a_revision_that_is_not_there_is_told_in_a_line(folder: Path) -> None:
    done = migrate("upgrade", "nonsense")
    assert done.exit_code == 1
    assert done.output.startswith("Error: Can't locate revision identified by 'nonsense'")


def test_what_was_changed_by_hand_ends_check_with_1(folder: Path) -> None:
    migrate("upgrade")
    add_by_hand()
    done = migrate("check")
    assert done.exit_code == 1
    assert TABLE in done.output
    assert "Error: Tables were changed by hand" in done.output


def add_by_hand() -> None:
    """Add a column, as somebody does in the console of Glue."""
    glue = FeatureStore("fsql://").catalog.glue
    table = glue.get_table(DatabaseName="feature_store", Name=TABLE)["Table"]
    known = ("Name", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
    changed = {name: table[name] for name in known if name in table}
    changed["StorageDescriptor"]["Columns"].append({"Name": "extra", "Type": "string"})
    glue.update_table(DatabaseName="feature_store", TableInput=changed)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_progress_is_a_line_for_each_revision_and_each_change(folder: Path) -> None:
    done = run("fsql.cli", "migrate", "upgrade")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "upgrade  -> r1, first groups",
        f"  creates {TABLE} with 4 columns",
    ]
    assert done.stdout == ""


def test_alembic_itself_works_unmodified(folder: Path) -> None:
    assert migrate("upgrade").exit_code == 0
    edit(folder, "os=sa.String", "os=sa.String, brand=sa.String")
    done = run("alembic", "revision", "--autogenerate", "-m", "brands", "--rev-id", "r2")
    assert done.returncode == 0, done.stderr
    assert "plugin" not in done.stderr
    assert (
        '"device.brand", sa.String()' in (folder / "migrations/versions/r2_brands.py").read_text()
    )
    assert run("alembic", "upgrade", "head").returncode == 0
    add_by_hand()
    done = run("alembic", "check")
    assert done.returncode == 1
    assert f"{TABLE}: " in done.stderr
    assert "extra" in done.stderr
