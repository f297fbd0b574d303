"""What a store's doctor says of its migrations."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import fsql
from fsql.doctor import Check, examine
from fsql.migration.making.migrator import Migrator
from fsql.migration.model.changes import CreateGroup, DropColumn, DropGroup
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step
from fsql.migration.runtime.journal import Journal
from fsql.migration.runtime.revisions import Revisions
from fsql.migration.runtime.scripts import Script

NAMES = ("lab_doctor_one_v0001", "lab_doctor_two_v0001")


def declared(name: str) -> fsql.FeatureGroup:
    columns = (sa.Column("k", sa.BigInteger), sa.Column("temp", sa.Double))
    return fsql.FeatureGroup(*name.split("_"), sa.MetaData(), *columns, keys=["k"])


class Lab:
    """A store with two groups."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = fsql.FeatureStore(url)
        self.migrator = Migrator(self.store.engine)
        self.revisions = Revisions(self.store.catalog)
        for name in NAMES:
            self.migrator.run(CreateGroup(State.of(declared(name))))

    def __getitem__(self, name: str) -> Check:
        (found,) = (check for check in examine(self.url) if check.name == name)
        return found


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(f"fsql:///{tmp_path}/store")


def test_a_store_without_migrations(lab: Lab) -> None:
    assert lab["migrations"] == Check("migrations", True, "none")
    assert lab["dropped and kept"].detail == "none"
    by_hand = lab["changed by hand"]
    assert by_hand.passed
    assert by_hand.detail == "2 feature groups, none changed by other means than fsql's"


def test_a_store_at_a_revision(lab: Lab) -> None:
    lab.revisions.replace(lab.revisions.ensure(), heads=("a1", "b2"))
    assert lab["migrations"] == Check("migrations", True, "at a1, b2")


def test_a_migration_that_failed_half_way(lab: Lab) -> None:
    journal = Journal.begun(Script("c3", "up", "c3")).after("x").stopped()
    lab.revisions.replace(lab.revisions.ensure(), heads=("a1",), journal=journal.plain)
    found = lab["migrations"]
    assert not found.passed
    assert found.detail.startswith(
        "at a1, and half done: the upgrade of revision c3, 1 change done"
    )
    assert "`alembic upgrade c3` goes on where it stands." in found.detail
    assert "goes on from there" in found.advice


def test_a_migration_that_is_under_way(lab: Lab) -> None:
    plain = {**Journal.begun(Script("c3", "up", "c3")).plain, "machine": "another", "pid": 1}
    lab.revisions.replace(lab.revisions.ensure(), journal={**plain, "holder": "another:1"})
    found = lab["migrations"]
    assert found.passed
    assert found.detail.startswith("at the base; under way: the upgrade of revision c3, no change")


def test_what_is_kept(lab: Lab) -> None:
    lab.migrator.run(DropColumn(NAMES[0], "temp"), Step("a1", "up", 0, "run"))
    assert lab["dropped and kept"].detail.startswith("1 column; `fsql migrate purge`")
    lab.migrator.run(DropGroup(NAMES[1]), Step("a1", "up", 1, "run"))
    assert lab["dropped and kept"].detail.startswith("1 column and 1 group; `fsql migrate purge`")


def test_what_was_changed_by_hand(lab: Lab) -> None:
    catalog = lab.store.catalog
    with catalog.iceberg.load_table((catalog.aws.database, NAMES[0])).update_spec() as update:
        update.add_identity("temp")
    catalog.glue.delete_table(DatabaseName=catalog.aws.database, Name=NAMES[1])
    found = lab["changed by hand"]
    assert not found.passed
    assert found.detail == (
        f"{NAMES[0]}: it is partitioned by identity(temp) where nothing is expected;"
        f" {NAMES[1]}: the table is gone"
    )
