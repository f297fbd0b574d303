from __future__ import annotations

import datetime
from datetime import UTC

from tests.local.trino_sql import run


def test_now_is_now_in_utc() -> None:
    shown = run("SELECT CAST(localtimestamp AS varchar)").value
    now = datetime.datetime.fromisoformat(shown)
    assert abs(now - datetime.datetime.now(UTC).replace(tzinfo=None)).total_seconds() < 60
