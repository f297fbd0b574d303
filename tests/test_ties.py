"""Rows that are alike in key and times: the greatest values win, whatever their types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

import fsql
from fsql.types import Array, Arrow, Map, Struct, Timestamp

NOON = dt.datetime(2026, 7, 14, 12)
DAY = dt.date(2026, 7, 14)
NAN = float("nan")

# Each from the least to the greatest.
CASES: dict[str, tuple[TypeEngine[Any], list[Any]]] = {
    "bigint": (sa.BigInteger(), [None, -1, 0, 2**60]),
    "double": (sa.Double(), [None, float("-inf"), 0.5, float("inf"), NAN]),
    "text": (sa.String(), [None, "", "Z", "a", "é", "\U0001f600"]),
    "boolean": (sa.Boolean(), [None, False, True]),
    "binary": (sa.LargeBinary(), [None, b"", b"\x00", b"\x01", b"\xff"]),
    "date": (sa.Date(), [None, dt.date(1969, 1, 1), DAY]),
    "decimal": (sa.Numeric(9, 2), [None, Decimal("-1.50"), Decimal("1.25")]),
    "moment": (Timestamp("ms", "Europe/Oslo"), [None, NOON, NOON + dt.timedelta(hours=1)]),
    "unsigned": (Arrow(pa.uint16()), [None, 1, 65535]),
    "struct": (Struct(a=sa.BigInteger, b=sa.String), [
        None, {"a": None, "b": None}, {"a": None, "b": "x"}, {"a": 1, "b": None},
    ]),
    "array": (Array(sa.String), [None, [], [None], [""], ["b"], ["a", None], ["a", "a"]]),
    "array of binary": (Array(sa.LargeBinary), [None, [b"\x01"], [b"\x02"]]),
    "array of moments": (Array(Timestamp("us")), [None, [None], [NOON]]),
    "array of decimals": (Array(sa.Numeric(9, 2)), [None, [None], [Decimal("0.01")]]),
    "array of arrays": (Array(Array(sa.BigInteger)), [None, [None], [[]], [[None]], [[1]]]),
    "array of structs": (Array(Struct(a=sa.Double, b=Array(sa.Date))), [
        None, [None], [{"a": None, "b": [DAY]}], [{"a": 1.0, "b": None}], [{"a": 1.0, "b": [DAY]}],
    ]),
    "map": (Map(sa.String, sa.Boolean), [
        None, [], [("k", None)], [("k", False)], [("k", True)], [("l", None)],
    ]),
    "map of maps": (Map(sa.BigInteger, Map(sa.String, sa.Double)), [
        None, [(1, None)], [(1, [("k", None)])], [(1, [("k", 2.0)])],
    ]),
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    folder: Path = tmp_path_factory.mktemp("ties")
    made = fsql.FeatureStore(f"fsql:///{folder}/store")
    yield made
    made.engine.dispose()


def test_the_greatest_values_win(store: fsql.FeatureStore) -> None:
    """Of each two neighbours in a case, by `latest` and in a training set."""
    columns = [sa.Column(f"v{n}", type_) for n, (type_, _) in enumerate(CASES.values())]
    group = fsql.FeatureGroup(
        "a", "b", "ties", "v0001", sa.MetaData(), sa.Column("k", sa.String),
        sa.Column("t", Timestamp("us")), *columns, keys="k", event_time="t",
    )  # fmt: skip
    store.create(group)
    rows, right = [], {}
    for n, (name, (_, values)) in enumerate(CASES.items()):
        for place, pair in enumerate(pairwise(values)):
            key = f"{name} {place}"
            rows += [{"k": key, "t": NOON, f"v{n}": value} for value in reversed(pair)]
            right[key] = (f"v{n}", pair[1])
    store.write(group, pa.Table.from_pylist(rows, group.arrow_schema), progress=False)
    spine = pa.table({"k": [*right], "t": pa.array([NOON] * len(right), pa.timestamp("us"))})
    newest = fsql.read_arrow(store.latest(group), store.engine)
    trained = store.training_set(spine, [group], time="t").to_arrow()
    expected = pa.Table.from_pylist(
        [{"k": key, "t": NOON, column: value} for key, (column, value) in right.items()],
        group.arrow_schema,
    )
    for found in (newest, trained):
        given = {row["k"]: row for row in found.to_pylist()}
        wrong = [r["k"] for r in expected.to_pylist() if str(given[r["k"]]) != str(r)]
        assert wrong == []
