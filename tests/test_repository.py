"""What may be committed, and what may not."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent

# Beside these, files whose name starts with a dot.
TOP_LEVEL = frozenset(
    {
        ".ci",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "docs",
        "fsql",
        "migrations",
        "pyproject.toml",
        "tests",
    }
)
LARGEST = 500_000  # bytes; data belongs into a package that tests install

LOCK_FILE = re.compile(r"[.]lock$|(^|[-_.])lock[.](json|toml|ya?ml)$|^requirements.*[.]txt$")
# Each pattern is written so that it doesn't match its own source.
REGISTRY = re.compile(
    r"pypi[.]org|pythonhosted[.]org|[-]-(extra-)?index-url|[-]-find-links|artifac[t]ory|/simple/[a-z]"
)
MACHINE_PATH = re.compile(
    r"(?<![\w./=}$-])(/(home|Users)/\w|/(root|work|opt)/\w|/tmp/(?!fsql-test)\w|[A-Z]:\\\\?Users)"
)
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[A-Za-z0-9.!+]+)")


@cache
def tracked() -> tuple[str, ...]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: nothing is tracked")
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return tuple(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def matches(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {match[0]}"
        for name in tracked()
        for number, line in enumerate(read(name).splitlines(), start=1)
        if (match := pattern.search(line))
    ]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8", errors="replace")


def pins() -> dict[str, str]:
    lines = (ROOT / "tests" / "constraints.txt").read_text("utf-8").splitlines()
    wrong = [line for line in lines if not PIN.fullmatch(line)]
    assert not wrong, f"tests/constraints.txt holds name==version and nothing else, but: {wrong}"
    return {canonicalize_name(name): version for name, version in (x.split("==") for x in lines)}


def requirements() -> Iterator[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for given in [project["dependencies"], *project["optional-dependencies"].values()]:
        yield from (found for text in given if (found := Requirement(text)).name != "fsql")


def test_the_top_level_holds_what_the_design_lists() -> None:
    entries = {name.partition("/") for name in tracked()}
    unknown = sorted(
        head for head, slash, _ in entries if head not in TOP_LEVEL and (slash or head[0] != ".")
    )
    assert not unknown, f"{unknown} at the top of the repository; it belongs into fsql, tests, docs"


def test_no_lock_files() -> None:
    found = [name for name in tracked() if LOCK_FILE.search(Path(name).name)]
    assert not found, f"pins live in tests/constraints.txt, not in {found}"


def test_no_registry_addresses() -> None:
    assert matches(REGISTRY) == []


def test_no_paths_of_one_machine() -> None:
    assert matches(MACHINE_PATH) == []


def test_no_large_files() -> None:
    found = [name for name in tracked() if (ROOT / name).stat().st_size > LARGEST]
    assert not found, f"{found} exceed {LARGEST} bytes"


def test_pins_cover_every_direct_dependency_in_its_range() -> None:
    pinned = pins()
    wrong = [
        f"{wanted} is pinned to {version}"
        for wanted in requirements()
        if (version := pinned.get(canonicalize_name(wanted.name), "nothing")) == "nothing"
        or not wanted.specifier.contains(version, prereleases=True)
    ]
    assert not wrong, "; ".join(wrong)


def mocks(source: str) -> Iterator[int]:
    """Lines that import `unittest.mock` or ask for pytest-mock's fixture."""
    # To parse all files takes seconds, and hardly any has the word.
    for node in ast.walk(ast.parse(source)) if "mock" in source else ():
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.arg) and node.arg == "mocker":
            names = ["pytest_mock"]
        else:
            continue
        if any(name.startswith(("unittest.mock", "pytest_mock")) for name in names):
            yield node.lineno


def test_tests_use_the_embedded_store_instead_of_mocks() -> None:
    found = [
        f"{name}:{line}" for name in tracked() if name.endswith(".py") for line in mocks(read(name))
    ]
    assert not found, f"fsql.local answers real boto3 requests; no mocks, but {found}"


@pytest.mark.parametrize(
    "source",
    ["import unittest.mock", "from unittest import mock", "def test_a(mocker): ..."],
)
def test_a_mock_is_found(source: str) -> None:
    assert list(mocks(source)) == [1]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (LOCK_FILE, "poetry" + ".lock", True),
        (LOCK_FILE, "package-lock" + ".json", True),
        (LOCK_FILE, "locking.py", False),
        (REGISTRY, "https://py" + "pi.org/simple", True),
        (REGISTRY, "pip install -" + "-index-url x", True),
        (MACHINE_PATH, "see /" + "home/me/x", True),
        (MACHINE_PATH, "'/" + "tmp/x'", True),
        (MACHINE_PATH, "s3://bucket/tmp/x", False),
        (MACHINE_PATH, "fsql:////abs/folder", False),
    ],
)
def test_patterns_find_what_they_should(
    pattern: re.Pattern[str], text: str, *, found: bool
) -> None:
    assert bool(pattern.search(text)) is found
