"""How much memory and time queries may take.

Athena ends a DML statement after 30 minutes and a DDL statement after 600, unless an account has
other quotas: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

_DML_SECONDS, _DDL_SECONDS = 30 * 60.0, 600 * 60.0
_SHARE = "60%"  # others want memory too: a notebook, a second process


@dataclass(frozen=True)
class Limits:
    """What the queries of one process and store may take.

    Attributes:
        memory: bytes that all of them may hold at once before they spill to disk or fail; None
            for 60 % of the machine's.
        seconds: how long a statement may run; None for Athena's own limits.
    """

    memory: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        memory = "default" if self.memory is None else f"{self.memory}B"
        seconds = "default" if self.seconds is None else f"{self.seconds:g}"
        return f"max_memory={memory}, query_timeout={seconds}"

    @property
    def engine_memory(self) -> str:
        """DuckDB's ``memory_limit``."""
        return _SHARE if self.memory is None else f"{self.memory}B"

    def seconds_of(self, statement_type: str) -> float:
        """How long a statement of one of Athena's types (DDL, DML, UTILITY) may run."""
        if self.seconds is not None:
            return self.seconds
        return _DDL_SECONDS if statement_type == "DDL" else _DML_SECONDS
