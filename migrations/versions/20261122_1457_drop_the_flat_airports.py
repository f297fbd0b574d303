"""Drop the flat airports

Its files are kept until `fsql migrate purge`, and a downgrade has its rows again.

Revision ID: 9c37e5d2b06f
Revises: 5b9d4e1c7720
Create Date: 2026-11-22 14:57:41
"""

import sqlalchemy as sa
from alembic import op

revision = "9c37e5d2b06f"
down_revision = "5b9d4e1c7720"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_feature_group("nyc_flights_airport_v0001")


def downgrade() -> None:
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
