"""What was changed of a table, by which revision: a list among its parameters.

The record of a change is written in the same UpdateTable as the change itself, so that there is
never one without the other, and a change is made once however often it is begun.
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from weakref import WeakKeyDictionary

from botocore.exceptions import BotoCoreError, ClientError

from fsql.catalog import Catalog, Entry
from fsql.migration.model.steps import Step

__all__ = ["HISTORY_PROPERTY", "Record", "appended", "caller", "is_done", "read", "record"]

HISTORY_PROPERTY = "fsql.history"
MOST_BYTES = 400_000  # Glue takes 512,000 for one parameter


@dataclass(frozen=True)
class Record:
    """One change of a table.

    Attributes:
        run, revision, direction, number: of its step; "" and 0 outside of any revision.
        what: the change in words.
        before, made: Glue's VersionId that it started from and made; None before there was any.
        schema: the id of the Iceberg schema that it made current; None of a Hive-style table.
        at: when, ISO 8601 in UTC.
        by: the user of the machine and the caller's ARN.
        restored: whether it brought back what was dropped.
    """

    run: str
    revision: str
    direction: str
    number: int
    what: str
    before: str | None
    made: str
    schema: int | None
    at: str
    by: str
    restored: bool = False

    def is_of(self, step: Step) -> bool:
        """Whether it is the record of a step."""
        return self.run == step.run and self.number == step.number


def read(parameters: Mapping[str, str]) -> tuple[Record, ...]:
    """The changes of a table, oldest first."""
    found = json.loads(parameters.get(HISTORY_PROPERTY, "[]"))
    return tuple(Record(**{"before": one.pop("from"), **one}) for one in found)


def is_done(entry: Entry, step: Step | None) -> bool:
    """Whether a table's history has a step."""
    return step is not None and any(found.is_of(step) for found in read(entry.parameters))


def appended(parameters: Mapping[str, str], more: Record) -> str:
    """The text of a history with one record more; the oldest ones give way where Glue has no room.

    Source: AWS Glue API Reference, "ParametersMap": values have at most 512,000 bytes.
    """
    lines = [_text(found) for found in (*read(parameters), more)]
    size = sum(len(line) + 1 for line in lines)
    while size > MOST_BYTES and len(lines) > 1:
        size -= len(lines.pop(0)) + 1
    return _joined(lines)


def _joined(lines: Iterable[str]) -> str:
    return f"[{','.join(lines)}]"


def _text(one: Record) -> str:
    plain = asdict(one)
    plain = {"from" if key == "before" else key: value for key, value in plain.items()}
    return json.dumps(plain, separators=(",", ":"))


def record(
    catalog: Catalog,
    entry: Entry | None,
    step: Step | None,
    what: str,
    schema: int | None,
    *,
    restored: bool = False,
) -> Record:
    """The record of a change that is about to be made.

    Args:
        entry: the table before it; None if there is none yet, whose first version Glue counts 0.
    """
    step = step or Step("", "", 0, "")
    before = None if entry is None else entry.version_id
    made = "0" if before is None else str(int(before) + 1)
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return Record(
        step.run,
        step.revision,
        step.direction,
        step.number,
        what,
        before,
        made,
        schema,
        at,
        caller(catalog),
        restored,
    )


_callers: WeakKeyDictionary[Catalog, str] = WeakKeyDictionary()
_lock = threading.Lock()


def caller(catalog: Catalog) -> str:
    """Who we are: the user of the machine, and the ARN that AWS knows, as far as they are told."""
    with _lock:
        if catalog not in _callers:
            _callers[catalog] = ", ".join(filter(None, (_user(), _arn(catalog))))
        return _callers[catalog]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in containers
        return ""


def _arn(catalog: Catalog) -> str:
    try:
        return str(catalog.aws.client("sts").get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError):  # it may not be allowed to ask who it is
        return ""
