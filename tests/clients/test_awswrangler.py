"""awswrangler, in its own environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import environments
from tests.benchmarks.served import Endpoint
from tests.clients.running import told

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_awswrangler(served: Endpoint) -> None:
    command: list[str | Path] = [environments.python("awswrangler"), "-m", "tests.clients.wrangler"]
    said = told(command, served.variables(), ROOT, seconds=600).splitlines()
    outcomes = dict(json.loads(line) for line in said)
    failed = {name: said for name, said in outcomes.items() if said != "passed"}
    assert not failed, "\n".join(f"{name}: {said}" for name, said in failed.items())
    assert len(outcomes) == 9
