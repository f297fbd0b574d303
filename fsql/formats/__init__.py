"""How feature groups lie on S3: files, snapshots, commits and scans."""

from __future__ import annotations

from fsql.formats.iceberg import create, describe_group, drop
from fsql.formats.replacing import everything, nothing, touched_partitions
from fsql.formats.scan import CannotScan, FileScan, scan
from fsql.formats.sizes import bytes_of
from fsql.formats.snapshots import Totals, row_count, totals
from fsql.formats.stage import stage
from fsql.formats.table_write import Committed, TableWrite, written_by

__all__ = [
    "CannotScan",
    "Committed",
    "FileScan",
    "TableWrite",
    "Totals",
    "bytes_of",
    "create",
    "describe_group",
    "drop",
    "everything",
    "nothing",
    "row_count",
    "scan",
    "stage",
    "totals",
    "touched_partitions",
    "written_by",
]
