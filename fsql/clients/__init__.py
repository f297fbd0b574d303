"""Helpers for single AWS services, usable without a feature group."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsql.clients import aws_glue

__all__ = ["aws_glue"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'fsql.clients' has no attribute {name!r}")
    return import_module(f"fsql.clients.{name}")
