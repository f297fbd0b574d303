"""Every type that pyarrow has comes back exactly, or is refused before anything is written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.lib
import pytest

import fsql
from fsql.errors import DefinitionError, InvalidData, UnsupportedType

DAY = 86_400
KINDS = {name for name in dir(pa.lib) if name.startswith("Type_")}
DEEP = pa.list_(pa.struct([("x", pa.map_(pa.string(), pa.large_list(pa.binary_view())))]))
COMING_BACK: list[pa.Array] = [
    pa.array([True, None]),
    *(pa.array([1, None], pa.type_for_alias(f"int{bits}")) for bits in (8, 16, 32, 64)),
    *(pa.array([1, None], pa.type_for_alias(f"uint{bits}")) for bits in (8, 16, 32, 64)),
    pa.array([np.float16(1.5), None], pa.float16()),
    pa.array([1.5, None], pa.float32()),
    pa.array([1.5, None]),
    pa.array([Decimal("1.50"), None], pa.decimal32(5, 2)),
    pa.array([Decimal("1.50"), None], pa.decimal64(15, 2)),
    pa.array([Decimal("1.50"), None], pa.decimal128(38, 2)),
    pa.array([Decimal("1.50"), None], pa.decimal256(38, 2)),
    *(pa.array(["", None], type_) for type_ in (pa.string(), pa.large_string(), pa.string_view())),
    *(pa.array([b"", None], type_) for type_ in (pa.binary(), pa.large_binary(), pa.binary_view())),
    pa.array([b"ab", None], pa.binary(2)),
    pa.array([0, None], pa.date32()),
    pa.array([DAY * 1000, None], pa.date64()),
    pa.array([1, None], pa.time32("ms")),
    pa.array([1, None], pa.time64("ns")),
    pa.array([1, None], pa.timestamp("ms", "Europe/Oslo")),
    pa.array([1, None], pa.duration("ns")),
    pa.array(["a", None]).dictionary_encode(),
    pa.array([[1, None], None], pa.list_(pa.int8())),
    pa.array([[1, None], None], pa.large_list(pa.int8())),
    pa.array([[1, None], None], pa.list_(pa.int8(), 2)),
    pa.array([{"A": 1}, None]),
    pa.array([[("k", None)], None], pa.map_(pa.string(), pa.int8())),
    pa.array([b"0123456789abcdef", None], pa.uuid()),
    pa.array(['{"a": 1}', None], pa.json_()),
    pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None], pa.int8())),
    pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.int32(), [2]), pa.array([[1, 2], None], pa.list_(pa.int32(), 2))
    ),
    pa.ExtensionArray.from_storage(pa.opaque(pa.int8(), "t", "v"), pa.array([1, None], pa.int8())),
    pa.array([[{"x": [("k", [b"1", None])]}, None], None], DEEP),
]  # fmt: skip
REFUSED: list[tuple[pa.Array, str]] = [
    (pa.nulls(1), "give it a type"),
    (pa.array([Decimal(1)], pa.decimal256(76, 0)), "Cast it to such a one, or to text"),
    (pa.array([[1]], pa.list_view(pa.int8())), "Cast it to list"),
    (pa.array([[1]], pa.large_list_view(pa.int8())), "Cast it to list"),
    (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "Cast it to duration"),
    (
        pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
        "each of its types as a field of a struct",
    ),
    (
        pa.UnionArray.from_dense(
            pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])]
        ),
        "each of its types as a field of a struct",
    ),
    (pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array([1])), "run_end_decode"),
    (pa.array([{}], pa.struct([])), "Drop the column"),
    (pa.array([[{}]], pa.list_(pa.struct([]))), "Drop the column"),
    (pa.array([[("k", {})]], pa.map_(pa.string(), pa.struct([]))), "Drop the column"),
    (pa.array([[None]], pa.list_(pa.null())), "give it a type"),
    (pa.array([{"a": None}], pa.struct([("a", pa.null())])), "give it a type"),
]
# No array has them: intervals of Arrow's C++ that pyarrow has no types for, and what is abstract.
NOT_IN_PYARROW = {"Type_INTERVAL_MONTHS", "Type_INTERVAL_DAY_TIME"}
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('types')}/store")
    yield made
    made.engine.dispose()


def named(type_: pa.DataType) -> str:
    return re.sub(r"\W+", " ", str(type_)).strip()


def test_no_kind_is_left_out() -> None:
    arrays = [*COMING_BACK, *(array for array, _ in REFUSED)]
    tried = {array.type.id for array in arrays}
    missing = {kind for kind in KINDS - NOT_IN_PYARROW if getattr(pa.lib, kind) not in tried}
    assert not missing


def table_of(array: pa.Array) -> pa.Table:
    return pa.table({"id": range(len(array)), "odd": array})


@pytest.fixture(scope="module")
def all_of_them(store: fsql.FeatureStore) -> tuple[str, pa.Table]:
    columns = {f"c{place}": array for place, array in enumerate(COMING_BACK)}
    table = pa.table({"id": [0, 1], **columns})
    group = fsql.FeatureGroup.from_frame("a", "b", "all", "v0001", frame=table, keys="id")
    store.create(group)
    store.write(group, table, progress=False)
    return str(group.name), table


@pytest.mark.parametrize("transport", ["scan", "engine"])
def test_what_comes_back(
    store: fsql.FeatureStore, all_of_them: tuple[str, pa.Table], transport: Any
) -> None:
    name, table = all_of_them
    for forced in ("", ", ARRAY[1] AS forced") if transport == "engine" else ("",):
        sql = f"SELECT *{forced} FROM {name}"
        read = fsql.read_arrow(sql, store.engine, transport=transport)
        rows = sorted(range(2), key=read["id"].to_pylist().__getitem__)
        for field in table.schema:
            assert read.schema.field(field.name).type == field.type
            found = [read[field.name][row].as_py() for row in rows]
            assert found == table[field.name].to_pylist(), field


@pytest.mark.parametrize(
    ("array", "remedy"), REFUSED, ids=[named(array.type) for array, _ in REFUSED]
)
def test_what_is_refused(store: fsql.FeatureStore, array: pa.Array, remedy: str) -> None:
    with pytest.raises(UnsupportedType, match=rf"(?s)^Column 'odd': .*{remedy}"):
        fsql.FeatureGroup.from_frame(
            "a", "b", "c", "v0001", frame=table_of(array).schema, keys="id"
        )


@pytest.mark.parametrize("array", [array for array, _ in REFUSED], ids=lambda a: named(a.type))
def test_what_is_refused_for_a_column_of_another_type(
    store: fsql.FeatureStore, array: pa.Array
) -> None:
    """Written to a column of a type that can be stored it is one error of its column, or fits."""
    name = f"w{next(NUMBERS)}"
    declared = table_of(pa.array([["a"]], pa.list_(pa.string())))
    group = fsql.FeatureGroup.from_frame("a", "b", name, "v0001", frame=declared, keys="id")
    store.create(group)
    report, type_ = fsql.check(group, table_of(array)), array.type
    if pa.types.is_null(type_) or type_ == pa.list_(pa.null()):
        assert report.ok
        store.write(group, table_of(array), progress=False)
        return
    assert [problem.column for problem in report.problems] == ["odd"]
    with pytest.raises(InvalidData, match="column 'odd': "):
        store.write(group, table_of(array), progress=False)


def test_names_that_stand_twice() -> None:
    twice = pa.table([pa.array([1]), pa.array([2])], names=["id", "id"])
    with pytest.raises(DefinitionError, match="'id'"):
        fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=twice, keys="id")
    fields = pa.table({"id": [1]}).append_column(
        "odd", pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    )
    with pytest.raises(UnsupportedType, match=r"Column 'odd': .*Rename one"):
        fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=fields, keys="id")


def test_a_key_of_a_map_that_is_null(store: fsql.FeatureStore) -> None:
    group = fsql.FeatureGroup.from_frame(
        "a",
        "b",
        "maps",
        "v0001",
        frame=table_of(pa.array([[]], pa.map_(pa.string(), pa.int8()))),
        keys="id",
    )
    store.create(group)
    entries = pa.array([[{"key": "a", "value": 1}], [{"key": None, "value": 1}]])
    with pytest.raises(InvalidData, match=r"'odd': an item has NULL as its key \(row 1\)"):
        store.write(group, table_of(entries), progress=False)


# --- categories --------------------------------------------------------------------------------


def categories(count: int, ordered: bool) -> pd.DataFrame:
    values = [f"category {number}" for number in range(count)][::-1]
    return pd.DataFrame({"id": [0], "kind": pd.Categorical(values[-1:], values, ordered=ordered)})


@pytest.mark.parametrize("ordered", [True, False])
def test_many_categories_keep_their_order(store: fsql.FeatureStore, ordered: bool) -> None:
    frame = categories(4000, ordered)
    name = f"k{next(NUMBERS)}"
    group = fsql.FeatureGroup.from_frame("a", "b", name, "v0001", frame=frame, keys="id")
    store.create(group)
    store.write(group, frame, progress=False)
    pd.testing.assert_frame_equal(fsql.read_sql(f"SELECT * FROM {group.name}", store.engine), frame)


def test_too_many_ordered_categories_are_refused(store: fsql.FeatureStore) -> None:
    with pytest.raises(DefinitionError, match=r"'kind' has ordered categories.*as_unordered\(\)"):
        fsql.FeatureGroup.from_frame(
            "a", "b", "c", "v0001", frame=categories(100_000, True), keys="id"
        )
    frame = categories(100_000, False)
    group = fsql.FeatureGroup.from_frame("a", "b", "much", "v0001", frame=frame, keys="id")
    store.create(group)
    store.write(group, frame, progress=False)
    found = fsql.read_sql(f"SELECT * FROM {group.name}", store.engine)["kind"]
    assert found.tolist() == frame["kind"].tolist()


def test_all_notes_together_fit_the_catalog() -> None:
    many = {f"k{column}": categories(3000, False)["kind"] for column in range(40)}
    frame = pd.DataFrame({"id": [0], **many})
    group = fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=frame, keys="id")
    assert max(map(len, group.properties.values())) < 512_000


def test_ordered_categories_that_nobody_knows_are_refused() -> None:
    type_ = pa.dictionary(pa.int8(), pa.string(), ordered=True)
    schema = pa.schema([("id", pa.int64()), ("kind", type_)])
    with pytest.raises(DefinitionError, match="Declare the group by from_frame with a frame"):
        fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=schema, keys="id")
