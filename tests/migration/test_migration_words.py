"""Changes in words, as histories and errors say them."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings

import fsql
from fsql.definition import Partition
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Backfill,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    Execute,
    MoveColumn,
    Release,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.state import State
from fsql.migration.model.wording import words
from fsql.naming import GroupName
from tests.migration.strategies import lives

NAME = GroupName("nyc", "flights", "weather", "v0001")
T = NAME.table
STATE = State.of(
    fsql.FeatureGroup.from_schema(
        NAME,
        pa.schema(
            [
                ("k", pa.int32()),
                ("t", pa.timestamp("ms")),
                ("wind", pa.struct([("dir", pa.int8())])),
            ]
        ),
        keys=["k"],
        event_time="t",
        partition_by=["day(t)"],
    )
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (CreateGroup(STATE), f"creates {T} with 3 columns"),
        (CreateGroup(STATE, released=False), f"creates {T} with 3 columns, not released yet"),
        (DropGroup(T), f"drops {T}"),
        (AddColumn(T, "wind.gust", pa.field("gust", pa.float64())), "adds wind.gust double"),
        (
            AddColumn(T, "n", pa.field("n", pa.int8(), False), default=3),
            "adds n int8 NOT NULL, 3 in rows that are there",
        ),
        (DropColumn(T, "wind.dir"), "drops wind.dir"),
        (RenameColumn(T, "temp", "temperature"), "renames temp to temperature"),
        (MoveColumn(T, "wind", None), "moves wind first"),
        (MoveColumn(T, "k", "wind"), "moves k behind wind"),
        (AlterColumn(T, "k", type=pa.int64()), "widens k from int32 to int64"),
        (AlterColumn(T, "k", type=pa.int16()), "narrows k from int32 to int16"),
        (
            AlterColumn(T, "t", type=pa.timestamp("ms", "UTC")),
            "changes t from timestamp[ms] to timestamp[ms, tz=UTC]",
        ),
        (AlterColumn(T, "wind.dir", type=pa.int16()), "widens wind.dir from int8 to int16"),
        (
            AlterColumn(T, "k", comment="whose", nullable=False),
            "forbids NULL in k and says 'whose' of k",
        ),
        (AlterColumn(T, "k", comment=None), "takes the comment of k away"),
        (AlterColumn(T, "k"), "leaves k as it is"),
        (
            AlterGroup(T, {"keys": ("k", "t"), "ttl": dt.timedelta(days=1)}),
            "changes keys from k to k, t and changes ttl from nothing to 1 day, 0:00:00",
        ),
        (AlterGroup(T, {"tags": {"tier": "gold"}}), "changes tags from nothing to tier=gold"),
        (
            AlterGroup(T, {"schema_metadata": {}}),
            "changes the notes of pandas and of categories",
        ),
        (AlterGroup(T), f"leaves {T} as it is"),
        (
            SetPartitioning(T, (Partition("k", "bucket", 4), Partition("t", "month"))),
            "partitions by bucket(4, k), month(t) instead of day(t)",
        ),
        (Backfill(T, "SELECT *\n  FROM old"), f"fills {T} by SELECT * FROM old"),
        (Release(T), f"releases {T}"),
        (Execute("DELETE FROM t WHERE " + "x" * 90), f"runs DELETE FROM t WHERE {'x' * 39}…"),
    ],
)
def test_words(change: Change, said: str) -> None:
    assert words(change, STATE) == said


def test_words_without_what_was() -> None:
    assert words(AlterColumn(T, "k", type=pa.int64())) == "changes k to int64"
    assert words(AlterGroup(T, {"owner": "ops"})) == "changes owner to ops"
    assert words(SetPartitioning(T, ())) == "partitions by nothing"


@settings(max_examples=10)
@given(lives(most=3))
def test_every_change_has_words_on_one_line(life: tuple[State, list[Change]]) -> None:
    first, made = life
    for change in made:
        for said in (words(change), words(change, first)):
            assert said
            assert "\n" not in said
