"""Rows put into the order of their numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fsql import numbered
from fsql.numbered import in_order, sorted_by

ROWS = 20_000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows enough for many places and blocks."""
    monkeypatch.setattr(numbered, "BLOCK_BYTES", 64 << 10)
    monkeypatch.setattr(numbered, "SHELF_BYTES", 32 << 10)


def rows(order: np.ndarray) -> pa.Table:
    texts = [None if n % 7 == 0 else f"row {n}" for n in order]
    return pa.table(
        {
            "text": texts,
            "n": order,
            "kind": pa.array([f"k{n % 5}" for n in order]).dictionary_encode(),
            "nested": [{"a": [int(n)]} for n in order],
        }
    )


def batches(table: pa.Table, size: int = 500) -> Iterator[pa.RecordBatch]:
    """Batches whose dictionaries differ."""
    for at in range(0, len(table), size):
        part = table.slice(at, size)
        kinds = part["kind"].cast(pa.string()).dictionary_encode()
        yield from part.set_column(2, "kind", kinds).combine_chunks().to_batches()


@pytest.mark.parametrize("how", ["in order", "shuffled", "two halves", "the end shuffled"])
@pytest.mark.parametrize("first", [0, 1])
def test_every_order_becomes_that_of_the_numbers(how: str, first: int) -> None:
    order = np.arange(ROWS)
    random = np.random.default_rng(3)
    if how == "shuffled":
        random.shuffle(order)
    elif how == "two halves":
        order = np.concatenate([order[ROWS // 2 :], order[: ROWS // 2]])
    elif how == "the end shuffled":
        random.shuffle(order[ROWS // 2 :])
    parts = list(in_order(batches(rows(order + first)), 1, first))
    found = pa.concat_tables(parts, promote_options="none").to_pylist()
    assert found == rows(np.arange(ROWS) + first).to_pylist()
    assert max(len(part) for part in parts) < ROWS / 10


def test_rows_in_order_need_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert sum(map(len, in_order(batches(rows(np.arange(1000))), 1))) == 1000
    with pytest.raises(FileNotFoundError):
        list(in_order(batches(rows(np.arange(1000)[::-1])), 1))


def test_nothing_is_nothing() -> None:
    assert list(in_order([], 0)) == []


def test_a_whole_table() -> None:
    table = rows(np.random.default_rng(1).permutation(100))
    assert sorted_by(table, 1).to_pylist() == rows(np.arange(100)).to_pylist()
    ordered = rows(np.arange(100))
    assert sorted_by(ordered, 1) is ordered
