"""The embedded AWS over HTTP, for any AWS client."""

from __future__ import annotations

from fsql.local.server.server import Server

__all__ = ["Server"]
