"""The functions of Trino that have a translation: tables of signatures and DuckDB templates."""

from __future__ import annotations

from fsql.local.transpile.functions import (
    aggregates,
    array_shapes,
    arrays,
    binary,
    jsons,
    numbers,
    regexes,
    sketches,
    strings,
    times,
    times_of_day,
)
from fsql.local.transpile.functions.registry import FUNCTIONS

__all__ = ["FUNCTIONS"]

_TABLES = (
    aggregates,
    array_shapes,
    arrays,
    binary,
    jsons,
    numbers,
    sketches,
    sketches,
    regexes,
    strings,
    times,
    times_of_day,
)
"""Imported for the functions they register."""
