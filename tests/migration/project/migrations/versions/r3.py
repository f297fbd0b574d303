"""Drop a column, change what a Hive-style group can bear, and run a statement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r3"
down_revision = "r2"

ICE, HIVE = "life_kill_ice_v0001", "life_kill_hive_v0001"


def upgrade() -> None:
    op.drop_column(ICE, "note")
    op.add_column(HIVE, sa.Column("more", sa.String()))
    op.alter_column(HIVE, "v", comment="a value")
    op.execute(f"INSERT INTO {ICE} (k, t, number) VALUES (99, TIMESTAMP '2024-01-09', 99)")


def downgrade() -> None:
    op.execute(f"DELETE FROM {ICE} WHERE k = 99")
    op.alter_column(HIVE, "v", comment=None)
    op.drop_column(HIVE, "more")
    op.add_column(ICE, sa.Column("note", sa.String()))
    op.move_column(ICE, "note", after="ratio")
