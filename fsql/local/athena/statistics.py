"""What Athena measures of a query: its Statistics, and the stages of its runtime statistics."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from fsql.local.athena.history import Execution
from fsql.local.engine import Session
from fsql.local.statements.context import Outcome

__all__ = ["Clock", "runtime"]

Json = dict[str, Any]

_TIMELINE = (
    "QueryQueueTimeInMillis",
    "ServicePreProcessingTimeInMillis",
    "QueryPlanningTimeInMillis",
    "EngineExecutionTimeInMillis",
    "ServiceProcessingTimeInMillis",
    "TotalExecutionTimeInMillis",
)


class Clock:
    """How long the parts of a query took, and what it read."""

    def __init__(self) -> None:
        self._queued = 0.0
        self._start = time.time()
        self._engine = 0.0
        self._scanned = 0
        self._rows = 0

    def submitted(self, execution: Execution) -> None:
        """The query left the queue just now."""
        self._queued = self._start - execution.body["Status"]["SubmissionDateTime"]

    def ran(self, session: Session) -> None:
        """The engine is done with the query."""
        self._engine = time.time() - self._start
        self._scanned, self._rows = session.scanned, session.rows

    def statistics(self, manifest: str | None = None, reused: bool = False) -> Json:
        """Athena's Statistics."""
        total = self._queued + time.time() - self._start
        found: Json = {
            "EngineExecutionTimeInMillis": _millis(self._engine),
            "DataScannedInBytes": self._scanned,
            "TotalExecutionTimeInMillis": _millis(total),
            "QueryQueueTimeInMillis": _millis(self._queued),
            "ServicePreProcessingTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": _millis(total - self._queued - self._engine),
            "ResultReuseInformation": {"ReusedPreviousResult": reused},
        }
        return found if manifest is None else found | {"DataManifestLocation": manifest}

    def rows(self, outcome: Outcome) -> dict[str, int]:
        """What was read and what came out; rows where somebody counted them."""
        count = outcome.update_count if outcome.count is None else outcome.count
        found = {"InputRows": self._rows, "InputBytes": self._scanned, "OutputBytes": outcome.size}
        return found if count is None else found | {"OutputRows": count}


def runtime(execution: Execution) -> Json:
    """QueryRuntimeStatistics; rows and the one stage of a query that ran on the engine."""
    statistics: Mapping[str, int] = execution.body["Statistics"]
    timeline = {name: statistics[name] for name in _TIMELINE if name in statistics}
    if not execution.rows:
        return {"Timeline": timeline}
    stage = {
        "StageId": 0,
        "State": "FINISHED",
        "ExecutionTime": statistics["EngineExecutionTimeInMillis"],
        **execution.rows,
    }
    return {"Timeline": timeline, "Rows": execution.rows, "OutputStage": stage}


def _millis(seconds: float) -> int:
    """Rounded up: Athena tells no query that it waited not at all."""
    return max(0, math.ceil(seconds * 1000))
