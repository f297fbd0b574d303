"""Imports inside fsql point down only, and never in a circle.

Read from the source with `ast`, so imports inside functions and under `TYPE_CHECKING` count too:
what a module needs to be understood is what matters, not when Python loads it.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the top down. A module may import its own layer and those below it. `fsql` itself is the list
# of public names, so it stands on top; a package's name stands for all of its modules.
LAYERS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "entry points",
        frozenset(
            {
                "fsql",
                "fsql.__main__",
                "fsql.cli",
                "fsql.gateway",
                "fsql.featurestore",
                "fsql.serving",
                "fsql.superset",
                "fsql.clients",
                "fsql.samples",
            }
        ),
    ),
    ("the façade", frozenset({"fsql.store"})),
    (
        "use cases",
        frozenset(
            {
                "fsql.training",
                "fsql.reader",
                "fsql.writer",
                "fsql.deletes",
                "fsql.checking",
                "fsql.compaction",
                "fsql.migration",
                "fsql.online",
                "fsql.doctor",
                "fsql.dumps",
                "fsql.exports",
                "fsql.lifecycle",
            }
        ),
    ),
    (
        "engines",
        frozenset(
            {
                "fsql.formats",
                "fsql.dialect",
                "fsql.dbapi",
                "fsql.catalog",
                "fsql.analysis",
                "fsql.cache",
                "fsql.compiler",
                "fsql.estimates",
                "fsql.failures",
                "fsql.formatting",
                "fsql.inserts",
                "fsql.numbered",
                "fsql.pep249",
                "fsql.planning",
                "fsql.results",
                "fsql.scalars",
                "fsql.textual",
                "fsql.ties",
                "fsql.transports",
            }
        ),
    ),
    (
        "the AWS session and its objects",
        frozenset({"fsql.storage", "fsql.aws", "fsql.outages", "fsql.sessions", "fsql.urls"}),
    ),
    ("the embedded AWS", frozenset({"fsql.local"})),
    (
        "the core",
        frozenset(
            {
                "fsql.model",
                "fsql.definition",
                "fsql.hivekeys",
                "fsql.options",
                "fsql.timeunits",
                "fsql.types",
                "fsql.columns",
                "fsql.typetext",
                "fsql.viewtext",
                "fsql.conversion",
                "fsql.rebuilding",
                "fsql.notes",
                "fsql.frames",
                "fsql.fitting",
                "fsql.naming",
                "fsql.errors",
            }
        ),
    ),
)

# The core does no I/O, knows no AWS and no engine. The PEP 249 classes that fsql's errors derive
# from are PyAthena's, so that code written for PyAthena catches them.
BARRED_FROM_CORE = frozenset(
    {"boto3", "botocore", "duckdb", "pyathena", "pyiceberg", "socket", "sqlite3", "subprocess"}
)
ALLOWED_IN_CORE = "pyathena.error"

# What a migration would do is worked out without any store; only running it needs one.
PURE = "fsql.migration.model"

# Only one module knows whether it talks to AWS or to the embedded store.
IMPORTERS_OF_LOCAL = frozenset({"fsql.aws"})

Imports = Mapping[str, frozenset[str]]


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(tree: ast.AST, package: str, modules: Container[str]) -> Iterator[str]:
    """What a module imports: for `from a import b` that is `a.b` if it is a module, else `a`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = ".".join(filter(None, [base(package, node.level), node.module]))
            for alias in node.names:
                name = f"{origin}.{alias.name}"
                yield name if name in modules else origin


def base(package: str, level: int) -> str:
    """What `level` dots stand for in a module of `package`; nothing for no dots."""
    return package.rsplit(".", level - 1)[0] if level else ""


def read_imports(root: Path) -> Imports:
    """For each module below `root`/fsql, the modules that it imports, fsql's and others'."""
    paths = {module_name(path, root): path for path in sorted((root / "fsql").rglob("*.py"))}
    return {name: read_module(name, path, paths) for name, path in paths.items()}


def read_module(name: str, path: Path, modules: Container[str]) -> frozenset[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return frozenset(imported_names(ast.parse(path.read_text("utf-8")), package, modules))


def layer_of(module: str) -> int | None:
    """The layer's index from the top; `fsql` stands for itself alone, not for its submodules."""
    for depth, (_, members) in enumerate(LAYERS):
        if module in members or (
            module.count(".") > 1 and ".".join(module.split(".")[:2]) in members
        ):
            return depth
    return None


def inside(imports: Imports) -> dict[str, frozenset[str]]:
    """Only the imports between fsql's own modules; a module doesn't import itself."""
    return {
        name: frozenset(target for target in targets if target in imports) - {name}
        for name, targets in imports.items()
    }


def upward(imports: Imports) -> list[str]:
    found = []
    for name, targets in inside(imports).items():
        for target in sorted(targets):
            here, there = layer_of(name), layer_of(target)
            if here is not None and there is not None and there < here:
                found.append(f"{name} ({LAYERS[here][0]}) imports {target} ({LAYERS[there][0]})")
    return found


def cycle(imports: Imports) -> list[str]:
    try:
        TopologicalSorter(inside(imports)).prepare()
    except CycleError as error:
        members: list[str] = error.args[1]
        return members
    return []


@pytest.fixture(scope="module")
def imports() -> Imports:
    return read_imports(ROOT)


def test_every_module_has_a_layer(imports: Imports) -> None:
    unknown = sorted(name for name in imports if layer_of(name) is None)
    assert not unknown, (
        f"{', '.join(unknown)}: in no layer. Add it to LAYERS in tests/test_layers.py, "
        "in the lowest layer from which it imports nothing above."
    )


def test_imports_point_down(imports: Imports) -> None:
    found = upward(imports)
    assert not found, "a layer imports one above it: " + "; ".join(found)


def test_no_import_cycles(imports: Imports) -> None:
    found = cycle(imports)
    assert not found, "imports go in a circle: " + " <- ".join(found)


def test_the_core_does_no_io(imports: Imports) -> None:
    core = len(LAYERS) - 1
    found = [
        f"{name} imports {target}"
        for name, targets in imports.items()
        if layer_of(name) == core
        for target in sorted(targets)
        if target.partition(".")[0] in BARRED_FROM_CORE and target != ALLOWED_IN_CORE
    ]
    assert not found, f"the core has no I/O, no AWS and no engine, but {', '.join(found)}"


def test_what_migrations_would_do_needs_no_store(imports: Imports) -> None:
    core = {name for name in imports if layer_of(name) == len(LAYERS) - 1}
    pure = {name for name in imports if name.startswith(PURE)}
    found = [
        f"{name} imports {target}"
        for name in sorted(pure)
        for target in sorted(imports[name])
        if target.partition(".")[0] in BARRED_FROM_CORE
        or (target.startswith("fsql") and target not in pure | core)
    ]
    assert pure
    assert not found, f"pure modules import the core and each other only, but {', '.join(found)}"


def test_one_module_knows_the_embedded_store(imports: Imports) -> None:
    found = [
        f"{name} imports {target}"
        for name, targets in imports.items()
        if name not in IMPORTERS_OF_LOCAL and not name.startswith("fsql.local")
        for target in sorted(targets)
        if target.startswith("fsql.local")
    ]
    assert not found, f"only {', '.join(sorted(IMPORTERS_OF_LOCAL))} may: {', '.join(found)}"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A tree of four modules, in which errors.py may import nothing."""
    (tmp_path / "fsql" / "local").mkdir(parents=True)
    for name in ("__init__", "store", "errors", "local/__init__", "local/glue"):
        (tmp_path / "fsql" / f"{name}.py").write_text("")
    return tmp_path


def test_a_lazy_upward_import_is_found(package: Path) -> None:
    source = "def f():\n    from fsql.store import FeatureStore\n    return FeatureStore\n"
    (package / "fsql" / "errors.py").write_text(source)
    assert upward(read_imports(package)) == [
        "fsql.errors (the core) imports fsql.store (the façade)"
    ]


def test_a_public_name_counts_as_the_top(package: Path) -> None:
    (package / "fsql" / "store.py").write_text("from fsql import connect, errors\n")
    assert read_imports(package)["fsql.store"] == {"fsql", "fsql.errors"}
    assert len(upward(read_imports(package))) == 1


def test_a_relative_import_is_read(package: Path) -> None:
    (package / "fsql" / "local" / "glue.py").write_text("from ..store import A\nfrom . import s3\n")
    assert read_imports(package)["fsql.local.glue"] == {"fsql.store", "fsql.local"}


def test_a_cycle_is_found(package: Path) -> None:
    (package / "fsql" / "local" / "__init__.py").write_text("import fsql.local.glue\n")
    (package / "fsql" / "local" / "glue.py").write_text("from fsql.local import attach\n")
    assert set(cycle(read_imports(package))) == {"fsql.local", "fsql.local.glue"}


def test_an_unlisted_module_has_no_layer() -> None:
    assert layer_of("fsql.utilities") is None
    assert layer_of("fsql.local.glue") == layer_of("fsql.local")
