"""The repository's own migrations, up and down on a year of flights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

import fsql
from fsql.samples import earlier, flights
from tests.migrating import alembic, config, downgrade, upgrade

CREATED, GUSTS, NAMES, WIDE, MONTHS, NESTED, DROPPED = REVISIONS = tuple(range(1, 8))
NEW_YORK = pa.timestamp("us", "America/New_York")
WEATHER, PLANE, DEPARTURE = (
    f"nyc_flights_{name}_v0001" for name in ("weather", "plane", "departure")
)
AIRPORT, NESTED_AIRPORT = "nyc_flights_airport_v0001", "nyc_flights_airport_v0002"
TEXT, REAL, INT = pa.string(), pa.float64(), pa.int32()
ZONE = {"name": TEXT, "utc_offset": INT, "dst": TEXT}
PLACE = {"lat": REAL, "lon": REAL, "alt": INT}


def ids() -> list[str]:
    """The revisions' ids, oldest first."""
    script = ScriptDirectory.from_config(config("fsql://"))
    return [found.revision for found in script.walk_revisions()][::-1]


@pytest.fixture(scope="module")
def year() -> dict[str, pa.Table]:
    """What is uploaded at the first revision."""
    given = ((name, pa.Table.from_pandas(f, preserve_index=False)) for name, f in earlier.frames())
    return {name: plain(table) for name, table in given}


def plain(table: pa.Table) -> pa.Table:
    """With strings for the large ones that frames have."""
    types = [TEXT if pa.types.is_large_string(t) else t for t in table.schema.types]
    return table.cast(pa.schema(list(zip(table.schema.names, types, strict=True))))


def wind(table: pa.Table, revision: int) -> pa.Array:
    direction = "dir" if revision >= NAMES else "direction"
    first, speed = (pc.struct_field(table["wind"], name) for name in ("direction", "speed"))
    values, names = [first, speed], [direction, "speed"]
    if revision >= GUSTS:
        values, names = [*values, pa.nulls(len(table), pa.float64())], [*names, "gust"]
    values = [v.combine_chunks() if isinstance(v, pa.ChunkedArray) else v for v in values]
    return pa.StructArray.from_arrays(values, names)


def weather(table: pa.Table, revision: int) -> pa.Table:
    position = table.schema.get_field_index("wind")
    return table.set_column(position, "wind", wind(table, revision))


def departure(table: pa.Table, revision: int) -> pa.Table:
    wide = revision >= WIDE
    types = {"distance": pa.int64() if wide else INT, "air_time": REAL if wide else pa.float32()}
    name = "sched_dep" if revision >= NAMES else "scheduled"
    fields = [
        (name if c == "scheduled" else c, types.get(c, t))
        for c, t in zip(table.schema.names, table.schema.types, strict=True)
    ]
    return table.rename_columns([name for name, _ in fields]).cast(pa.schema(fields))


def nested(table: pa.Table) -> pa.Table:
    def struct(columns: dict[str, pa.Array]) -> pa.Array:
        return pa.StructArray.from_arrays(list(columns.values()), list(columns))

    flat = table.combine_chunks()
    column = {name: flat[name].combine_chunks() for name in flat.schema.names}
    zone = {"name": column["tzone"], "utc_offset": column["tz"], "dst": column["dst"]}
    place = {"lat": column["lat"], "lon": column["lon"], "alt": column["alt"]}
    location = struct({**place, "zone": struct(zone)})
    return pa.table({"faa": flat["faa"], "name": flat["name"], "location": location})


def expected(year: dict[str, pa.Table], revision: int) -> Iterator[tuple[str, pa.Table]]:
    """The tables and views that stand at a revision, each with all of its rows."""
    if revision == 0:
        return
    yield WEATHER, weather(year[WEATHER], revision)
    yield PLANE, year[PLANE]
    yield DEPARTURE, departure(year[DEPARTURE], revision)
    if revision < DROPPED:
        yield AIRPORT, year[AIRPORT]
    if revision >= NESTED:
        yield NESTED_AIRPORT, nested(year[AIRPORT])
    yield "nyc_flights_weather", weather(year[WEATHER], revision)
    yield "nyc_flights_departure", departure(year[DEPARTURE], revision)
    view = nested(year[AIRPORT]) if revision >= NESTED else year[AIRPORT]
    yield "nyc_flights_airport", view


def ordered(table: pa.Table) -> pa.Table:
    """By all columns that have an order."""
    keys = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    return table.sort_by([(key, "ascending") for key in keys]).combine_chunks()


def check(
    store: fsql.FeatureStore, year: dict[str, pa.Table], revision: int, touched: str = ""
) -> None:
    """The tables and views are as the revision has them, read by either transport.

    Args:
        touched: a part of the names of those that are read; all are there in any case.
    """
    wanted = dict(expected(year, revision))
    stored = {entry.name for entry in store.catalog.entries(pattern="nyc_*")}
    views = {re.sub(r"_v\d{4}$", "", name) for name in wanted}
    assert stored == {*wanted, *views, *(f"{view}__latest" for view in views)}
    read_now = {name: rows for name, rows in wanted.items() if re.search(touched, name)}
    for name, rows in read_now.items():
        right = ordered(rows)
        for transport in ("engine", "scan"):
            read = fsql.read_arrow(f"SELECT * FROM {name}", store.engine, transport=transport)
            assert ordered(read.replace_schema_metadata()).equals(right), (name, transport)


def month(year: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """The first days' rows of what has a time."""
    end = pa.scalar(1_357_500_000_000_000, pa.int64()).cast(pa.timestamp("us", "UTC"))
    some = {}
    for name, table in year.items():
        times = [f.name for f in table.schema if pa.types.is_timestamp(f.type)]
        kept = (pc.less(table[t].cast(pa.timestamp("us", "UTC")), end) for t in times)
        some[name] = table.filter(next(kept)) if times else table
    return some


TOUCHED = {
    CREATED: "",
    GUSTS: "weather",
    NAMES: "weather|departure",
    WIDE: "departure_v",
    MONTHS: "departure_v",
    NESTED: "airport",
    DROPPED: "airport",
}
"""What of the groups a revision changes."""


def live(url: str, year: dict[str, pa.Table], touched: dict[int, str]) -> None:
    """Up to the first revision, rows in, up to head, down to base and up again."""
    store, steps = fsql.FeatureStore(url), ids()
    upgrade(url, steps[0])
    for name, rows in year.items():
        assert store.write(name, rows).rows == len(rows)
    check(store, year, CREATED)
    for revision in REVISIONS[1:]:
        upgrade(url, steps[revision - 1])
        check(store, year, revision, touched[revision])
    command.check(config(url))
    for revision in reversed(REVISIONS[:-1]):
        downgrade(url, steps[revision - 1])
        check(store, year, revision, touched[revision + 1])
    downgrade(url)
    check(store, year, 0)
    upgrade(url)
    check(store, year, DROPPED)
    command.check(config(url))


@pytest.mark.timeout(300)
def test_up_and_down_with_the_first_days_of_the_year(
    tmp_path: Path, year: dict[str, pa.Table]
) -> None:
    live(f"fsql:///{tmp_path}/store", month(year), TOUCHED)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_up_and_down_with_the_whole_year(tmp_path: Path, year: dict[str, pa.Table]) -> None:
    live(f"fsql:///{tmp_path}/store", year, dict.fromkeys(REVISIONS, ""))


def test_there_are_revisions_of_every_kind() -> None:
    script = ScriptDirectory.from_config(config("fsql://"))
    assert len(script.get_heads()) == 1
    texts = [Path(found.path).read_text("utf-8") for found in script.walk_revisions()]
    assert len(texts) == len(REVISIONS)
    for kind in (
        "create_feature_group",
        "add_column",
        "rename_column",
        "alter_column",
        "set_partitioning",
        "new_version",
        "backfill",
        "release",
        "drop_feature_group",
    ):
        assert any(f"op.{kind}(" in text for text in texts), kind


def test_the_head_is_what_the_sample_declares(tmp_path: Path) -> None:
    """A store that the demo made and one that the revisions made are the same."""
    url = f"fsql:///{tmp_path}/store"
    upgrade(url)
    store = fsql.FeatureStore(url)
    for group in flights.metadata.tables.values():
        assert isinstance(group, fsql.FeatureGroup)
        store.create(group, if_exists="skip")  # refuses one that differs
        stored = fsql.FeatureGroup.reflect(store.engine, group.name)
        assert stored.definition == group.definition
        assert stored.arrow_schema.equals(group.arrow_schema, check_metadata=True)
        assert {c.name: c.comment for c in stored.columns} == {
            c.name: c.comment for c in group.columns
        }
    assert len(store.groups()) == len(flights.metadata.tables)


def test_a_store_that_the_demo_made_is_stamped_and_goes_on_from_there(tmp_path: Path) -> None:
    url = f"fsql:///{tmp_path}/store"
    store = fsql.FeatureStore(url)
    for group in flights.metadata.tables.values():
        store.create(group)  # type: ignore[arg-type]
    command.stamp(config(url), "head")
    command.check(config(url))
    upgrade(url)
    assert len(store.groups()) == len(flights.metadata.tables)


def only(store: fsql.FeatureStore, sql: str) -> list[object]:
    rows: list[object] = fsql.read_arrow(sql, store.engine)["x"].to_pylist()
    return rows


def test_what_was_written_later_is_back_after_down_and_up(
    tmp_path: Path, year: dict[str, pa.Table]
) -> None:
    """Gusts, dropped on the way down, and an airport that only v0002 had."""
    url = f"fsql:///{tmp_path}/store"
    store = fsql.FeatureStore(url)
    upgrade(url, ids()[0])
    some = month(year)
    for name, rows in some.items():
        store.write(name, rows)
    upgrade(url)
    frame = next(f for group, f in flights.frames() if group.name == WEATHER)
    gusty = frame[frame["wind"].map(lambda w: w["gust"] is not None)][:50]
    store.write(WEATHER, gusty, mode="upsert")
    gusts = f"SELECT wind.gust AS x FROM {WEATHER} WHERE wind.gust IS NOT NULL ORDER BY 1"
    before = only(store, gusts)
    assert len(before) == len(gusty)
    store.write(NESTED_AIRPORT, pa.table({"faa": ["XXX"], "name": ["New"], "location": [PLACE_OF]}))
    downgrade(url, ids()[0])
    assert only(store, f"SELECT count(*) AS x FROM {AIRPORT}") == [len(some[AIRPORT])]
    upgrade(url)
    assert only(store, gusts) == before
    count = f"SELECT count(*) AS x FROM {NESTED_AIRPORT}"
    assert only(store, count) == [len(some[AIRPORT]) + 1]
    assert only(store, f"SELECT name AS x FROM {NESTED_AIRPORT} WHERE faa = 'XXX'") == ["New"]


PLACE_OF = {"lat": 1.0, "lon": 2.0, "alt": 3, "zone": {"name": "UTC", "utc_offset": 0, "dst": "N"}}


def test_values_that_do_not_fit_stop_the_way_down(
    tmp_path: Path, year: dict[str, pa.Table]
) -> None:
    url = f"fsql:///{tmp_path}/store"
    store = fsql.FeatureStore(url)
    upgrade(url)
    row = departure(year[DEPARTURE], DROPPED)[:1]
    position = row.schema.get_field_index("distance")
    store.write(DEPARTURE, row.set_column(position, "distance", pa.array([2**40])))
    with pytest.raises(fsql.errors.MigrationError, match=r"distance.*1 row does not fit"):
        downgrade(url, ids()[0])
    assert only(store, f"SELECT distance AS x FROM {DEPARTURE}") == [2**40]
    with store.engine.connect() as connection:
        connection.execute(sa.text(f"DELETE FROM {DEPARTURE} WHERE distance = {2**40}"))
    downgrade(url, ids()[0])
    upgrade(url)
    assert only(store, f"SELECT count(*) AS x FROM {DEPARTURE}") == [0]


def test_the_commands_that_only_look(tmp_path: Path) -> None:
    url = f"fsql:///{tmp_path}/store"
    upgrade(url)
    assert f"{ids()[-1]} (head)" in alembic(url, "history")
    assert f"{ids()[-1]} (head)" in alembic(url, "current")
    assert "No new upgrade operations" in alembic(url, "check")
