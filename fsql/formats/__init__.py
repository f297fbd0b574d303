"""How feature groups lie on S3: files, snapshots, commits and scans."""

from __future__ import annotations

from fsql.formats.iceberg import Append, Committed, create, describe_group, drop
from fsql.formats.scan import CannotScan, FileScan, scan
from fsql.formats.snapshots import Totals, row_count, totals

__all__ = [
    "Append",
    "CannotScan",
    "Committed",
    "FileScan",
    "Totals",
    "create",
    "describe_group",
    "drop",
    "row_count",
    "scan",
    "totals",
]
