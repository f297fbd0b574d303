from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import fsql
from fsql.dialect import catalog_of
from fsql.errors import MigrationConflict, MigrationError
from fsql.migration.runtime.revisions import Revisions, Stored


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return fsql.create_engine(f"fsql:///{tmp_path}/store")


@pytest.fixture
def revisions(engine: sa.Engine) -> Revisions:
    return Revisions(catalog_of(engine))


def rows(engine: sa.Engine, table: str = "alembic_version") -> list[Any]:
    with engine.connect() as connection:
        select = f"SELECT version_num FROM {table} ORDER BY 1"
        return list(connection.execute(sa.text(select)).scalars())


def test_a_store_without_the_view_is_at_the_base(revisions: Revisions) -> None:
    assert revisions.load() == Stored()
    assert revisions.load().version_id is None


def test_heads_are_a_view_that_sql_reads(engine: sa.Engine, revisions: Revisions) -> None:
    stored = revisions.ensure()
    assert rows(engine) == []
    stored = revisions.replace(stored, heads=("b2", "a1"))
    assert rows(engine) == ["a1", "b2"]
    assert revisions.load().heads == ("a1", "b2")
    revisions.replace(stored, heads=("it's",))
    assert rows(engine) == ["it's"]


def test_ensuring_twice_changes_nothing(revisions: Revisions) -> None:
    revisions.replace(revisions.ensure(), heads=("a1",))
    assert revisions.ensure().heads == ("a1",)


def test_the_view_says_all_that_is_stored(revisions: Revisions) -> None:
    journal = {"revision": "a1", "done": ["x"]}
    kept = ({"table": "t", "location": "s3://b/t"},)
    made = revisions.replace(revisions.ensure(), heads=("a1",), journal=journal, kept=kept)
    assert revisions.load() == made == Stored(("a1",), journal, kept)
    cleared = revisions.replace(made, journal=None)
    assert revisions.load() == cleared == Stored(("a1",), None, kept)


def test_who_loaded_before_another_wrote_loses(revisions: Revisions) -> None:
    stale = revisions.ensure()
    revisions.replace(stale, heads=("a1",))
    with pytest.raises(MigrationConflict, match="changed by somebody else"):
        revisions.replace(stale, heads=("b2",))
    assert revisions.load().heads == ("a1",)


def test_who_makes_the_view_second_loses(revisions: Revisions) -> None:
    revisions.replace(Stored(), heads=("a1",))
    with pytest.raises(MigrationConflict):
        revisions.replace(Stored(), heads=("b2",))


def test_writing_what_another_wrote_alike_is_no_conflict(revisions: Revisions) -> None:
    stale = revisions.ensure()
    revisions.replace(stale, heads=("a1",))
    assert revisions.replace(stale, heads=("a1",)).heads == ("a1",)


def test_edits_of_many_at_once_are_all_kept(revisions: Revisions) -> None:
    revisions.ensure()

    def add(number: int) -> None:
        def change(stored: Stored) -> Mapping[str, Any]:
            return {"kept": (*stored.kept, {"n": number})}

        revisions.edit(change)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    assert sorted(each["n"] for each in revisions.load().kept) == list(range(12))


def test_an_edit_that_raises_writes_nothing(revisions: Revisions) -> None:
    revisions.replace(revisions.ensure(), heads=("a1",))
    calls = []

    def refuse(stored: Stored) -> Mapping[str, Any]:
        calls.append(stored)
        raise MigrationConflict("no")

    with pytest.raises(MigrationConflict, match=r"^no$"):
        revisions.edit(refuse)
    assert len(calls) == 1
    assert revisions.load().heads == ("a1",)


def test_an_edit_without_changes_leaves_the_version_as_it_is(revisions: Revisions) -> None:
    before = revisions.ensure()
    assert revisions.edit(lambda stored: {}).version_id == before.version_id


def test_journals_leave_no_versions_behind(engine: sa.Engine, revisions: Revisions) -> None:
    stored = revisions.ensure()
    for number in range(3):
        stored = revisions.replace(stored, journal={"done": number})
    found = catalog_of(engine).glue.get_table_versions(
        DatabaseName=revisions.database, TableName=revisions.table
    )
    assert len(found["TableVersions"]) == 1


def test_another_name_and_database_are_respected(engine: sa.Engine) -> None:
    other = Revisions(catalog_of(engine), "My_Version", "Elsewhere")
    other.replace(other.ensure(), heads=("a1",))
    assert other.name == "elsewhere.my_version"
    assert rows(engine, "elsewhere.my_version") == ["a1"]
    assert Revisions(catalog_of(engine)).load() == Stored()


def test_a_table_of_that_name_is_left_alone(engine: sa.Engine, revisions: Revisions) -> None:
    catalog = catalog_of(engine)
    catalog.ensure_database()
    table = {"Name": "alembic_version", "TableType": "EXTERNAL_TABLE"}
    catalog.glue.create_table(DatabaseName=catalog.aws.database, TableInput=table)
    with pytest.raises(MigrationError, match="no version table of fsql's"):
        revisions.load()


def test_more_than_glue_holds_is_refused(revisions: Revisions) -> None:
    stored = revisions.ensure()
    with pytest.raises(MigrationError, match="no room for"):
        revisions.replace(stored, kept=({"text": "x" * 500_000},))
    assert revisions.load() == stored
