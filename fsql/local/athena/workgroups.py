"""Athena's work groups, of which there is one: ``primary``."""

from __future__ import annotations

import time
from typing import Any

from fsql.local.athena.history import ENGINE
from fsql.local.store import Store
from fsql.local.wire import REGION, AwsError

__all__ = ["PRIMARY", "WorkGroups"]

PRIMARY = "primary"
STAGING_BUCKET = "fsql-local"
"""Where results go that a request gives no place for."""

Json = dict[str, Any]


class WorkGroups:
    """GetWorkGroup and ListWorkGroups; results without a location lie in a bucket of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._created = time.time()

    def require(self, name: str) -> str:
        """The work group's name; AwsError if there is none of that name."""
        if name != PRIMARY:
            raise AwsError(
                "InvalidRequestException",
                f"WorkGroup {name} is not found. The embedded Athena has the work group 'primary'.",
                extra={"AthenaErrorCode": "INVALID_INPUT"},
            )
        return name

    def output_location(self) -> str:
        """The default place of results; its bucket is made at the first use."""
        if not (self._store.buckets / STAGING_BUCKET).is_dir():
            with self._store.write() as db:
                (self._store.buckets / STAGING_BUCKET).mkdir(exist_ok=True)
                row = (STAGING_BUCKET, time.time(), REGION)
                db.execute("INSERT OR IGNORE INTO s3_bucket VALUES (?, ?, ?)", row)
        return f"s3://{STAGING_BUCKET}/athena/"

    def get(self, request: Json) -> Json:
        """Answer GetWorkGroup."""
        name = self.require(request["WorkGroup"])
        return {
            "WorkGroup": {
                "Name": name,
                "State": "ENABLED",
                "CreationTime": self._created,
                "Configuration": {
                    "ResultConfiguration": {"OutputLocation": self.output_location()},
                    "EnforceWorkGroupConfiguration": False,
                    "PublishCloudWatchMetricsEnabled": False,
                    "RequesterPaysEnabled": False,
                    "EngineVersion": ENGINE,
                },
            }
        }

    def list(self, request: Json) -> Json:
        """Answer ListWorkGroups."""
        summary = {"Name": PRIMARY, "State": "ENABLED", "CreationTime": self._created}
        return {"WorkGroups": [{**summary, "EngineVersion": ENGINE}]}
