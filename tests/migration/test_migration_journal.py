from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fsql.dialect import catalog_of
from fsql.errors import ConfigError, MigrationConflict, MigrationError, TableNotFound
from fsql.migration.making.records import read
from fsql.migration.runtime import ledger
from fsql.migration.runtime.flags import Flags
from fsql.migration.runtime.scripts import Script
from tests.migrating import ran
from tests.revision_scripts import CREATE, GROUP, Project

BREAK = 'raise RuntimeError("broken off")'
KILL = "import os; os._exit(9)"


def add(name: str) -> str:
    return f'op.add_column("{GROUP}", sa.Column("{name}", sa.Double()))'


def drop(name: str) -> str:
    return f'op.drop_column("{GROUP}", "{name}")'


def lines(*parts: str) -> str:
    return "\n".join(parts)


def killed(project: Project, *arguments: str) -> None:
    """Run `alembic …` in a process that ends without a word."""
    code, said = ran(project.url, *arguments, folder=project.folder)
    assert code == 9, said


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.revision("a1", None, CREATE, f'op.drop_feature_group("{GROUP}")')
    made.up()
    return made


def edit_journal(project: Project, **changes: Any) -> None:
    def change(stored: Any) -> Mapping[str, Any]:
        return {"journal": {**stored.journal, **changes}}

    project.revisions.edit(change)


def steps(project: Project) -> list[tuple[str, str, int]]:
    found = read(catalog_of(project.engine).get(GROUP).parameters)
    return [(step.revision, step.direction, step.number) for step in found]


def test_no_journal_is_left_by_a_revision_that_is_through(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), add("y")))
    project.up()
    assert project.stored.journal is None


def test_a_revision_that_was_broken_off_goes_on_where_it_stood(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), BREAK, add("y")))
    with pytest.raises(RuntimeError, match="broken off"):
        project.up()
    assert project.heads() == ["a1"]
    assert len(project.journal["done"]) == 1
    run = project.journal["run"]
    project.revision("a2", "a1", lines(add("x"), add("y")))
    project.up()
    assert project.columns() == ["k", "n", "x", "y"]
    assert steps(project) == [("a1", "up", 0), ("a2", "up", 0), ("a2", "up", 1)]
    made = read(catalog_of(project.engine).get(GROUP).parameters)
    assert {step.run for step in made[1:]} == {run}
    assert project.stored.journal is None


def test_an_operation_that_failed_says_where_it_stands_and_goes_on(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), add("y"), drop("nothing")))
    with pytest.raises(MigrationError) as failed:
        project.up()
    assert "Change 3 of the upgrade of revision a2 failed" in failed.value.__notes__[0]
    assert "`alembic upgrade a2` goes on" in failed.value.__notes__[0]
    assert project.journal["holder"] == ""
    project.revision("a2", "a1", lines(add("x"), add("y"), drop("n")))
    project.up("a2")
    assert project.columns() == ["k", "x", "y"]


def test_what_follows_a_failed_operation_is_not_done(project: Project) -> None:
    caught = f"try:\n    {drop('nothing')}\nexcept Exception:\n    pass"
    project.revision("a2", "a1", lines(caught, add("x")))
    with pytest.raises(MigrationError, match="so nothing after it is done"):
        project.up()
    project.revision("a2", "a1", caught)
    with pytest.raises(MigrationError, match="so nothing after it is done"):
        project.up()
    assert project.heads() == ["a1"]
    assert project.columns() == ["k", "n"]


def test_a_killed_process_is_followed_at_once(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), KILL))
    killed(project, "upgrade", "head")
    assert project.journal["pid"] != os.getpid()
    assert len(project.journal["done"]) == 1
    project.revision("a2", "a1", lines(add("x"), add("y")))
    project.up()
    assert project.columns() == ["k", "n", "x", "y"]
    assert len(steps(project)) == 3


def test_a_killed_downgrade_goes_on_too(project: Project) -> None:
    up = lines(add("x"), add("y"))
    project.revision("a2", "a1", up, lines(drop("y"), KILL, drop("x")))
    project.up()
    killed(project, "downgrade", "-1")
    assert project.columns() == ["k", "n", "x"]
    project.revision("a2", "a1", up, lines(drop("y"), drop("x")))
    with pytest.raises(MigrationError, match=r"`alembic downgrade a2-1` goes on"):
        project.run("stamp", "a1")
    project.down("a2-1")
    assert project.columns() == ["k", "n"]
    assert project.heads() == ["a1"]


def test_another_direction_is_refused_until_the_first_is_through(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), BREAK), drop("x"))
    with pytest.raises(RuntimeError):
        project.up()
    with pytest.raises(MigrationError, match="upgrade of revision a2, 1 change done") as refused:
        project.down("base")
    assert "`alembic upgrade a2` goes on where it stands" in str(refused.value)
    assert "alembic stamp --purge" in str(refused.value)
    assert project.columns() == ["k", "n", "x"]
    project.revision("a2", "a1", add("x"), drop("x"))
    project.up()
    project.down("base")
    assert project.columns() == []


def test_another_revision_without_operations_waits_too(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), BREAK))
    with pytest.raises(RuntimeError):
        project.up("a2")
    project.revision("b2", "a1")
    with pytest.raises(MigrationError, match="A migration is half done"):
        project.up("b2")
    assert project.heads() == ["a1"]


def test_a_stamp_with_purge_forgets_what_is_half_done(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), BREAK))
    with pytest.raises(RuntimeError):
        project.up()
    project.run("stamp", "a1", purge=True)
    assert project.stored.journal is None
    assert project.heads() == ["a1"]


def test_a_script_whose_done_changes_were_edited_is_refused(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), BREAK))
    with pytest.raises(RuntimeError):
        project.up()
    project.revision("a2", "a1", lines(add("other"), add("y")))
    with pytest.raises(MigrationError, match="The script has changed since") as refused:
        project.up()
    assert 'sa.Column("other", sa.Double())' in str(refused.value)
    assert project.columns() == ["k", "n", "x"]
    project.revision("a2", "a1", lines(add("x"), add("y")))
    project.up()
    assert project.columns() == ["k", "n", "x", "y"]


def test_a_script_that_has_fewer_changes_than_are_done_is_refused(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), add("y"), BREAK))
    with pytest.raises(RuntimeError):
        project.up()
    project.revision("a2", "a1", add("x"))
    with pytest.raises(MigrationError, match="Of its changes 1 are left"):
        project.up()
    assert project.heads() == ["a1"]


@pytest.fixture
def alive(project: Project) -> Project:
    """A project at whose second revision another process is, which lives for as long."""
    project.revision("a2", "a1", lines(add("x"), BREAK))
    with pytest.raises(RuntimeError):
        project.up()
    project.revision("a2", "a1", lines(add("x"), add("y")))
    edit_journal(project, holder="another", pid=os.getppid())
    return project


def test_a_living_process_is_waited_for(alive: Project) -> None:
    with pytest.raises(MigrationConflict, match="is under way") as refused:
        alive.up()
    said = str(refused.value)
    assert "the upgrade of revision a2, 1 change done" in said
    assert f"on {socket.gethostname()}, pid {os.getppid()}" in said
    assert "-x takeover" in said
    with pytest.raises(MigrationConflict):
        alive.down("base")
    with pytest.raises(MigrationConflict):
        alive.run("stamp", "a2")
    with pytest.raises(MigrationConflict):
        alive.run("stamp", "a2", purge=True)
    assert alive.columns() == ["k", "n", "x"]


def test_a_living_process_is_taken_over_if_told(alive: Project) -> None:
    alive.up(x=["takeover"])
    assert alive.columns() == ["k", "n", "x", "y"]
    assert alive.heads() == ["a2"]


@pytest.mark.parametrize("name", ["takeover=no", "allow-breaking"])
def test_other_flags_take_nothing_over(alive: Project, name: str) -> None:
    with pytest.raises(MigrationConflict):
        alive.up(x=[name])


def test_a_process_of_another_machine_is_waited_for_until_it_is_silent(alive: Project) -> None:
    edit_journal(alive, machine="elsewhere", host="elsewhere", pid=2**22 + 1)
    with pytest.raises(MigrationConflict, match=r"on elsewhere, pid"):
        alive.up()
    edit_journal(alive, at="2026-01-01T00:00:00+00:00")
    alive.up()
    assert alive.columns() == ["k", "n", "x", "y"]


def test_a_long_change_gives_signs_of_life(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "BEAT", dt.timedelta(milliseconds=20))
    project.revisions.edit(lambda stored: {"heads": ()})
    made = ledger.Ledger(project.revisions)
    made.begin(Script("a2", "up", "a2"), "a change")
    edit_journal(project, at="2026-01-01T00:00:00+00:00")
    with made.heard():
        deadline = time.monotonic() + 30
        while project.journal["at"] < "2026-01-02" and time.monotonic() < deadline:
            time.sleep(0.02)
    assert project.journal["at"] > "2026-01-02"
    made.finish("a change")
    assert len(project.journal["done"]) == 1


@pytest.mark.parametrize("given", [{"allow_breaking": ""}, {"allow-breaking": "yes"}])
def test_flags_are_read_from_x(given: Mapping[str, str]) -> None:
    assert Flags.of({**given, "other": "1"}) == Flags(allow_breaking=True)


def test_flags_that_are_neither_yes_nor_no_are_refused() -> None:
    with pytest.raises(ConfigError, match="adopt=maybe"):
        Flags.of({"adopt": "maybe"})


def test_who_was_taken_over_stops(project: Project) -> None:
    theft = (
        "from fsql.dialect import catalog_of\n"
        "from fsql.migration.runtime.revisions import Revisions\n"
        "revisions = Revisions(catalog_of(op.get_bind()))\n"
        "revisions.edit(lambda stored: {'journal': {**stored.journal, 'holder': 'thief'}})"
    )
    project.revision("a2", "a1", lines(add("x"), theft, add("y"), add("z")))
    with pytest.raises(MigrationConflict, match="Another process has taken over"):
        project.up()
    assert "z" not in project.columns()
    assert project.heads() == ["a1"]


def test_a_store_that_was_moved_meanwhile_is_left_alone(project: Project) -> None:
    moved = (
        "from fsql.dialect import catalog_of\n"
        "from fsql.migration.runtime.revisions import Revisions\n"
        "revisions = Revisions(catalog_of(op.get_bind()))\n"
        "revisions.edit(lambda stored: {'heads': ('z9',)})"
    )
    project.revision("a2", "a1", lines(moved, add("x")))
    with pytest.raises(MigrationConflict, match="it is at z9 now and was at a1"):
        project.up()
    assert project.columns() == ["k", "n"]


def test_a_revision_that_does_nothing_notices_too(project: Project) -> None:
    moved = (
        "from fsql.dialect import catalog_of\n"
        "from fsql.migration.runtime.revisions import Revisions\n"
        "revisions = Revisions(catalog_of(op.get_bind()))\n"
        "revisions.edit(lambda stored: {'heads': ('z9',)})"
    )
    project.revision("a2", "a1", moved)
    with pytest.raises(MigrationConflict, match="came first"):
        project.up()
    assert project.heads() == ["z9"]


def test_the_command_line_ends_with_words_and_exit_code_1(project: Project) -> None:
    project.revision("a2", "a1", lines(add("x"), drop("nothing")))
    code, said = ran(project.url, "upgrade", "head", folder=project.folder)
    assert code == 1
    assert "Traceback" not in said
    assert "FAILED: " in said
    assert "Change 2 of the upgrade of revision a2 failed" in said
    assert "INFO  [alembic.runtime.migration] Running upgrade a1 -> a2" in said


def test_the_command_line_tells_no_secrets(project: Project) -> None:
    url = "url=fsql://AKID:s3cr3t%2Fkey@eu-west-1/db?s3_staging_dir=s3://b/&nonsense=s3cr3t/key"
    code, said = ran(project.url, "-x", url, "current", folder=project.folder)
    assert code == 1
    assert "nonsense" in said
    assert "s3cr3t" not in said
    assert "Traceback" not in said


def test_words_go_to_standard_error(project: Project) -> None:
    project.revision("a2", "a1", drop("nothing"))
    ended = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=project.folder,
        env={**os.environ, "FSQL_URL": project.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "FAILED" in ended.stderr
    assert ended.stdout == ""


def test_a_group_that_is_not_there_is_an_error_of_the_operation(project: Project) -> None:
    project.revision("a2", "a1", 'op.release("test_app_other_v0001")')
    with pytest.raises(TableNotFound):
        project.up()
