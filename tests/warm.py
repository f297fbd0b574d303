"""What every process of the tests needs, imported and read before it is forked; see `programs`."""

from __future__ import annotations

import fsql.store
from fsql.local import isolated_session

__all__ = ["fsql"]

for _service in ("s3", "glue", "athena"):
    isolated_session().client(_service)  # reads what botocore knows of it
