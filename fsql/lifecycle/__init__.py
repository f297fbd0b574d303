"""Groups made, found and dropped, each with the views beside its versions."""

from __future__ import annotations

from fsql.lifecycle.groups import Found, create, drop, find, groups, mend, point, with_deletes

__all__ = ["Found", "create", "drop", "find", "groups", "mend", "point", "with_deletes"]
