"""Files of older columns are read under the present ones, and past states under their own."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import fsql
from tests.evolving import both, evolve, ids

TABLE = "a_b_life_v0001"
OSLO = pa.timestamp("s", "Europe/Oslo")
WORDS = pa.dictionary(pa.int32(), pa.string())
BEFORE = pa.schema(
    [
        ("id", pa.int64()),
        ("i", pa.int32()),
        ("f", pa.float32()),
        ("d", pa.decimal128(5, 2)),
        ("small", pa.uint8()),
        ("at", OSLO),
        ("s", pa.struct([("a", pa.int32()), ("Deep", pa.struct([("x", WORDS)]))])),
        ("l", pa.list_(pa.struct([("a", pa.int32())]))),
        ("m", pa.map_(pa.string(), pa.struct([("a", pa.uint8())]))),
    ]
)
AFTER = pa.schema(
    [
        ("id", pa.int64()),
        ("new", WORDS),
        ("f", pa.float64()),
        ("i", pa.int64()),
        ("d", pa.decimal128(20, 2)),
        ("tiny", pa.uint8()),
        ("then", OSLO),
        (
            "s",
            pa.struct(
                [
                    ("Deep", pa.struct([("y", pa.uint16()), ("z", WORDS)])),
                    ("b", pa.int64()),
                    ("more", pa.struct([("q", pa.int32())])),
                ]
            ),
        ),
        ("l", pa.list_(pa.struct([("a", pa.int64()), ("b", OSLO)]))),
        ("m", pa.map_(pa.string(), pa.struct([("b", pa.string()), ("c", pa.uint8())]))),
    ]
)
RENAMES = {
    "small": "tiny",
    "at": "then",
    "s.a": "s.b",
    "s.deep.x": "s.deep.z",
    "m.value.a": "m.value.c",
}
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def old(k: int) -> dict[str, Any]:
    return {
        "id": k,
        "i": k - 2**31,
        "f": k / 10,
        "d": Decimal(k) / 4,
        "small": 255 - k,
        "at": NOON,
        "s": {"a": k, "Deep": {"x": "x"}} if k != 2 else None,
        "l": [{"a": k}, None],
        "m": [("k", {"a": k})],
    }


def new(k: int) -> dict[str, Any]:
    return {
        "id": k,
        "new": "n",
        "f": k / 10,
        "i": 2**40 + k,
        "d": Decimal("123456789.25"),
        "tiny": k,
        "then": NOON,
        "s": {"Deep": {"y": k, "z": "z"}, "b": 2**40, "more": {"q": k}},
        "l": [{"a": 2**40, "b": NOON}],
        "m": [("k", {"b": "b", "c": k})],
    }


def group(schema: pa.Schema, entity: str, **options: Any) -> fsql.FeatureGroup:
    frame = schema.empty_table()
    options = {"keys": "id", **options}
    return fsql.FeatureGroup.from_frame("a", "b", entity, "v0001", frame=frame, **options)


@pytest.fixture(scope="module")
def past() -> dict[str, Any]:
    """The first snapshot, and a time when it was current."""
    return {}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, past: dict[str, Any]) -> fsql.FeatureStore:
    """Four rows of the old columns, two of the new ones."""
    folder: Path = tmp_path_factory.mktemp("evolved")
    made = fsql.FeatureStore(f"fsql:///{folder}/store")
    before, after = group(BEFORE, "life"), group(AFTER, "life")
    made.create(before)
    rows = pa.Table.from_pylist([old(k) for k in range(4)], BEFORE)
    past["snapshot"] = made.write(before, rows).snapshot_id
    time.sleep(0.01)
    past["time"] = f"TIMESTAMP '{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S.%f} UTC'"
    time.sleep(0.01)
    evolve(made, after, RENAMES)
    made.write(after, pa.Table.from_pylist([new(k) for k in (10, 11)], AFTER))
    return made


def rows(table: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pylist(maps_as_pydicts="strict")
    return sorted(found, key=lambda row: str(row.get("id")))


def test_all_columns_in_their_order_and_exact_types(store: fsql.FeatureStore) -> None:
    found = both(store, f"SELECT * FROM {TABLE}")
    assert found.schema.names == AFTER.names
    assert found.schema.types == AFTER.types
    by_id = {row["id"]: row for row in rows(found)}
    assert by_id[11] == {**new(11), "m": {"k": {"b": "b", "c": 11}}}
    assert by_id[0] == {
        "id": 0,
        "new": None,
        "f": 0.0,
        "i": -(2**31),
        "d": Decimal("0.00"),
        "tiny": 255,
        "then": NOON,
        "s": {"Deep": {"y": None, "z": "x"}, "b": 0, "more": None},
        "l": [{"a": 0, "b": None}, None],
        "m": {"k": {"b": None, "c": 0}},
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("i = -2147483648", [0]),
        ("i > 0", [10, 11]),
        ("i BETWEEN -2147483647 AND 1099511627786", [1, 2, 3, 10]),
        ("f = 0.10000000149011612E0", [1]),
        ("f = 1.1E0", [11]),
        ("d = 0.25", [1]),
        ("d > 1000", [10, 11]),
        ("tiny = 254", [1]),
        ("tiny < 12", [10, 11]),
        ("new IS NULL AND id < 2", [0, 1]),
        ("new = 'n'", [10, 11]),
        ("s.b = 3", [3]),
        ("s IS NULL", [2]),
        ("s.more.q IS NULL", [0, 1, 2, 3]),
        ("s.deep.y = 10", [10]),
        ("\"then\" = TIMESTAMP '2026-01-01 12:00:00'", [0, 1, 2, 3, 10, 11]),
    ],
)
def test_filters(store: fsql.FeatureStore, where: str, expected: list[int]) -> None:
    found = both(store, f"SELECT id FROM {TABLE} WHERE {where}")
    assert sorted(found["id"].to_pylist()) == expected


def test_filters_leave_files_out_by_bounds_in_the_old_types(store: fsql.FeatureStore) -> None:
    def scanned(where: str, transport: Any) -> int:
        sql = f"SELECT i FROM {TABLE} WHERE {where}"
        with fsql.connect(planner=store.engine.raw_connection().planner) as c:
            return int(c.cursor().execute(sql, transport=transport).statistics["scanned_bytes"])

    assert scanned("i = 5", "scan") == 0
    assert scanned("i = 5", "engine") == 0
    assert 0 < scanned("i < 0", "scan") < scanned("i < 0 OR i > 0", "scan")
    assert 0 < scanned("i < 0", "engine") < scanned("i < 0 OR i > 0", "engine")


def test_nested_access_aggregates_and_order(store: fsql.FeatureStore) -> None:
    sql = (
        f"WITH t AS (SELECT id, i, f, s, l[1].a AS a, m['k'].c AS c, new FROM {TABLE}) SELECT"
        " new, count(*) AS n, sum(i) AS i, max(a) AS a, max(c) AS c, max(s.b) AS b, min(id) AS k"
        " FROM t GROUP BY new ORDER BY k"
    )
    found = fsql.read_arrow(sql, store.engine).to_pylist()
    assert found == [
        {"new": None, "n": 4, "i": 6 - 2**33, "a": 3, "c": 3, "b": 3, "k": 0},
        {"new": "n", "n": 2, "i": 2**41 + 21, "a": 2**40, "c": 11, "b": 2**40, "k": 10},
    ]
    sql = f"SELECT id, tiny, s.deep.z AS z FROM {TABLE} ORDER BY tiny DESC LIMIT 3"
    found = fsql.read_arrow(sql, store.engine)
    assert found.schema.types == [pa.int64(), pa.uint8(), WORDS]
    assert found["tiny"].to_pylist() == [255, 254, 253]
    assert found["z"].to_pylist() == ["x", "x", None]


@pytest.mark.parametrize("when", ["FOR VERSION AS OF {snapshot}", "FOR TIMESTAMP AS OF {time}"])
def test_a_past_state_has_the_columns_and_exact_types_of_then(
    store: fsql.FeatureStore, past: dict[str, Any], when: str
) -> None:
    at = f"{TABLE} {when.format(**past)}"
    found = fsql.read_arrow(f"SELECT * FROM {at}", store.engine)
    assert found.schema.names == BEFORE.names
    assert found.schema.types == BEFORE.types
    assert rows(found)[1] == {**old(1), "f": pytest.approx(0.1), "m": {"k": {"a": 1}}}
    some = f"SELECT t.small, t.s.deep AS d FROM {at} AS t WHERE t.i > -2147483647"
    sql = f"WITH t AS ({some}) SELECT * FROM t"
    found = fsql.read_arrow(sql, store.engine)
    assert found.schema.types == [pa.uint8(), BEFORE.field("s").type.field("Deep").type]
    assert sorted(found["small"].to_pylist()) == [252, 253]


def test_a_past_state_of_which_nothing_is_kept(store: fsql.FeatureStore) -> None:
    """What is still the same has its exact type, the rest the one that it was stored in."""
    made = group(pa.schema([("id", pa.int64()), ("u", pa.uint8()), ("v", pa.uint8())]), "kept")
    store.create(made)
    first = store.write(made, pa.table({"id": [1], "u": [2], "v": [3]}, schema=made.arrow_schema))
    evolve(store, group(pa.schema([("id", pa.int64()), ("u", pa.uint8())]), "kept"), keep=False)
    sql = f"SELECT * FROM {made.name} FOR VERSION AS OF {first.snapshot_id}"
    found = fsql.read_arrow(sql, store.engine)
    assert found.schema.types == [pa.int64(), pa.uint8(), pa.int32()]
    assert found.to_pylist() == [{"id": 1, "u": 2, "v": 3}]


def test_what_is_dropped_comes_back_under_its_own_id_only(store: fsql.FeatureStore) -> None:
    one = pa.schema([("id", pa.int64()), ("v", pa.uint8()), ("w", pa.struct([("x", pa.int32())]))])
    made = group(one, "back")
    store.create(made)
    row = {"id": 1, "v": 7, "w": {"x": 9}}
    store.write(made, pa.Table.from_pylist([row], one))
    before = ids(store, made.name)
    without = group(pa.schema([("id", pa.int64())]), "back")
    evolve(store, without)
    assert both(store, f"SELECT * FROM {made.name}").to_pylist() == [{"id": 1}]
    evolve(store, made, revived={path: before[path] for path in ("v", "w", "w.x")})
    assert both(store, f"SELECT * FROM {made.name}").to_pylist() == [row]
    evolve(store, without)
    evolve(store, made)
    nothing = {"id": 1, "v": None, "w": None}
    assert both(store, f"SELECT * FROM {made.name}").to_pylist() == [nothing]


def test_names_that_change_places(store: fsql.FeatureStore) -> None:
    schema = pa.schema([("id", pa.int64()), ("a", pa.int32()), ("b", pa.int32())])
    made = group(schema, "swap")
    store.create(made)
    store.write(made, pa.Table.from_pylist([{"id": 1, "a": 10, "b": 20}], schema))
    before = ids(store, made.name)
    evolve(store, made, revived={"a": before["b"], "b": before["a"]})
    store.write(made, pa.Table.from_pylist([{"id": 2, "a": 1, "b": 2}], schema))
    found = both(store, f"SELECT * FROM {made.name} WHERE a >= 1 AND b < 20")
    assert rows(found) == [{"id": 1, "a": 20, "b": 10}, {"id": 2, "a": 1, "b": 2}]
    assert both(store, f"SELECT id FROM {made.name} WHERE a = 20")["id"].to_pylist() == [1]


def test_storage_that_is_wider_than_the_exact_types(store: fsql.FeatureStore) -> None:
    from pyiceberg.types import DecimalType, DoubleType, LongType

    schema = pa.schema(
        [
            ("id", pa.int32()),
            ("f", pa.float32()),
            ("d", pa.decimal128(5, 2)),
            ("l", pa.list_(pa.struct([("a", pa.int16())]))),
            ("m", pa.map_(pa.string(), pa.int32())),
        ]
    )

    def some(*keys: int) -> pa.Table:
        given = [
            {"id": k, "f": k / 2, "d": Decimal(k), "l": [{"a": k}], "m": [("x", k)]} for k in keys
        ]
        return pa.Table.from_pylist(given, schema)

    made = group(schema, "wide")
    store.create(made)
    store.write(made, some(1, 2))
    wide = {"id": LongType(), "l.element.a": LongType(), "m.value": LongType()}
    evolve(store, made, wider={**wide, "f": DoubleType(), "d": DecimalType(20, 2)})
    store.write(made, some(3))
    store.write(made, some(2, 4), mode="upsert")
    found = both(store, f"SELECT * FROM {made.name}")
    assert found.schema.types == schema.types
    assert found.sort_by("id").to_pylist() == some(1, 2, 3, 4).to_pylist()
    sql = f"SELECT id FROM {made.name} WHERE id = 3 AND f = 1.5 AND d < 4"
    assert both(store, sql)["id"].to_pylist() == [3]
    assert store.delete(made, [{"id": 1}, {"id": 4}]).rows == 2
    sql = f"SELECT sum(id) AS s, max(f) AS f, min(d) AS d FROM {made.name}"
    found = fsql.read_arrow(sql, store.engine)
    assert found.to_pylist() == [{"s": 5, "f": 1.5, "d": Decimal(2)}]
