"""Whatever columns a table had when rows were written, they are read by field id.

Columns and fields at any depth are added, dropped, put back, renamed, swapped, moved and widened.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fsql
from tests.evolved_model import Node, Tree, shown
from tests.evolving import evolve

counter = itertools.count()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    folder: Path = tmp_path_factory.mktemp("evolved")
    return fsql.FeatureStore(f"fsql:///{folder}/store")


def group(tree: Tree, entity: str) -> fsql.FeatureGroup:
    frame = tree.schema.empty_table()
    return fsql.FeatureGroup.from_frame("a", "b", entity, "v0001", frame=frame, keys="id")


def frame(tree: Tree, written: dict[int, dict[int, Any]]) -> pa.Table:
    rows = [{"id": k, **shown(row, tree.nodes)} for k, row in written.items()]
    return pa.Table.from_pylist([_paired(row) for row in rows], tree.schema)


def _paired(value: Any) -> Any:
    """Maps as Arrow takes them."""
    if isinstance(value, list):
        return list(map(_paired, value))
    if not isinstance(value, dict):
        return value
    if value and all(key.startswith("k") for key in value):
        return [(key, _paired(item)) for key, item in value.items()]
    return {key: _paired(item) for key, item in value.items()}


def check(
    store: fsql.FeatureStore,
    table: str,
    schema: pa.Schema,
    nodes: tuple[Node, ...],
    written: dict[int, dict[int, Any]],
) -> None:
    expected = [{"id": k, **shown(row, nodes)} for k, row in sorted(written.items())]
    for transport in ("engine", "scan") if "VERSION" not in table else ("engine",):
        found = fsql.read_arrow(f"SELECT * FROM {table}", store.engine, transport=transport)
        assert found.schema.names == schema.names
        assert found.schema.types == schema.types
        rows = found.sort_by("id").to_pylist(maps_as_pydicts="strict")
        assert rows == expected, transport


def _life(store: fsql.FeatureStore, seed: int) -> None:
    tree = Tree.grown(Random(seed))
    entity = f"e{next(counter)}"
    made = group(tree, entity)
    store.create(made)
    evolve(store, made, revived=tree.ids)
    written: dict[int, dict[int, Any]] = {}
    past = []
    for _ in range(3):
        rows = {len(written) + n: tree.row() for n in range(4)}
        written |= rows
        snapshot = store.write(made, frame(tree, rows)).snapshot_id
        past.append((snapshot, tree.schema, tree.nodes, dict(written)))
        for _ in range(3):
            tree.change()
        made = group(tree, entity)
        evolve(store, made, revived=tree.ids)
        check(store, made.name, tree.schema, tree.nodes, written)
    for snapshot, *then in past:
        check(store, f"{made.name} FOR VERSION AS OF {snapshot}", *then)
    store.drop(made, purge=True)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**9))
def test_rows_are_read_under_any_later_columns(store: fsql.FeatureStore, seed: int) -> None:
    _life(store, seed)


@pytest.mark.slow
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**9))
def test_many_lives(store: fsql.FeatureStore, seed: int) -> None:
    _life(store, seed)
