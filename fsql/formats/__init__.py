"""How feature groups lie on S3: files, snapshots, commits and scans."""

from __future__ import annotations

from fsql.formats.beside import create_beside
from fsql.formats.commits import mark
from fsql.formats.erasing import check_forgettable, forget, remove_rows
from fsql.formats.forgetting import Forgotten
from fsql.formats.removing import Removed
from fsql.formats.scan import CannotScan, FileScan, scan
from fsql.formats.sizes import bytes_of
from fsql.formats.snapshots import Totals
from fsql.formats.stage import stage, stage_name
from fsql.formats.table_write import Committed
from fsql.formats.tables import create, describe_group, drop, row_count, state_of, totals, version
from fsql.formats.writes import Replacing, Write, open_write, written_by

__all__ = [
    "CannotScan",
    "Committed",
    "FileScan",
    "Forgotten",
    "Removed",
    "Replacing",
    "Totals",
    "Write",
    "bytes_of",
    "check_forgettable",
    "create",
    "create_beside",
    "describe_group",
    "drop",
    "forget",
    "mark",
    "open_write",
    "remove_rows",
    "row_count",
    "scan",
    "stage",
    "stage_name",
    "state_of",
    "totals",
    "version",
    "written_by",
]
