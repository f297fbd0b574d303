"""Made-up relations for the tests of `fsql.analysis`, with types of every kind."""

from __future__ import annotations

import pyarrow as pa

from fsql.analysis import Relation

DATABASE = "feature_store"
NEW_YORK = "America/New_York"

WEATHER = pa.schema(
    [
        pa.field("origin", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("time_hour", pa.timestamp("ms", NEW_YORK), nullable=False),
        pa.field("temp", pa.float32()),
        pa.field(
            "wind",
            pa.struct([("dir", pa.uint16()), ("Speed", pa.float64()), ("gust", pa.float64())]),
        ),
        pa.field("precip", pa.float64(), metadata={b"unit": b"inch"}),
        pa.field("humid", pa.uint8()),
    ]
)
DEPARTURE = pa.schema(
    [
        ("carrier", pa.dictionary(pa.int8(), pa.string())),
        ("flight", pa.uint16()),
        ("origin", pa.string()),
        ("tailnum", pa.large_string()),
        ("sched", pa.timestamp("ms", NEW_YORK)),
        ("dep_delay", pa.int16()),
        ("distance", pa.uint64()),
        ("air_time", pa.duration("s")),
        ("cancelled", pa.bool_()),
        ("fare", pa.decimal128(9, 2)),
        ("date", pa.date32()),
    ]
)
PLANE = pa.schema(
    [
        ("tailnum", pa.large_string()),
        ("seats", pa.int64()),
        ("engines", pa.list_(pa.struct([("Kind", pa.string()), ("hp", pa.uint32())]))),
        ("tags", pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        ("axes", pa.list_(pa.float32(), 3)),
        ("sensors", pa.map_(pa.string(), pa.timestamp("s", "UTC"))),
        ("maintained", pa.list_(pa.timestamp("s"))),
    ]
)
CODES = pa.schema([("iata", pa.string()), ("since", pa.timestamp("us")), ("n", pa.int32())])


def _columns(schema: pa.Schema) -> dict[str, pa.Field]:
    return {field.name.lower(): field for field in schema}


SCHEMAS = {"weather": WEATHER, "departure": DEPARTURE, "plane": PLANE, "codes": CODES}
RELATIONS = {
    (DATABASE, "weather"): Relation(_columns(WEATHER), exact=True, rows=26_115),
    (DATABASE, "departure"): Relation(_columns(DEPARTURE), exact=True, rows=336_776),
    (DATABASE, "plane"): Relation(_columns(PLANE), exact=True),
    ("other", "weather"): Relation(_columns(PLANE), exact=True),
    (DATABASE, "codes"): Relation(_columns(CODES), exact=False, rows=10),
    (DATABASE, "weather_now"): Relation(
        _columns(WEATHER), exact=False, query="SELECT * FROM weather", database=DATABASE
    ),
    ("other", "windy"): Relation(
        {"at": WEATHER.field("time_hour"), "speed": pa.field("speed", pa.float64())},
        exact=False,
        query="SELECT time_hour AS at, wind.speed FROM weather_now WHERE wind.speed > 20",
        database=DATABASE,
    ),
    (DATABASE, "stale"): Relation(
        {"origin": pa.field("origin", pa.string())},
        exact=False,
        query="SELECT * FROM weather",
        database=DATABASE,
    ),
    (DATABASE, "ring"): Relation({}, exact=False, query="SELECT * FROM ring", database=DATABASE),
    (DATABASE, "broken"): Relation({}, exact=False, query="SELEC 1", database=DATABASE),
}


def lookup(database: str | None, table: str) -> Relation | None:
    """The catalog of these relations."""
    assert database is not None
    return RELATIONS.get((database, table))


def field_at(path: str) -> pa.Field:
    """The exact field of ``weather.wind.speed`` or ``plane.tags.element``."""
    table, column, *inside = path.split(".")
    field = {field.name.lower(): field for field in SCHEMAS[table]}[column]
    for name in inside:
        parts = {"element": "value_field", "key": "key_field", "value": "item_field"}
        if name in parts and not pa.types.is_struct(field.type):
            field = getattr(field.type, parts[name])
        else:
            field = next(child for child in field.type if child.name.lower() == name)
    return field
