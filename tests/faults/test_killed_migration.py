"""A migration that is killed while AWS goes on with what it was asked: finished when run again."""

from __future__ import annotations

import signal
from typing import Any

import pytest

import fsql
from tests.faults.killing import Killer, settle
from tests.faults.proxy import FaultyProxy
from tests.migration_project import down, fill, first, journal, seen, up
from tests.programs import forking

POINTS = 3
WAYS = {"up": up, "down": down}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("direction", WAYS)
def test_a_killed_migration_is_finished(url: str, proxy: FaultyProxy, direction: str) -> None:
    go = WAYS[direction]

    def run(name: str, at: int, afterwards: bool) -> tuple[fsql.FeatureStore, str, int]:
        where = url.replace("/feature_store?", f"/{direction}_{name}?")
        store = fsql.FeatureStore(where)
        first(where)
        fill(store)
        if direction == "down":
            up(where)
        killer = Killer(at, afterwards)
        with proxy.watched(killer.before, killer.after):
            process = forking().Process(target=go, args=(where,))
            process.start()
            killer.pid.set_result(process.pid or 0)
            process.join(100)
            settle(store)
        assert process.exitcode == (-signal.SIGKILL if at else 0)
        return store, where, killer.count

    whole, _, requests = run("whole", 0, False)
    wanted = stripped(seen(whole), "whole")
    for point in range(POINTS):
        at = 1 + point * (requests - 1) // (POINTS - 1)
        store, where, _ = run(f"at{at}", at, afterwards=point % 2 == 1)
        go(where)
        assert journal(store) is None, at
        assert stripped(seen(store), f"at{at}") == wanted, at


def stripped(found: dict[str, Any], name: str) -> str:
    """Without the database's name."""
    return str(found).replace(name, "")
