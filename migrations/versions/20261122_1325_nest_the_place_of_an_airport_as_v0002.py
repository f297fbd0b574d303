"""Nest the place of an airport, as v0002

Columns of Parquet files cannot be moved into a struct, so there is a new version, filled from the
old one; the view without the version moves to it at the end.

Revision ID: 5b9d4e1c7720
Revises: f7a20c88e613
Create Date: 2026-11-22 13:25:30
"""

import sqlalchemy as sa
from alembic import op

from fsql.types import Struct

revision = "5b9d4e1c7720"
down_revision = "f7a20c88e613"
branch_labels = None
depends_on = None

NESTED = """
SELECT faa, name, CAST(ROW(lat, lon, alt, ROW(tzone, tz, dst)) AS ROW(
    lat double, lon double, alt integer,
    zone ROW(name varchar, utc_offset integer, dst varchar)
)) AS location
FROM nyc_flights_airport_v0001
"""


def upgrade() -> None:
    op.new_version(
        "nyc_flights_airport_v0002",
        sa.Column("faa", sa.String()),
        sa.Column("name", sa.String()),
        sa.Column(
            "location",
            Struct(
                lat=sa.Double(),
                lon=sa.Double(),
                alt=sa.Integer(),
                zone=Struct(name=sa.String(), utc_offset=sa.Integer(), dst=sa.String()),
            ),
            comment="degrees, degrees, feet",
        ),
        keys=["faa"],
        description="Airports of the United States by FAA code",
    )
    op.backfill("nyc_flights_airport_v0002", NESTED)
    op.release("nyc_flights_airport_v0002")


def downgrade() -> None:
    op.release("nyc_flights_airport_v0001")
    op.drop_feature_group("nyc_flights_airport_v0002")
