"""Which rows a choice of keys means, against plain Python; and that pruning never loses one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.expressions.visitors import expression_evaluator
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import LongType, NestedField, StringType

from fsql.formats import choosing
from fsql.formats.choosing import Choice

KEY = st.tuples(st.integers(0, 3), st.sampled_from(["", "a", "b", "ab"]))
SCHEMA = Schema(
    NestedField(1, "n", LongType()),
    NestedField(2, "s", StringType()),
    NestedField(3, "t", LongType()),
)


def keys_of(keys: list[tuple[int, str]]) -> pa.Table:
    numbers, texts = [n for n, _ in keys], [s for _, s in keys]
    return pa.table({"n": pa.array(numbers, pa.int64()), "s": pa.array(texts, pa.string())})


@given(
    st.dictionaries(KEY, st.integers(0, 3), min_size=1, max_size=6),
    st.lists(st.tuples(KEY, st.integers(0, 3)), max_size=30),
    st.booleans(),
)
def test_rows_are_those_of_the_keys(
    since: dict[tuple[int, str], int], rows: list[tuple[tuple[int, str], int]], timed: bool
) -> None:
    table = keys_of([key for key, _ in rows])
    table = table.append_column("t", pa.array([time for _, time in rows], pa.int64()))
    times = pa.chunked_array([pa.array(since.values(), pa.int64())])
    choice = Choice(keys_of([*since]), "t" if timed else None, times if timed else None)
    expected = [key in since and (not timed or time >= since[key]) for key, time in rows]
    assert choice.mask(table).to_pylist() == expected
    holds = expression_evaluator(SCHEMA, choice.predicate(), case_sensitive=True)
    for ((n, s), time), meant in zip(rows, expected, strict=True):
        assert not meant or holds(Record(n, s, time))


@pytest.mark.parametrize("most", [0, 200])
def test_a_predicate_holds_for_all_rows(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(choosing, "MOST_VALUES", most)
    keys = [(n, s) for n in (1, 3) for s in ("a", "c")]
    holds: Any = expression_evaluator(
        SCHEMA, Choice(keys_of(keys)).predicate(), case_sensitive=True
    )
    assert all(holds(Record(n, s, 0)) for n, s in keys)
    assert not holds(Record(0, "a", 0))
    assert not holds(Record(1, "d", 0))
    assert holds(Record(2, "b", 0)) is (most == 0)


def test_zeros_of_either_sign_are_one_key() -> None:
    choice = Choice(pa.table({"x": [-0.0]}))
    assert choice.mask(pa.table({"x": [0.0, -0.0, 1.0, None]})).to_pylist() == [
        True,
        True,
        False,
        False,
    ]


def test_a_time_that_python_has_no_value_for_chooses_all_files() -> None:
    far = pa.array([2**62], pa.timestamp("us"))
    assert str(Choice(pa.table({"x": far})).predicate()) == "AlwaysTrue()"
