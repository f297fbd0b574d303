"""The feature groups of the flights sample."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Double, Integer, String

from fsql.model import FeatureGroup
from fsql.types import Struct, Timestamp

__all__ = ["NEW_YORK", "airport", "departure", "metadata", "plane", "weather"]

NEW_YORK = "America/New_York"

metadata = sa.MetaData()

weather = FeatureGroup(
    "nyc",
    "flights",
    "weather",
    "v0001",
    metadata,
    Column("origin", String),
    Column("time_hour", Timestamp("us", "UTC")),
    Column("temp", Double, comment="degrees Fahrenheit"),
    Column("dewp", Double, comment="degrees Fahrenheit"),
    Column("humid", Double, comment="relative humidity, percent"),
    Column("wind", Struct(dir=Double, speed=Double, gust=Double), comment="degrees, mph, mph"),
    Column("precip", Double, comment="inches"),
    Column("pressure", Double, comment="millibars"),
    Column("visib", Double, comment="miles"),
    keys=["origin"],
    event_time="time_hour",
    description="Hourly weather at New York's three airports, 2013",
)

plane = FeatureGroup(
    "nyc",
    "flights",
    "plane",
    "v0001",
    metadata,
    Column("tailnum", String),
    Column("year", Integer, comment="year of manufacture"),
    Column("type", String),
    Column("manufacturer", String),
    Column("model", String),
    Column("engines", Integer),
    Column("seats", Integer),
    Column("speed", Double, comment="cruising speed, mph"),
    Column("engine", String),
    keys=["tailnum"],
    event_time=None,
    description="Planes by tail number",
)

airport = FeatureGroup(
    "nyc",
    "flights",
    "airport",
    "v0002",  # of which migrations/ tells
    metadata,
    Column("faa", String),
    Column("name", String),
    Column(
        "location",
        Struct(
            lat=Double,
            lon=Double,
            alt=Integer,
            zone=Struct(name=String, utc_offset=Integer, dst=String),
        ),
        comment="degrees, degrees, feet",
    ),
    keys=["faa"],
    event_time=None,
    description="Airports of the United States by FAA code",
)

departure = FeatureGroup(
    "nyc",
    "flights",
    "departure",
    "v0001",
    metadata,
    Column("carrier", String),
    Column("flight", Integer),
    Column("origin", String),
    Column("tailnum", String, comment="'unknown' where no plane was assigned"),
    Column("sched_dep", Timestamp("us", NEW_YORK), comment="scheduled departure"),
    Column("dest", String),
    Column("distance", BigInteger, comment="miles"),
    Column("air_time", Double, comment="minutes"),
    Column("dep_delay", Double, comment="minutes; NULL for cancelled flights"),
    Column("arr_delay", Double, comment="minutes; NULL where it did not arrive as planned"),
    keys=["carrier", "flight", "origin", "tailnum"],
    event_time="sched_dep",
    partition_by=["month(sched_dep)"],
    description="Flights that departed New York in 2013, by plan",
)
