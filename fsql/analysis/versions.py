"""FOR VERSION AS OF and FOR TIMESTAMP AS OF: which state of a table is meant, as far as SQL tells.

Source: Athena user guide, "Perform time travel and version travel queries".
"""

from __future__ import annotations

from sqlglot import exp

from fsql.analysis.literals import parse_literal
from fsql.analysis.model import AsOf

__all__ = ["as_of"]


def as_of(version: exp.Version) -> AsOf:
    """The state that is meant; one that nothing is known of, if it has to be computed."""
    literal = parse_literal(version.expression)
    temporal = version.name.upper() == "TIMESTAMP"
    if literal is not None and temporal and literal.kind == "timestamp":
        return AsOf(millis=int(literal.number // 1000))
    if literal is not None and not temporal and literal.kind == "integer":
        return AsOf(snapshot=int(literal.number))
    return AsOf()
