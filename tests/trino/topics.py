"""All the cases, by topic, and what is known of each function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from fsql.local.transpile.calls import SPECIAL
from fsql.local.transpile.functions import FUNCTIONS
from fsql.local.transpile.functions.missing import MISSING
from tests.trino import Case, Cases, cases
from tests.trino.documented import TOPICS

__all__ = ["Entry", "Topic", "all_cases", "is_failure", "is_refused", "modules", "topics"]

NOT_SUPPORTED = "NOT_SUPPORTED"


@dataclass(frozen=True)
class Entry:
    """A function or operator within a topic."""

    name: str
    cases: tuple[Case, ...]
    lacks: str
    """What it can't do that it does in Trino."""

    @property
    def status(self) -> str:
        """Supported, partly, or not at all."""
        if not self.is_supported:
            return "not supported"
        return f"partly: {self.lacks}" if self.lacks else "supported"

    @property
    def is_supported(self) -> bool:
        """Whether a case shows that it works for what the topic is about."""
        return any(not is_failure(case) for case in self.cases)

    @property
    def is_translated(self) -> bool:
        """Whether it is a function that the translation knows."""
        return self.name in FUNCTIONS or self.name in SPECIAL

    @property
    def is_missing(self) -> bool:
        """Whether the translation refuses it by name."""
        return self.name in MISSING or any(map(is_refused, self.cases))


@dataclass(frozen=True)
class Topic:
    """A page of Trino's documentation."""

    slug: str
    title: str
    entries: tuple[Entry, ...]


def is_failure(case: Case) -> bool:
    """Whether a case expects an error."""
    return len(case) == 2


def is_refused(case: Case) -> bool:
    """Whether a case expects that something isn't supported."""
    return is_failure(case) and str(case[1]).startswith(NOT_SUPPORTED)


@cache
def topics() -> tuple[Topic, ...]:
    """Every topic with all that is documented in it or has cases."""
    return tuple(_topic(slug, title, names.split()) for slug, (title, names) in TOPICS.items())


def all_cases() -> Iterator[tuple[Topic, Entry, Case]]:
    """Each case with where it stands."""
    for topic in topics():
        for entry in topic.entries:
            for case in entry.cases:
                yield topic, entry, case


def modules() -> list[str]:
    """The topics that have a module of cases."""
    return [found.name for found in iter_modules(cases.__path__)]


def _topic(slug: str, title: str, documented: list[str]) -> Topic:
    own: Cases = {}
    partly: dict[str, str] = {}
    if slug in modules():
        module = import_module(f"{cases.__name__}.{slug}")
        own, partly = module.CASES, getattr(module, "PARTLY", {})
    names = [*documented, *sorted(own.keys() - set(documented))]
    entries = (Entry(n, tuple(own.get(n, ())), partly.get(n, "")) for n in names)
    return Topic(slug, title, tuple(entries))
