"""Functions of Trino that DuckDB's SQL can't express, in Python; DuckDB calls them by Arrow."""

from __future__ import annotations

from fsql.local.scalars import (
    binary,
    days,
    jsoncasts,
    patterns,
    places,
    quantities,
    sqljson,
    statistics,
    texts,
)
from fsql.local.scalars.registry import Fault, Taught, scalar

__all__ = ["Fault", "Taught", "scalar"]

_MODULES = (binary, days, jsoncasts, patterns, places, quantities, sqljson, statistics, texts)
"""Imported for the functions they keep."""
