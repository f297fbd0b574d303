"""One change of one table, and all that is known of it before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fsql.catalog import Entry
from fsql.migration.model.state import State
from fsql.migration.model.steps import Step

__all__ = ["Work"]


@dataclass(frozen=True)
class Work:
    """What is to be made of a table, in one update.

    Attributes:
        entry: the table as it was looked at.
        change: what is made of it.
        before, after: the group's states.
        step: names the change.
        more: properties that are set besides, or taken away.
        said: the change in words.
        loosely: the table may have columns that the group has not.
    """

    entry: Entry
    change: Any
    before: State
    after: State
    step: Step
    more: Mapping[str, str | None]
    said: str
    loosely: bool = False
