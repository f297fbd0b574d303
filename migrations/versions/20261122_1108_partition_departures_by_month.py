"""Partition departures by month

Files that are there stay as they are; what is written from now on is partitioned.

Revision ID: f7a20c88e613
Revises: 1e94b3a7d5f0
Create Date: 2026-11-22 11:08:12
"""

from alembic import op

revision = "f7a20c88e613"
down_revision = "1e94b3a7d5f0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.set_partitioning("nyc_flights_departure_v0001", ["month(sched_dep)"])


def downgrade() -> None:
    op.set_partitioning("nyc_flights_departure_v0001", [])
