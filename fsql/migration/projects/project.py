"""What `fsql init` writes: a project whose feature groups Alembic's own commands migrate."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from fsql.errors import ConfigError

__all__ = ["MIGRATIONS", "MODELS", "Project"]

MIGRATIONS = "migrations"
MODELS = "features:metadata"
PYPROJECT = "pyproject.toml"
INI = "alembic.ini"


@dataclass(frozen=True)
class Project:
    """A project that is to be made.

    Attributes:
        folder: where; made if it is missing.
        url: of the store, see `fsql.create_engine`.
        models: "module:name" of the `sqlalchemy.MetaData`; the module is written with an example
            if it is the default one, and is the project's own otherwise.
        ini: settings go to alembic.ini instead of pyproject.toml.
        migrations: the folder of revisions within `folder`.
    """

    folder: Path
    url: str = "fsql://"
    models: str = MODELS
    ini: bool = False
    migrations: str = MIGRATIONS

    def make(self) -> list[Path]:
        """Write it, all of it or nothing; the files that are new or longer, in their order.

        Raises:
            ConfigError: something that it would write is there already, or `models` names no
                module and name in it.
        """
        settings = self._settings()
        written = self._files()
        in_the_way = [*self._in_the_way(written)]
        if in_the_way:
            raise ConfigError(
                f"{self.folder} has {', '.join(in_the_way)} already. Nothing was written. Take"
                " another folder, or move that away first."
            )
        (self.folder / self.migrations / "versions").mkdir(parents=True)
        for path, text in written.items():
            path.write_text(text, "utf-8")
        config = self.folder / (INI if self.ini else PYPROJECT)
        config.write_text(_appended(config, settings), "utf-8")
        ignored = self.folder / ".gitignore"
        ignored.write_text(_ignoring(ignored), "utf-8")
        return [config, *(path for path in written if written[path])]

    def _files(self) -> dict[Path, str]:
        module, metadata = self._names()
        folder = self.folder / self.migrations
        found = {
            folder / "env.py": _template("env.py", {"module": module, "metadata": metadata}),
            folder / "script.py.mako": _read("script.py.mako"),
            folder / "versions" / ".gitkeep": "",  # git knows no empty folders
        }
        if self.models == MODELS:
            found[self.folder / f"{module}.py"] = _template("features.py", {})
        return found

    def _settings(self) -> str:
        # Both files take %(here)s for their own folder, and %% for a percent sign.
        values = {"folder": f"%(here)s/{self.migrations}", "url": self.url.replace("%", "%%")}
        if self.ini:
            return _template(INI, values)
        return _template(PYPROJECT, {name: _toml(value) for name, value in values.items()})

    def _names(self) -> tuple[str, str]:
        module, _, metadata = self.models.partition(":")
        names = [*module.split("."), metadata]
        if not all(name.isidentifier() for name in names):
            raise ConfigError(
                f"models {self.models!r}. Expected a module and the name of its MetaData, such as"
                f" {MODELS!r} or 'shop.features:metadata'."
            )
        return module, metadata

    def _in_the_way(self, written: Mapping[Path, str]) -> Iterator[str]:
        folder = self.folder / self.migrations
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            yield f"{self.migrations}/"
        for path in written:
            if path.parent == self.folder and path.exists():
                yield path.name
        if (self.folder / INI).exists():  # Alembic asks it before pyproject.toml
            yield INI
        if not self.ini and "alembic" in _tools(self.folder / PYPROJECT):
            yield f"[tool.alembic] in {PYPROJECT}"


def _tools(pyproject: Path) -> Mapping[str, object]:
    if not pyproject.exists():
        return {}
    try:
        tools: Mapping[str, object] = tomllib.loads(pyproject.read_text("utf-8")).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{pyproject} cannot be read: {error}. Mend it first.") from error
    return tools


def _appended(config: Path, settings: str) -> str:
    before = config.read_text("utf-8").rstrip() if config.exists() else ""
    return f"{before}\n\n{settings}" if before else settings


def _ignoring(path: Path) -> str:
    """A .gitignore that leaves out the store which ``fsql://`` makes; in git it has no place."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    if not {".fsql", ".fsql/", "/.fsql/"} & {*lines}:
        lines.append("/.fsql/")
    return "\n".join([*lines, ""])


def _toml(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _template(name: str, values: Mapping[str, str]) -> str:
    return Template(_read(f"{name}.template")).substitute(values)


def _read(name: str) -> str:
    return files("fsql.migration").joinpath("templates", name).read_text("utf-8")
