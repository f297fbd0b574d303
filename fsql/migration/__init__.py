"""Migrations: feature groups evolve by reviewed Alembic revisions.

An env.py imports this package and calls `run`; the other modules are imported where they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsql.migration.runtime.environment import run

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    if name == "run":
        from fsql.migration.runtime.environment import run

        return run
    raise AttributeError(f"module 'fsql.migration' has no attribute {name!r}")
