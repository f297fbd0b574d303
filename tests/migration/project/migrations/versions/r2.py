"""Change the Iceberg group in every way that keeps its values."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "r2"
down_revision = "r1"

ICE = "life_kill_ice_v0001"


def upgrade() -> None:
    op.add_column(ICE, sa.Column("wind.gust", sa.Double()))
    op.add_column(ICE, sa.Column("seen.element.b", sa.String()))
    op.add_column(ICE, sa.Column("level", sa.Integer()), default=5)
    op.rename_column(ICE, "n", "number")
    op.rename_column(ICE, "wind.dir", "direction")
    op.move_column(ICE, "level", after="k")
    op.alter_column(ICE, "number", type_=sa.BigInteger(), comment="how many")
    op.alter_column(ICE, "ratio", type_=sa.Double())
    op.alter_feature_group(ICE, ttl=dt.timedelta(days=3), tags={"team": "harbour"})
    op.set_partitioning(ICE, ["day(t)"])


def downgrade() -> None:
    op.set_partitioning(ICE, [])
    op.alter_feature_group(ICE, ttl=None, tags={})
    op.alter_column(ICE, "ratio", type_=sa.REAL())
    op.alter_column(ICE, "number", type_=sa.Integer(), comment=None)
    op.move_column(ICE, "level", after="seen")
    op.rename_column(ICE, "wind.direction", "dir")
    op.rename_column(ICE, "number", "n")
    op.drop_column(ICE, "level")
    op.drop_column(ICE, "seen.element.b")
    op.drop_column(ICE, "wind.gust")
