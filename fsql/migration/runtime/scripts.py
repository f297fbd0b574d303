"""Which revision's script is running."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from types import FrameType

__all__ = ["Script", "running"]

_DIRECTIONS = {"upgrade": "up", "downgrade": "down"}
_WORDS = {direction: function for function, direction in _DIRECTIONS.items()}


@dataclass(frozen=True)
class Script:
    """A revision that runs, in one direction.

    Attributes:
        revision: Alembic's id of it.
        direction: "up" or "down".
        target: what Alembic's command is told to go there.
    """

    revision: str
    direction: str
    target: str = field(default="", compare=False)

    @property
    def again(self) -> str:
        """What to run so that it goes on, as a sentence."""
        return f"`alembic {_WORDS[self.direction]} {self.target}` goes on where it stands."

    def __str__(self) -> str:
        return f"the {_WORDS[self.direction]} of revision {self.revision}"


def running() -> Script | None:
    """The revision whose ``upgrade()`` or ``downgrade()`` calls this, at any depth; None outside.

    A script is known by what Alembic demands of it, the names `revision` and `down_revision` in
    its module, so that no internals of Alembic are needed.
    """
    found, frame = None, inspect.currentframe()
    while frame is not None:
        found, frame = _script(frame) or found, frame.f_back
    return found


def _script(frame: FrameType) -> Script | None:
    direction = _DIRECTIONS.get(frame.f_code.co_name)
    names = frame.f_globals
    if direction is None or "down_revision" not in names or "revision" not in names:
        return None
    revision, below = str(names["revision"]), names["down_revision"]
    if direction == "up":
        return Script(revision, direction, revision)
    if below is None:
        return Script(revision, direction, "base")
    # Alembic takes "-1" for one step, unless there are several that it could be.
    return Script(revision, direction, f"{revision}-1" if isinstance(below, str) else below[0])
