"""Where Alembic comes in: the flights' feature groups, and the store of ``$FSQL_URL``."""

import fsql.migration
from fsql.samples.flights import metadata

fsql.migration.run(metadata)
