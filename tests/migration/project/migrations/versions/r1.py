"""Create an Iceberg group, a Hive-style one and one that is to go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fsql.types import Array, Struct, Timestamp

revision = "r1"
down_revision = None


def upgrade() -> None:
    op.create_feature_group(
        "life_kill_ice_v0001",
        sa.Column("k", sa.BigInteger()),
        sa.Column("t", Timestamp("ms")),
        sa.Column("n", sa.Integer()),
        sa.Column("ratio", sa.REAL()),
        sa.Column("note", sa.String()),
        sa.Column("wind", Struct(dir=sa.Double(), speed=sa.Integer())),
        sa.Column("seen", Array(Struct(a=sa.Integer()))),
        keys=["k"],
        event_time="t",
    )
    op.create_feature_group(
        "life_kill_hive_v0001",
        sa.Column("k", sa.BigInteger()),
        sa.Column("t", Timestamp("ms")),
        sa.Column("v", sa.Integer()),
        keys=["k"],
        event_time="t",
        partition_by=["day(t)"],
        table_format="hive",
    )
    op.create_feature_group(
        "life_kill_old_v0001",
        sa.Column("k", sa.BigInteger()),
        sa.Column("s", sa.String()),
        keys=["k"],
    )


def downgrade() -> None:
    op.drop_feature_group("life_kill_old_v0001")
    op.drop_feature_group("life_kill_hive_v0001")
    op.drop_feature_group("life_kill_ice_v0001")
