"""Widen distances and minutes in the air

Revision ID: 1e94b3a7d5f0
Revises: c06b1f7e5a28
Create Date: 2026-11-22 10:40:55
"""

import sqlalchemy as sa
from alembic import op

revision = "1e94b3a7d5f0"
down_revision = "c06b1f7e5a28"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("nyc_flights_departure_v0001", "distance", type_=sa.BigInteger())
    op.alter_column("nyc_flights_departure_v0001", "air_time", type_=sa.Double())


def downgrade() -> None:
    op.alter_column("nyc_flights_departure_v0001", "air_time", type_=sa.REAL())
    op.alter_column("nyc_flights_departure_v0001", "distance", type_=sa.Integer())
