"""Geospatial functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

import pytest

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "great_circle_distance": [
        (
            "great_circle_distance(36.12, -86.67, 33.94, -118.40)",
            pytest.approx(2886.448973436703),
            "double",
        ),
        ("great_circle_distance(0, 0, 0, 0)", 0.0, "double"),
        ("great_circle_distance(0, 0, 0, 180)", pytest.approx(20015.118), "double"),
        ("great_circle_distance(NULL, 0, 0, 0)", None, "double"),
        (
            "great_circle_distance(100, 0, 0, 0)",
            "INVALID_FUNCTION_ARGUMENT: Latitude must be between -90 and 90",
        ),
        (
            "great_circle_distance(0, 0, 0, -200)",
            "INVALID_FUNCTION_ARGUMENT: Longitude must be between -180 and 180",
        ),
    ],
}
