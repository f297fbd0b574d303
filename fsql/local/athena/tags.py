"""Tags of Athena's work groups and data catalogs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from fsql.local.paging import decode_token, page
from fsql.local.statements.failures import invalid_request
from fsql.local.store import Store
from fsql.local.wire import ACCOUNT, REGION, AwsError

__all__ = ["Tags", "arn"]

Json = dict[str, Any]
_PAGE = 75
_MOST = 50  # https://docs.aws.amazon.com/athena/latest/ug/tags.html


def arn(kind: str, name: str) -> str:
    """The ARN of a ``workgroup`` or a ``datacatalog``."""
    return f"arn:aws:athena:{REGION}:{ACCOUNT}:{kind}/{name}"


class Tags:
    """TagResource, UntagResource and ListTagsForResource.

    Attributes:
        known: for each kind of resource, whether there is one of a name.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.known: dict[str, Callable[[str], bool]] = {}

    def add(self, request: Json) -> Json:
        """Answer TagResource."""
        resource = self._require(request["ResourceARN"])
        with self._store.write() as db:
            self.put(db, resource, request["Tags"])
        return {}

    def remove(self, request: Json) -> Json:
        """Answer UntagResource."""
        resource = self._require(request["ResourceARN"])
        with self._store.write() as db:
            db.executemany(
                "DELETE FROM athena_tag WHERE arn = ? AND name = ?",
                [(resource, name) for name in request["TagKeys"]],
            )
        return {}

    def list(self, request: Json) -> Json:
        """Answer ListTagsForResource, in the order of keys."""
        resource = self._require(request["ResourceARN"])
        after = decode_token(request.get("NextToken"), "InvalidRequestException") or ""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT name, value FROM athena_tag WHERE arn = ? AND name > ? ORDER BY name",
                (resource, after),
            ).fetchall()
        listed, token = page(rows, request.get("MaxResults") or _PAGE, key=lambda row: row[0])
        return {"Tags": [{"Key": name, "Value": value} for name, value in listed], **token}

    def put(self, db: sqlite3.Connection, resource: str, tags: Sequence[Json]) -> None:
        """Set tags of a resource; AwsError for more than it may have."""
        rows = [(resource, tag["Key"], tag.get("Value", "")) for tag in tags]
        db.executemany("INSERT OR REPLACE INTO athena_tag VALUES (?, ?, ?)", rows)
        found = db.execute("SELECT count(*) FROM athena_tag WHERE arn = ?", (resource,))
        if found.fetchone()[0] > _MOST:
            raise invalid_request(f"{resource} can have {_MOST} tags, not more.")

    def drop(self, db: sqlite3.Connection, resource: str) -> None:
        """Forget all tags of a resource that is gone."""
        db.execute("DELETE FROM athena_tag WHERE arn = ?", (resource,))

    def _require(self, resource: str) -> str:
        """The ARN in the words of this store; AwsError if there is nothing of that name."""
        kind, _, name = resource.split(":", 5)[-1].partition("/")
        exists = self.known.get(kind)
        if not resource.startswith("arn:") or exists is None or not exists(name):
            raise AwsError(
                "ResourceNotFoundException",
                f"Resource {resource} was not found; a work group or a data catalog has tags.",
                extra={"ResourceName": resource},
            )
        return arn(kind, name)
