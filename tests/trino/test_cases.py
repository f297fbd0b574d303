from __future__ import annotations

import pytest

from tests.trino import Case
from tests.trino.running import check
from tests.trino.topics import all_cases

ALL = [
    pytest.param(case, id=f"{topic.slug}-{entry.name}-{case[0][:70]}")
    for topic, entry, case in all_cases()
]


@pytest.mark.parametrize("case", ALL)
def test_case(case: Case) -> None:
    check(case)
