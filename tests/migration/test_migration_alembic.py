from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.util import CommandError

import fsql
from fsql.dialect import catalog_of
from fsql.errors import MigrationError
from fsql.migration.runtime.revisions import Revisions
from tests.revision_scripts import CREATE, GROUP, Project


def add(name: str) -> str:
    return f'op.add_column("{GROUP}", sa.Column("{name}", sa.Double()))'


def drop(name: str) -> str:
    return f'op.drop_column("{GROUP}", "{name}")'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.revision("a1", None, CREATE, f'op.drop_feature_group("{GROUP}")')
    made.revision("a2", "a1", add("x"), drop("x"))
    made.revision("a3", "a2", add("y"), drop("y"))
    return made


@pytest.fixture
def branched(project: Project) -> Project:
    project.revision("b3", "a2", add("z"), drop("z"), labels=("other",))
    return project


def test_up_to_head_and_down_to_base(project: Project) -> None:
    project.up()
    assert project.heads() == ["a3"]
    assert project.columns() == ["k", "n", "x", "y"]
    project.down("base")
    assert project.heads() == []
    assert project.columns() == []
    project.up()
    assert project.columns() == ["k", "n", "x", "y"]


def test_step_by_step(project: Project) -> None:
    project.up("+1")
    assert project.heads() == ["a1"]
    project.up("a1+1")
    assert project.heads() == ["a2"]
    project.down("-1")
    assert project.heads() == ["a1"]
    assert project.columns() == ["k", "n"]


def test_current_history_and_heads_say_where_the_store_stands(project: Project) -> None:
    assert project.run("current") == ""
    project.up("a2")
    assert project.run("current") == "a2\n"
    project.up()
    assert project.run("current") == "a3 (head)\n"
    assert project.run("heads") == "a3 (head)\n"
    assert "a2 -> a3 (head)" in project.run("history")
    assert "a1 -> a2" in project.run("history", indicate_current=True, rev_range="a1:current")


def test_current_makes_nothing(project: Project) -> None:
    project.run("current")
    assert catalog_of(project.engine).find("alembic_version") is None


def test_heads_are_read_with_sql(project: Project) -> None:
    project.up()
    assert fsql.read_sql("SELECT * FROM alembic_version", project.engine).version_num[0] == "a3"


def test_two_heads_are_merged_and_parted_again(branched: Project) -> None:
    branched.up("heads")
    assert branched.heads() == ["a3", "b3"]
    branched.run("merge", "heads", message="join", rev_id="m4")
    branched.up()
    assert branched.heads() == ["m4"]
    branched.down("a3")
    assert branched.heads() == ["a3", "b3"]
    branched.down("other@-1")
    assert branched.heads() == ["a3"]
    assert branched.columns() == ["k", "n", "x", "y"]


def test_a_merge_is_one_change_of_the_version_view(branched: Project) -> None:
    branched.up("heads")
    branched.run("merge", "heads", message="join", rev_id="m4")
    before = int(branched.stored.version_id or 0)
    branched.up()
    assert int(branched.stored.version_id or 0) == before + 1


def test_a_branch_goes_up_by_its_label(branched: Project) -> None:
    branched.up("other@head")
    assert branched.heads() == ["b3"]
    assert branched.columns() == ["k", "n", "x", "z"]


def test_more_than_one_head_is_refused_as_alembic_does(branched: Project) -> None:
    with pytest.raises(CommandError, match="Multiple head revisions"):
        branched.up("head")
    assert branched.stored.version_id is None or branched.heads() == []


def test_a_branch_that_depends_on_another_takes_it_along(project: Project) -> None:
    project.revision("d1", None, add("d"), drop("d"), labels=("apart",), needs="a2")
    project.up("apart@head")
    assert project.columns() == ["k", "n", "x", "d"]
    assert project.heads() == ["d1"]
    project.up("heads")
    assert project.heads() == ["a3", "d1"]
    project.down("apart@base")
    assert project.heads() == ["a3"]
    assert project.columns() == ["k", "n", "x", "y"]


def test_stamp_moves_the_store_and_changes_no_table(project: Project) -> None:
    project.run("stamp", "a2")
    assert project.heads() == ["a2"]
    project.run("stamp", "head")
    project.run("stamp", "a1")
    assert project.heads() == ["a1"]
    assert project.columns() == []
    project.run("stamp", "base")
    assert project.heads() == []


def test_stamp_purges_heads_that_no_script_has(project: Project) -> None:
    project.revisions.replace(project.revisions.ensure(), heads=("gone",))
    with pytest.raises(CommandError, match="Can't locate revision"):
        project.up()
    project.run("stamp", "a1", purge=True)
    assert project.heads() == ["a1"]


def test_stamp_of_both_heads_and_of_their_merge(branched: Project) -> None:
    branched.run("stamp", "heads")
    assert branched.heads() == ["a3", "b3"]
    branched.run("merge", "heads", message="join", rev_id="m4")
    branched.run("stamp", "head")
    assert branched.heads() == ["m4"]


def test_another_version_table_is_respected(tmp_path: Path) -> None:
    project = Project(tmp_path, 'version_table="at", version_table_schema="elsewhere"')
    project.revision("a1", None, CREATE)
    project.up()
    assert Revisions(catalog_of(project.engine), "at", "elsewhere").load().heads == ("a1",)
    assert project.heads() == []
    assert project.run("current") == "a1 (head)\n"


def test_groups_lie_in_several_databases(tmp_path: Path) -> None:
    project = Project(tmp_path)
    elsewhere = CREATE.replace('keys=["k"],', 'keys=["k"], schema="elsewhere",')
    column = 'sa.Column("x", sa.Double())'
    add = f'op.add_column("{GROUP}", {column}, schema="elsewhere")'
    project.revision("a1", None, CREATE + elsewhere)
    project.revision("a2", "a1", add, f'op.drop_column("{GROUP}", "x", schema="elsewhere")')
    project.up()
    found = catalog_of(project.engine).get(GROUP, "elsewhere")
    assert found.arrow_schema.names == ["k", "n", "x"]
    assert project.columns() == ["k", "n"]
    project.down()
    assert catalog_of(project.engine).get(GROUP, "elsewhere").arrow_schema.names == ["k", "n"]


def test_an_open_connection_is_taken(project: Project) -> None:
    project.env(
        "from alembic import context\nimport fsql, fsql.migration\n"
        f"with fsql.create_engine({project.url!r}).connect() as connection:\n"
        "    context.config.attributes['connection'] = connection\n"
        "    fsql.migration.run(version_table='mine')\n"
    )
    project.up("a1")
    assert Revisions(catalog_of(project.engine), "mine").load().heads == ("a1",)


def test_an_env_of_alembics_own_kind_works_too(project: Project) -> None:
    project.env(
        "from alembic import context\nimport fsql, fsql.migration.runtime.operations\n"
        f"with fsql.create_engine({project.url!r}).connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    project.up()
    assert project.columns() == ["k", "n", "x", "y"]
    assert project.heads() == ["a3"]


def test_callbacks_of_each_revision_are_called(project: Project) -> None:
    project.env(
        "import fsql.migration\n"
        "def note(*, ctx, step, heads, run_args):\n"
        f"    with open({str(project.folder / 'said')!r}, 'a') as file:\n"
        "        file.write(f'{step.up_revision_id} {sorted(heads)}\\n')\n"
        "fsql.migration.run(on_version_apply=note)\n"
    )
    project.up("a2")
    assert (project.folder / "said").read_text() == "a1 ['a1']\na2 ['a2']\n"


def test_x_url_comes_before_the_settings(project: Project, tmp_path: Path) -> None:
    other = f"fsql:///{tmp_path}/other"
    project.up("a1", x=[f"url={other}"])
    assert project.heads() == []
    assert Revisions(catalog_of(fsql.create_engine(other))).load().heads == ("a1",)


def test_operations_outside_of_any_revision_are_just_made(project: Project) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    project.up("a1")
    with project.engine.connect() as connection:
        op = Operations(MigrationContext.configure(connection))
        op.add_column(GROUP, sa.Column("free", sa.Double()))
    assert project.columns() == ["k", "n", "free"]
    assert project.stored.journal is None


def test_operations_on_groups_need_a_store_of_fsqls(project: Project) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    with sa.create_engine("sqlite://").connect() as connection:
        op = Operations(MigrationContext.configure(connection))
        with pytest.raises(MigrationError, match="DropGroup is an operation on feature groups"):
            op.drop_feature_group(GROUP)  # type: ignore[attr-defined]
