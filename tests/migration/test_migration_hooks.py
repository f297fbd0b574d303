"""What fsql relies on of Alembic beside its documented functions; a release may move it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.ddl.impl import DefaultImpl
from alembic.operations.ops import AddColumnOp
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import HeadMaintainer, MigrationContext

import fsql.migration.runtime.impl as fsql_impl
from fsql.migration.runtime.impl import FsqlImpl
from fsql.migration.runtime.versions import Move, VersionTable, moved


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_the_one_private_method_is_where_it_was() -> None:
    assert parameters(DefaultImpl._exec) == [
        "self",
        "construct",
        "execution_options",
        "multiparams",
        "params",
    ]


def test_the_version_table_changes_through_it() -> None:
    source = inspect.getsource(HeadMaintainer)
    assert source.count("self.context.impl._exec(") == 3
    assert "literal_column(" in source


def test_alembic_has_no_other_private_methods_that_execute() -> None:
    mine = {name for name in vars(FsqlImpl) if name.startswith("_") and hasattr(DefaultImpl, name)}
    assert mine - {"__init__", "__module__", "__doc__", "__dialect__"} == {"_exec"}


@pytest.mark.parametrize(
    "name",
    [name for name in vars(FsqlImpl) if not name.startswith("_") and name in vars(DefaultImpl)],
)
def test_overridden_methods_take_what_alembic_gives(name: str) -> None:
    theirs, mine = vars(DefaultImpl)[name], vars(FsqlImpl)[name]
    if not callable(theirs):
        return
    found = inspect.signature(mine).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in found.values()):
        return
    assert parameters(theirs) == list(found)


def test_the_methods_that_fsql_overrides_are_there() -> None:
    made = {"make", "settle", "flags"}  # fsql's own
    public = {name for name in vars(FsqlImpl) if not name.startswith("_")} - made
    assert public <= set(vars(DefaultImpl))


def test_the_version_table_is_asked_for_as_a_table() -> None:
    source = inspect.getsource(MigrationContext)
    assert "self.impl.version_table_impl(" in source
    assert "self._version.create(self.connection, checkfirst=True)" in source
    assert "self.connection.execute(self._version.delete())" in source  # `stamp --purge`
    assert "self.impl.start_migrations()" in source


def test_options_that_alembic_does_not_know_reach_the_implementation() -> None:
    source = inspect.getsource(EnvironmentContext.configure)
    assert "opts.update(kw)" in source
    assert fsql_impl.FLAGS.startswith("fsql_")


def test_add_column_keeps_arguments_that_alembic_does_not_know() -> None:
    op = AddColumnOp("t", sa.Column("c", sa.Integer()), default=1)
    assert op.kw == {"default": 1}


@pytest.mark.parametrize(
    ("make", "move"),
    [
        (lambda t: t.insert().values(version_num=sa.literal_column("'a1'")), ((), ("a1",))),
        (
            lambda t: t.delete().where(t.c.version_num == sa.literal_column("'a1'")),
            (("a1",), ()),
        ),
        (
            lambda t: (
                t.update()
                .values(version_num=sa.literal_column("'b2'"))
                .where(t.c.version_num == sa.literal_column("'a1'"))
            ),
            (("a1",), ("b2",)),
        ),
        (lambda t: t.delete(), ((), ())),
    ],
)
def test_statements_on_the_version_table_are_read(make: Any, move: Any) -> None:
    table = VersionTable.made("v", None, lambda: None)
    gone, come = move
    assert moved(make(table)) == Move(frozenset(gone), frozenset(come))


def test_other_statements_are_none_of_it() -> None:
    other = sa.Table("v", sa.MetaData(), sa.Column("version_num", sa.String()))
    assert moved(other.delete()) is None
    assert moved("DELETE FROM v") is None


def test_moves_add_up() -> None:
    a_goes = Move(gone=frozenset({"a"}))
    b_becomes_m = Move(frozenset({"b"}), frozenset({"m"}))
    assert a_goes.then(b_becomes_m) == Move(frozenset({"a", "b"}), frozenset({"m"}))
    back = Move(frozenset({"m"}), frozenset({"b"}))
    assert b_becomes_m.then(back) == Move(frozenset(), frozenset({"b"}))
