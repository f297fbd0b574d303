"""`fsql.dbapi` by PEP 249: Stuart Bishop's compliance tests, and what they leave out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import dbapi20
import pytest

from fsql import dbapi


class TestCompliance(dbapi20.DatabaseAPI20Test):  # type: ignore[misc]  # untyped
    """Every test of `dbapi-compliance`, on an embedded store."""

    driver: ClassVar[Any] = dbapi
    location = "LOCATION 's3://fsql-local/warehouse/feature_store/{}/'"
    iceberg = "TBLPROPERTIES ('table_type' = 'ICEBERG')"
    ddl1 = f"CREATE TABLE dbapi20test_booze (name string) {location.format('booze')} {iceberg}"
    ddl2 = (
        "CREATE TABLE dbapi20test_barflys (name string, drink string)"
        f" {location.format('barflys')} {iceberg}"
    )

    @pytest.fixture(autouse=True)
    def store(self, tmp_path: Path) -> None:
        self.connect_args = (f"fsql:///{tmp_path}",)

    def test_non_idempotent_close(self) -> None:
        """Optional: "reasonable persons differ"; closing twice is closing, as in PyAthena."""
        connection = self._connect()
        connection.close()
        connection.close()

    def test_nextset(self) -> None:
        """Optional: Athena has no statement with two results."""
        with self._connect() as connection, connection.cursor() as cursor:
            assert not hasattr(cursor, "nextset")

    def test_setoutputsize(self) -> None:
        """May do nothing, and does."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.setoutputsize(10, 0)
            assert cursor.execute("SELECT 'longer than that'").fetchall() == [("longer than that",)]
