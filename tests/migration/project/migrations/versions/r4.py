"""Fill a new version of the Hive-style group, drop the old group and make another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fsql.types import Timestamp

revision = "r4"
down_revision = "r3"

SELECT = "SELECT k, t, CAST(v AS bigint) AS value FROM life_kill_hive_v0001"


def upgrade() -> None:
    op.new_version(
        "life_kill_hive_v0002",
        sa.Column("k", sa.BigInteger()),
        sa.Column("t", Timestamp("ms")),
        sa.Column("value", sa.BigInteger()),
        keys=["k"],
        event_time="t",
        partition_by=["day(t)"],
        table_format="hive",
    )
    op.backfill("life_kill_hive_v0002", SELECT)
    op.release("life_kill_hive_v0002")
    op.drop_feature_group("life_kill_old_v0001")
    op.create_feature_group(
        "life_kill_new_v0001",
        sa.Column("k", sa.BigInteger()),
        keys=["k"],
        online=True,
    )


def downgrade() -> None:
    op.drop_feature_group("life_kill_new_v0001")
    op.create_feature_group(
        "life_kill_old_v0001",
        sa.Column("k", sa.BigInteger()),
        sa.Column("s", sa.String()),
        keys=["k"],
    )
    op.release("life_kill_hive_v0001")
    op.drop_feature_group("life_kill_hive_v0002")
