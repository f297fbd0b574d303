"""What Alembic runs for `fsql migrate --models`, where the project has no env.py of its own."""

from __future__ import annotations

from alembic import context

import fsql.migration

fsql.migration.run(context.config.attributes["metadata"])
