"""How feature groups are named, within Glue's limits.

A table is ``<client>_<app>_<entity>_<version>``: ``business_user_activity_v0001``.
Client and app hold no underscore, so a name always parses back to its parts; an
entity may. Beside a table lives a view without the version.

Glue allows 255 bytes and folds names to lower case
(https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fsql.errors import InvalidName

MAX_NAME_BYTES = 255
DEFAULT_DATABASE = "feature_store"

_PART = re.compile(r"[a-z0-9]+")
_ENTITY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_VERSION = re.compile(r"v[0-9]{4}")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]*")
_TABLE = re.compile(
    rf"(?P<client>{_PART.pattern})_(?P<app>{_PART.pattern})"
    rf"_(?P<entity>{_ENTITY.pattern})_(?P<version>{_VERSION.pattern})"
)


@dataclass(frozen=True, order=True)
class GroupName:
    """The four parts of a feature group's name.

    Raises:
        InvalidName: a part is outside the convention.
    """

    client: str
    app: str
    entity: str
    version: str

    def __post_init__(self) -> None:
        _check("client", self.client, _PART, "lower-case letters and digits")
        _check("app", self.app, _PART, "lower-case letters and digits")
        _check("entity", self.entity, _ENTITY, "lower-case letters, digits, single underscores")
        _check("version", self.version, _VERSION, "'v' and four digits, such as 'v0001'")
        if len(self.table) > MAX_NAME_BYTES:
            raise InvalidName(
                f"The table name {self.table!r} has {len(self.table)} bytes;"
                f" Glue allows {MAX_NAME_BYTES}. Shorten a part."
            )

    @classmethod
    def parse(cls, table: str) -> GroupName:
        """The parts of a table name.

        Raises:
            InvalidName: `table` does not follow the convention.
        """
        match = _TABLE.fullmatch(table)
        if match is None:
            raise InvalidName(
                f"{table!r} is no feature group name. Expected <client>_<app>_<entity>_<version>"
                " in lower case, such as 'business_user_activity_v0001'."
            )
        return cls(**match.groupdict())

    @property
    def table(self) -> str:
        """The name of the table, ``client_app_entity_version``."""
        return f"{self.view}_{self.version}"

    @property
    def view(self) -> str:
        """The name of the view on the newest released version."""
        return f"{self.client}_{self.app}_{self.entity}"

    def __str__(self) -> str:
        return self.table


def check_column(name: str) -> str:
    """Return a column name unchanged, if Glue and Athena keep it as it is.

    Raises:
        InvalidName: upper case, a leading digit or another character than ``[a-z0-9_]``.
    """
    _check("column", name, _COLUMN, "lower-case letters, digits and underscores, no leading digit")
    if len(name) > MAX_NAME_BYTES:
        raise InvalidName(f"Column {name!r} has {len(name)} bytes; Glue allows {MAX_NAME_BYTES}.")
    return name


def _check(what: str, given: object, pattern: re.Pattern[str], expected: str) -> None:
    if not isinstance(given, str) or not pattern.fullmatch(given):
        raise InvalidName(f"{what} {given!r} is not allowed. Expected {expected}.")
