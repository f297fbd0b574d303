"""What ``alembic -x`` and the options of ``fsql migrate`` allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from fsql.errors import ConfigError

__all__ = ["Flags"]

_NO = ("0", "false", "no", "off")
_YES = ("", "1", "true", "yes", "on")


@dataclass(frozen=True)
class Flags:
    """What a migration may do that it does not do by itself.

    Attributes:
        allow_breaking: changes that break a group's declared compatibility level.
        adopt: take what was changed of a table by hand for what is meant.
        force: go on over what was changed by hand.
        takeover: go on with what another process has begun, even if it may still be at it.
    """

    allow_breaking: bool = False
    adopt: bool = False
    force: bool = False
    takeover: bool = False

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Flags:
        """Those of ``-x`` arguments, such as ``-x allow-breaking``, ``-x adopt=true``.

        Raises:
            ConfigError: a value is neither yes nor no. Other names are left to env.py.
        """
        said = {name.replace("-", "_"): (name, value) for name, value in given.items()}
        return cls(**{f.name: _truth(*said[f.name]) for f in fields(cls) if f.name in said})


def _truth(name: str, value: str) -> bool:
    if value.lower() in _YES:
        return True
    if value.lower() in _NO:
        return False
    raise ConfigError(f"-x {name}={value}. Expected -x {name}, or {name}=true or {name}=false.")
