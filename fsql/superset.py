"""Apache Superset's engine spec of ``fsql://``; Superset finds it by its entry point.

The module stands alone, as Superset alone imports it. Superset 6.1 is the newest that it was tried
with. It pins SQLAlchemy 1.4, and fsql needs 2.0, so both can live in one environment only when
a Superset comes that takes 2.0.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import types
from superset.db_engine_specs.athena import AthenaEngineSpec
from superset.db_engine_specs.presto import PrestoBaseEngineSpec

__all__ = ["FsqlEngineSpec"]


class FsqlEngineSpec(AthenaEngineSpec):  # type: ignore[misc]  # Superset is in no environment of ours
    """Athena's spec with all of Trino's time grains, and times to the microsecond."""

    engine = "fsql"
    engine_name = "fsql"
    default_driver = "athena"
    drivers: ClassVar[dict[str, str]] = {"athena": "fsql's driver"}
    sqlalchemy_uri_placeholder = "fsql:////path/to/store"

    _time_grain_expressions = PrestoBaseEngineSpec._time_grain_expressions

    metadata: ClassVar[dict[str, Any]] = {
        **AthenaEngineSpec.metadata,
        "description": "A feature store spoken to in SQL, on Amazon Athena or in a folder.",
        "pypi_packages": ["fsql"],
        "connection_string": "fsql:////path/to/store",
        "drivers": [],
    }

    @classmethod
    def convert_dttm(
        cls, target_type: str, dttm: dt.datetime, db_extra: dict[str, Any] | None = None
    ) -> str | None:
        """A time as a literal of a column's type; a feature group's have microseconds."""
        type_ = cls.get_sqla_column_type(target_type)
        if isinstance(type_, types.Date):
            return f"DATE '{dttm.date().isoformat()}'"
        if isinstance(type_, types.TIMESTAMP):
            return f"TIMESTAMP '{dttm.isoformat(sep=' ', timespec='microseconds')}'"
        return None

    @classmethod
    def epoch_ms_to_dttm(cls) -> str:
        """Milliseconds since 1970; Superset's would divide whole numbers and lose them."""
        return "from_unixtime({col} / 1E3)"
