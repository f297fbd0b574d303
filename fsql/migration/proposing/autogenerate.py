"""Autogenerate: what `alembic revision --autogenerate` and `alembic check` see of a store.

Importing this module is all it takes: Alembic asks `_compare` for engines of fsql's dialect, and
none of its own comparisons, which would ask the catalog once for each table.
"""

from __future__ import annotations

import logging
import textwrap
from typing import Any

from alembic.autogenerate import comparators, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, UpgradeOps
from alembic.util import DispatchPriority, PriorityDispatchResult

from fsql.migration.proposing.comparison import Comparison
from fsql.migration.proposing.proposals import Proposal
from fsql.migration.proposing.rendering import operation, operation_text
from fsql.migration.proposing.source import imported
from fsql.migration.runtime.flags import Flags

__all__ = ["GroupOp"]

WIDTH = 82  # of a comment within a function
log = logging.getLogger(__name__)


class GroupOp(MigrateOperation):
    """All changes that a revision makes to one feature group.

    Attributes:
        proposal: the changes, and what takes them back.
    """

    def __init__(self, proposal: Proposal) -> None:
        self.proposal = proposal

    def reverse(self) -> GroupOp:
        """What takes them back."""
        return GroupOp(self.proposal.reversed())

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """The group and what becomes of it, in words."""
        return self.proposal.table, ", ".join(self.proposal.words)


@comparators.dispatch_for("autogenerate", qualifier="fsql", priority=DispatchPriority.FIRST)
def _compare(context: AutogenContext, upgrade: UpgradeOps) -> PriorityDispatchResult:
    flags = getattr(context.migration_context.impl, "flags", None)  # of `FsqlImpl`
    for proposal in Comparison(context, flags or Flags()).proposals():
        log.info("%s", proposal)
        upgrade.ops.append(GroupOp(proposal))
    return PriorityDispatchResult.STOP


@renderers.dispatch_for(GroupOp)
def _render(context: AutogenContext, op: GroupOp) -> list[str]:
    prefix = context.opts["alembic_module_prefix"] or ""
    lines = [line for note in op.proposal.notes for line in _comment(note)]
    for change in op.proposal.changes:
        context.imports.update(imported(operation(change)))
        lines.append(operation_text(change, prefix))
    _join(context.imports)
    return lines


def _comment(note: str) -> list[str]:
    """A note as lines of comment; what is indented is code, which stays as it is."""
    lines = [note] if note.startswith(" ") else textwrap.wrap(note, WIDTH)
    return [f"# {line}" for line in lines]


def _join(imports: set[str]) -> None:
    """Make one line of those that import names of one module."""
    named = [line.partition(" import ") for line in imports if line.startswith("from ")]
    for module in {module for module, _, _ in named}:
        names = {name for other, _, given in named if other == module for name in given.split(", ")}
        imports.difference_update([line for line in imports if line.startswith(f"{module} ")])
        imports.add(f"{module} import {', '.join(sorted(names))}")
