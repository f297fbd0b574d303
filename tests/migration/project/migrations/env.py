"""Where Alembic comes in; the groups are declared by the revisions alone."""

import sqlalchemy as sa

import fsql.migration

fsql.migration.run(sa.MetaData())
