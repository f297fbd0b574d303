"""The suite's run as a process of its own, and the page that tells of it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["PAGE", "Outcomes", "outcomes", "page", "run"]

SUITE = Path(__file__).parent
PAGE = SUITE.parents[1] / "docs" / "compliance.md"
WORKERS = 2

_HEAD = """# What other people's tests say of fsql

## SQLAlchemy's dialect compliance suite

`tests/suite/` runs all tests of `sqlalchemy.testing.suite` on `fsql://`, in an embedded store.
Tables are Iceberg tables, as fsql's DDL makes them. A test is skipped for what Athena is, never
for a fault of fsql's: what fails is shown as failed. This part of the page is written by
`python -m tests.suite`, and a test compares it with a run.

"""


@dataclass
class Outcomes:
    """How many tests passed, why others were skipped, and which failed."""

    passed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)


def run(record: Path) -> str:
    """Run the suite; pytest's record goes to `record`, what it says is returned."""
    command = [sys.executable, "-m", "pytest", str(SUITE), "-q", "--tb=short", f"-n{WORKERS}"]
    options = ["-p", "no:cacheprovider", f"--junitxml={record}"]
    done = subprocess.run(
        [*command, *options], cwd=SUITE.parents[1], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def outcomes(record: Path) -> Outcomes:
    """What pytest's record says."""
    found = Outcomes()
    for case in ElementTree.parse(record).iter("testcase"):
        skipped = case.find("skipped")
        name = (
            f"{case.get('classname', '').split('.')[-1].partition('_fsql')[0]}.{case.get('name')}"
        )
        if skipped is not None:
            found.skipped[_reason(skipped.get("message", ""))] += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            found.failed.append(name)
        else:
            found.passed += 1
    return found


def _reason(message: str) -> str:
    """SQLAlchemy writes its own words before a reason."""
    return message.rpartition(" : ")[2].strip()


def page(found: Outcomes) -> str:
    """The page's generated part, from its head to the reasons."""
    counts = [
        ("passed", found.passed),
        ("failed", len(found.failed)),
        ("skipped", found.skipped.total()),
    ]
    lines = ["| outcome | tests |", "|---|---:|", *(f"| {name} | {n:,} |" for name, n in counts)]
    lines += ["", "| skipped because | tests |", "|---|---:|"]
    lines += [f"| {why} | {n:,} |" for why, n in sorted(found.skipped.items(), key=_order)]
    if found.failed:
        lines += ["", "Failed:", "", *(f"- `{name}`" for name in sorted(found.failed))]
    return _HEAD + "\n".join(lines) + "\n" + _TAIL


def _order(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


_TAIL = """
## PEP 249

`tests/test_dbapi_compliance.py` runs the DB-API compliance tests of the package
`dbapi-compliance` on `fsql.dbapi`. All of them pass. Two are for drivers to write, and one asks for
an optional behaviour:

| what | `fsql.dbapi` |
|---|---|
| `nextset` | is not there: Athena has no statement with two results |
| `setoutputsize` | may be called and changes nothing |
| closing twice | is no error; everything else on a closed connection or cursor is one |

`paramstyle` is `pyformat`; a sequence of parameters goes to `?`. `threadsafety` is 2: threads may
share the module and connections. `commit` and `rollback` are for rows that SQLAlchemy inserts in
a `with engine.begin()` block: Athena has no transactions, and what a statement did stays done.
`executemany` runs the statement once for each set of parameters.
"""
