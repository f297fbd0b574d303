"""Add gusts to the wind

Revision ID: 8a51c7d90e44
Revises: 3d2f6c0a91be
Create Date: 2026-11-22 09:31:47
"""

import sqlalchemy as sa
from alembic import op

revision = "8a51c7d90e44"
down_revision = "3d2f6c0a91be"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("nyc_flights_weather_v0001", sa.Column("wind.gust", sa.Double()))
    op.alter_column("nyc_flights_weather_v0001", "wind", comment="degrees, mph, mph")


def downgrade() -> None:
    op.alter_column("nyc_flights_weather_v0001", "wind", comment="degrees, mph")
    op.drop_column("nyc_flights_weather_v0001", "wind.gust")
