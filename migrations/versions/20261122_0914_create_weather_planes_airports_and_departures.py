"""Create weather, planes, airports and departures

Revision ID: 3d2f6c0a91be
Revises:
Create Date: 2026-11-22 09:14:03
"""

import sqlalchemy as sa
from alembic import op

from fsql.types import Struct, Timestamp

revision = "3d2f6c0a91be"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_feature_group(
        "nyc_flights_weather_v0001",
        sa.Column("origin", sa.String()),
        sa.Column("time_hour", Timestamp("us", "UTC")),
        sa.Column("temp", sa.Double(), comment="degrees Fahrenheit"),
        sa.Column("dewp", sa.Double(), comment="degrees Fahrenheit"),
        sa.Column("humid", sa.Double(), comment="relative humidity, percent"),
        sa.Column("wind", Struct(direction=sa.Double(), speed=sa.Double()), comment="degrees, mph"),
        sa.Column("precip", sa.Double(), comment="inches"),
        sa.Column("pressure", sa.Double(), comment="millibars"),
        sa.Column("visib", sa.Double(), comment="miles"),
        keys=["origin"],
        event_time="time_hour",
        description="Hourly weather at New York's three airports, 2013",
    )
    op.create_feature_group(
        "nyc_flights_plane_v0001",
        sa.Column("tailnum", sa.String()),
        sa.Column("year", sa.Integer(), comment="year of manufacture"),
        sa.Column("type", sa.String()),
        sa.Column("manufacturer", sa.String()),
        sa.Column("model", sa.String()),
        sa.Column("engines", sa.Integer()),
        sa.Column("seats", sa.Integer()),
        sa.Column("speed", sa.Double(), comment="cruising speed, mph"),
        sa.Column("engine", sa.String()),
        keys=["tailnum"],
        description="Planes by tail number",
    )
    op.create_feature_group(
        "nyc_flights_airport_v0001",
        sa.Column("faa", sa.String()),
        sa.Column("name", sa.String()),
        sa.Column("lat", sa.Double(), comment="degrees"),
        sa.Column("lon", sa.Double(), comment="degrees"),
        sa.Column("alt", sa.Integer(), comment="feet"),
        sa.Column("tz", sa.Integer(), comment="hours from UTC"),
        sa.Column("dst", sa.String()),
        sa.Column("tzone", sa.String()),
        keys=["faa"],
        table_format="hive",
        description="Airports of the United States by FAA code",
    )
    op.create_feature_group(
        "nyc_flights_departure_v0001",
        sa.Column("carrier", sa.String()),
        sa.Column("flight", sa.Integer()),
        sa.Column("origin", sa.String()),
        sa.Column("tailnum", sa.String(), comment="'unknown' where no plane was assigned"),
        sa.Column("scheduled", Timestamp("us", "America/New_York"), comment="scheduled departure"),
        sa.Column("dest", sa.String()),
        sa.Column("distance", sa.Integer(), comment="miles"),
        sa.Column("air_time", sa.REAL(), comment="minutes"),
        sa.Column("dep_delay", sa.Double(), comment="minutes; NULL for cancelled flights"),
        sa.Column(
            "arr_delay", sa.Double(), comment="minutes; NULL where it did not arrive as planned"
        ),
        keys=["carrier", "flight", "origin", "tailnum"],
        event_time="scheduled",
        description="Flights that departed New York in 2013, by plan",
    )


def downgrade() -> None:
    op.drop_feature_group("nyc_flights_departure_v0001")
    op.drop_feature_group("nyc_flights_airport_v0001")
    op.drop_feature_group("nyc_flights_plane_v0001")
    op.drop_feature_group("nyc_flights_weather_v0001")
