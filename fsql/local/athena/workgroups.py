"""Athena's work groups: where results lie, what a query may read, whether queries run at all.

https://docs.aws.amazon.com/athena/latest/ug/workgroups.html
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from fsql.local.athena.configurations import ENGINES, checked, engine, updated
from fsql.local.athena.tags import Tags, arn
from fsql.local.objects import Objects
from fsql.local.paging import decode_token, page
from fsql.local.statements.failures import invalid_request
from fsql.local.store import Store

__all__ = ["PRIMARY", "WorkGroup", "WorkGroups"]

PRIMARY = "primary"
STAGING_BUCKET = "fsql-local"
"""Where results go that a request gives no place for."""

Json = dict[str, Any]
_NAME = re.compile(r"[a-zA-Z0-9._-]{1,128}")
_PAGE = 50
_CONTENTS = ("athena_named_query", "athena_prepared_statement", "athena_query")


class WorkGroup:
    """One work group as the catalog holds it."""

    def __init__(self, body: Json) -> None:
        self.body = body

    @property
    def name(self) -> str:
        return str(self.body["Name"])

    @property
    def enabled(self) -> bool:
        """Whether its queries run."""
        return bool(self.body["State"] == "ENABLED")

    @property
    def enforced(self) -> bool:
        """Whether its settings count, not those of the request."""
        return bool(self.body["Configuration"]["EnforceWorkGroupConfiguration"])

    @property
    def output(self) -> str | None:
        """Where results go that the request gives no place for."""
        found: str | None = self.body["Configuration"]["ResultConfiguration"].get("OutputLocation")
        return found

    @property
    def cutoff(self) -> int | None:
        """The bytes that a query may read; None for any number."""
        found: int | None = self.body["Configuration"].get("BytesScannedCutoffPerQuery")
        return found

    @property
    def summary(self) -> Json:
        """Its line in a listing."""
        kept = ("Name", "State", "Description", "CreationTime")
        found = {key: self.body[key] for key in kept if key in self.body}
        return {**found, "EngineVersion": self.body["Configuration"]["EngineVersion"]}


class WorkGroups:
    """The operations on work groups; ``primary`` is always there and has a place for results."""

    def __init__(self, store: Store, objects: Objects, tags: Tags) -> None:
        self._store = store
        self._objects = objects
        self._tags = tags
        self._created = time.time()

    def require(self, name: str) -> WorkGroup:
        """The work group of a name; AwsError if there is none."""
        with self._store.read() as db:
            found = self._find(db, name)
        return WorkGroup(self._primary() if found is None else found)

    def exists(self, name: str) -> bool:
        """Whether there is a work group of that name."""
        with self._store.read() as db:
            return name == PRIMARY or _load(db, name) is not None

    def usable(self, name: str) -> WorkGroup:
        """The work group of a query that starts; AwsError if it is disabled."""
        group = self.require(name)
        if not group.enabled:
            raise invalid_request(f"WorkGroup {name} is disabled.")
        return group

    def create(self, request: Json) -> Json:
        """Answer CreateWorkGroup."""
        name = request["Name"]
        if not _NAME.fullmatch(name):
            raise invalid_request(
                f"1 validation error detected: Value '{name}' at 'name' failed to satisfy"
                f" constraint: Member must satisfy regular expression pattern: {_NAME.pattern}"
            )
        body = {
            "Name": name,
            "State": "ENABLED",
            "Configuration": checked(request.get("Configuration") or {}),
            "Description": request.get("Description", ""),
            "CreationTime": time.time(),
        }
        with self._store.write() as db:
            if name == PRIMARY or _load(db, name) is not None:
                raise invalid_request("WorkGroup is already created")
            _save(db, body)
            self._tags.put(db, arn("workgroup", name), request.get("Tags") or [])
        return {}

    def update(self, request: Json) -> Json:
        """Answer UpdateWorkGroup; ``primary`` can be changed too."""
        name = request["WorkGroup"]
        primary = self._primary() if name == PRIMARY else None
        state = request.get("State")
        if state not in (None, "ENABLED", "DISABLED"):
            raise invalid_request(f"State {state!r} is neither ENABLED nor DISABLED.")
        with self._store.write() as db:
            body = self._find(db, name) or primary
            assert body is not None
            changes = request.get("ConfigurationUpdates") or {}
            body["Configuration"] = updated(body["Configuration"], changes)
            body |= {k: request[k] for k in ("Description", "State") if k in request}
            _save(db, body)
        return {}

    def delete(self, request: Json) -> Json:
        """Answer DeleteWorkGroup; one with queries of any kind in it only if told so."""
        name = request["WorkGroup"]
        if name == PRIMARY:
            raise invalid_request("The primary WorkGroup cannot be deleted.")
        with self._store.write() as db:
            self._find(db, name)
            if not request.get("RecursiveDeleteOption") and _holds_any(db, name):
                raise invalid_request(f"WorkGroup {name} is not empty")
            for table in _CONTENTS:
                db.execute(f"DELETE FROM {table} WHERE work_group = ?", (name,))
            db.execute("DELETE FROM athena_work_group WHERE name = ?", (name,))
            self._tags.drop(db, arn("workgroup", name))
        return {}

    def get(self, request: Json) -> Json:
        """Answer GetWorkGroup."""
        return {"WorkGroup": self.require(request["WorkGroup"]).body}

    def list(self, request: Json) -> Json:
        """Answer ListWorkGroups, in the order of names."""
        after = decode_token(request.get("NextToken"), "InvalidRequestException") or ""
        with self._store.read() as db:
            rows = db.execute("SELECT name, body FROM athena_work_group ORDER BY name").fetchall()
        bodies = {name: json.loads(body) for name, body in rows}
        if PRIMARY not in bodies:
            bodies[PRIMARY] = self._primary()
        wanted = (bodies[name] for name in sorted(bodies) if name > after)
        limit = request.get("MaxResults") or _PAGE
        listed, token = page(wanted, limit, key=lambda body: body["Name"])
        return {"WorkGroups": [WorkGroup(body).summary for body in listed], **token}

    def engine_versions(self, request: Json) -> Json:
        """Answer ListEngineVersions."""
        return {"EngineVersions": [engine(name) for name in ENGINES]}

    def in_group(self, answer: Callable[[Json], Json]) -> Callable[[Json], Json]:
        """An operation on something in a work group, which must be there."""

        def checked_first(request: Json) -> Json:
            self.require(request["WorkGroup"])
            return answer(request)

        return checked_first

    def _find(self, db: sqlite3.Connection, name: str) -> Json | None:
        """A work group's body; None for a ``primary`` that nobody changed."""
        found = _load(db, name)
        if found is None and name != PRIMARY:
            raise invalid_request(f"WorkGroup {name} is not found.")
        return found

    def _primary(self) -> Json:
        configuration = checked(
            {
                "ResultConfiguration": {"OutputLocation": self._output_location()},
                "EnforceWorkGroupConfiguration": False,
                "PublishCloudWatchMetricsEnabled": False,
            }
        )
        return {
            "Name": PRIMARY,
            "State": "ENABLED",
            "Configuration": configuration,
            "Description": "",
            "CreationTime": self._created,
        }

    def _output_location(self) -> str:
        """The default place of results; its bucket is made at the first use."""
        self._objects.ensure_bucket(STAGING_BUCKET)
        return f"s3://{STAGING_BUCKET}/athena/"


def _load(db: sqlite3.Connection, name: str) -> Json | None:
    row = db.execute("SELECT body FROM athena_work_group WHERE name = ?", (name,)).fetchone()
    found: Json | None = None if row is None else json.loads(row[0])
    return found


def _save(db: sqlite3.Connection, body: Json) -> None:
    row = (body["Name"], json.dumps(body))
    db.execute("INSERT OR REPLACE INTO athena_work_group VALUES (?, ?)", row)


def _holds_any(db: sqlite3.Connection, name: str) -> bool:
    return any(
        db.execute(f"SELECT 1 FROM {table} WHERE work_group = ? LIMIT 1", (name,)).fetchone()
        for table in _CONTENTS
    )
