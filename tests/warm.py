"""What every process of the tests needs, imported and read before it is forked; see `programs`."""

from __future__ import annotations

import botocore.session
import duckdb
import pytest
from alembic import command

import fsql.local.athena.service
import fsql.local.runner
import fsql.migration.runtime.environment
import fsql.store
from fsql.local import isolated_session
from fsql.local.models import models

__all__ = ["command", "duckdb", "fsql"]

# Sessions of other endpoints would each read it again, in each process.
pytest.MonkeyPatch().setattr(botocore.session, "create_loader", lambda paths=None: models())
for _service in ("s3", "glue", "athena"):
    isolated_session().client(_service)  # reads what botocore knows of it
