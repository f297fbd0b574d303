from __future__ import annotations

from pathlib import Path

import pytest

from fsql.local.transpile.calls import SPECIAL
from fsql.local.transpile.functions import FUNCTIONS
from fsql.local.transpile.functions.missing import MISSING
from tests.local.trino_sql import failure
from tests.trino.documented import TOPICS
from tests.trino.page import page
from tests.trino.topics import Entry, all_cases, is_failure, is_refused, modules, topics

PAGE = Path(__file__).parents[2] / "docs" / "trino.md"
ENTRIES = [entry for topic in topics() for entry in topic.entries]


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.trino docs/trino.md"


def test_every_module_of_cases_is_a_topic() -> None:
    assert set(modules()) <= set(TOPICS)


def test_every_function_has_a_case() -> None:
    shown = {entry.name for _, entry, case in all_cases() if not is_failure(case)}
    assert FUNCTIONS.keys() - shown == set()


def test_every_documented_function_is_translated_or_known_as_missing() -> None:
    known = {e.name for e in ENTRIES if e.is_supported or e.is_missing or e.is_translated}
    assert {entry.name for entry in ENTRIES} - known == set()


def test_no_function_is_both_translated_and_missing() -> None:
    assert MISSING & (FUNCTIONS.keys() | SPECIAL.keys()) == set()


def test_every_missing_function_is_documented() -> None:
    assert MISSING - {entry.name for entry in ENTRIES} == set()


@pytest.mark.parametrize("name", sorted(MISSING))
def test_a_missing_function_is_named(name: str) -> None:
    message = f"NOT_SUPPORTED: line 1:8: Function '{name}' is not supported"
    assert failure(f"SELECT {name}(1)") == message


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_what_a_function_lacks_is_said_and_shown(entry: Entry) -> None:
    refused = [case for case in entry.cases if is_refused(case)]
    if entry.is_supported:
        assert bool(refused) == bool(entry.lacks)


def test_no_case_is_written_twice() -> None:
    texts = [(topic.slug, case[0]) for topic, _, case in all_cases()]
    assert len(texts) == len(set(texts))
