"""Where in a revision a change stands, so that it is made once however often it is begun."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Step"]


@dataclass(frozen=True)
class Step:
    """One change of one revision in one direction.

    Attributes:
        revision: Alembic's id of it; "" outside of any.
        direction: "up" or "down".
        number: of the change within the revision, from 0.
        run: names this one going over of the revision; kept when a killed one is gone on with.
    """

    revision: str
    direction: str
    number: int
    run: str

    def __str__(self) -> str:
        return f"{self.revision}:{self.direction}:{self.number}"
