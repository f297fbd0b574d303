"""What fsql knows of a feature group beyond its columns."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from fsql.errors import DefinitionError
from fsql.naming import GroupName

__all__ = ["COMPATIBILITIES", "Definition", "Partition"]

COMPATIBILITIES = (
    "none",
    "disabled",
    "backward",
    "backward_all",
    "forward",
    "forward_all",
    "full",
    "full_all",
)
"""What changes of its schema a group admits, as the Glue Schema Registry has it."""

TRANSFORMS = ("identity", "year", "month", "day", "hour", "bucket", "truncate")


@dataclass(frozen=True)
class Partition:
    """One partition field: a column under a transform of the Iceberg specification.

    ``Partition.parse("day(time_hour)")``, ``"bucket(16, origin)"``, ``"origin"``.
    """

    column: str
    transform: str = "identity"
    width: int | None = None

    _FORM = re.compile(r"(?:(\w+)\s*\(\s*(?:(\d+)\s*,\s*)?)?(\w+)\s*\)?")

    @classmethod
    def parse(cls, text: str) -> Partition:
        """Read ``column``, ``transform(column)`` or ``transform(width, column)``.

        Raises:
            DefinitionError: another form, or an unknown transform.
        """
        match = cls._FORM.fullmatch(text.strip())
        if match is None or text.count("(") != text.count(")"):
            raise DefinitionError(
                f"partition_by {text!r}. Expected a column, 'day(column)' or 'bucket(16, column)'."
            )
        transform, width, column = match.groups()
        return cls(column, (transform or "identity").lower(), int(width) if width else None)

    def problem(self) -> str | None:
        """What is wrong with it, in words; None when nothing is."""
        if self.transform not in TRANSFORMS:
            return f"partition_by {self}: unknown transform. Known: {', '.join(TRANSFORMS)}."
        if (self.transform in ("bucket", "truncate")) != (self.width is not None):
            return f"partition_by {self}: bucket and truncate, and only they, take a width."
        return None

    def __str__(self) -> str:
        if self.transform == "identity":
            return self.column
        width = f"{self.width}, " if self.width else ""
        return f"{self.transform}({width}{self.column})"


@dataclass(frozen=True)
class Definition:
    """What fsql knows of a group beyond its columns; stored beside the table as JSON."""

    name: GroupName
    keys: tuple[str, ...]
    event_time: str | None = None
    created_time: str | None = None
    partition_by: tuple[Partition, ...] = ()
    table_format: str = "iceberg"
    ttl: dt.timedelta | None = None
    online: bool = False
    truncate: bool = False
    description: str | None = None
    owner: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    compatibility: str = "none"
    sort_by: tuple[str, ...] = ()
    table_properties: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The definition as JSON; `ttl` in microseconds."""
        plain = asdict(self)
        plain["partition_by"] = [str(partition) for partition in self.partition_by]
        plain["ttl"] = None if self.ttl is None else self.ttl // dt.timedelta(microseconds=1)
        return json.dumps(plain, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Definition:
        """The inverse of `to_json`; what earlier releases did not write is as it was with them."""
        plain = json.loads(text)
        plain["name"] = GroupName(**plain["name"])
        plain["keys"] = tuple(plain["keys"])
        plain["sort_by"] = tuple(plain.get("sort_by", ()))
        plain["partition_by"] = tuple(map(Partition.parse, plain["partition_by"]))
        plain["ttl"] = None if plain["ttl"] is None else dt.timedelta(microseconds=plain["ttl"])
        return cls(**plain)
