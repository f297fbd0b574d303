"""PyAthena's own cursors on the same boto3 session as fsql's."""

from __future__ import annotations

from typing import Any

import pyathena
from pyathena.arrow.cursor import ArrowCursor
from pyathena.arrow.result_set import AthenaArrowResultSetMetadataReader
from pyathena.pandas.cursor import PandasCursor

from fsql.aws import Aws


def connect(aws: Aws, **options: Any) -> Any:
    """PyAthena's connection; polling as often as fsql does at first, not once a second."""
    return pyathena.connect(**{**aws.connect_args, "poll_interval": 0.002, **options})


def pandas_cursor(aws: Aws) -> Any:
    """A cursor that reads CSV results with pandas."""
    return connect(aws).cursor(PandasCursor)


def arrow_cursor(aws: Aws, *, unload: bool) -> Any:
    """A cursor that reads results with pyarrow, whose S3 client is given the store's files."""
    hook = "_create_s3_file_system"
    setattr(AthenaArrowResultSetMetadataReader, hook, lambda self: aws.filesystem)
    return connect(aws).cursor(ArrowCursor, unload=unload)
