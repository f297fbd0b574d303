"""SQLAlchemy's own tests of a dialect, all of them."""

from __future__ import annotations

from sqlalchemy.testing.suite import *  # noqa: F403
