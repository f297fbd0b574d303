"""Alembic's configuration for `fsql migrate`: a project's, or one that needs no file."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config

from fsql.errors import ConfigError
from fsql.migration.projects.project import INI, MIGRATIONS, MODELS, PYPROJECT

__all__ = ["configured", "url_of_project"]


def configured(
    url: str | None = None,
    models: str | None = None,
    folder: Path | None = None,
    flags: Mapping[str, bool] | None = None,
) -> Config:
    """What Alembic's commands take, for the folder that the process works in.

    Args:
        url: of the store; None is the project's.
        models: "module:name" of the MetaData; None is what the project's env.py says.
        folder: of the revisions; None is the project's, or ``migrations``.
        flags: what ``alembic -x`` takes, such as ``{"allow-breaking": True}``.

    Raises:
        ConfigError: there is no env.py in the folder and no `models`, or `models` cannot be had.
    """
    given = [name for name, value in (flags or {}).items() if value]
    config = Config(
        INI if Path(INI).exists() else None,
        PYPROJECT if Path(PYPROJECT).exists() else None,
        stdout=sys.stdout,
        cmd_opts=Namespace(x=given or None),
    )
    if url is not None:
        _set(config, "sqlalchemy.url", url)
    if folder is None:
        folder = Path(config.get_alembic_option("script_location", MIGRATIONS))
    if models is not None:
        config.attributes["metadata"] = _metadata(models)
        _set(config, "script_location", str(files("fsql.migration").joinpath("templates")))
        _set(config, "path_separator", "os")
        _set(config, "version_locations", str(folder.absolute() / "versions"))
    elif (folder / "env.py").exists():
        _set(config, "script_location", str(folder))
    else:
        raise ConfigError(
            f"{folder} has no env.py. Make a project by `fsql init`, or say where the groups are"
            f" declared by --models, such as --models {MODELS}."
        )
    return config


def url_of_project() -> str:
    """The store of the project in the folder that the process works in, else the default one."""
    config = Config(
        INI if Path(INI).exists() else None, PYPROJECT if Path(PYPROJECT).exists() else None
    )
    return config.get_alembic_option("sqlalchemy.url") or "fsql://"


def _set(config: Config, option: str, value: str) -> None:
    config.set_main_option(option, value.replace("%", "%%"))


def _metadata(models: str) -> sa.MetaData:
    module, _, name = models.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(import_module(module), name or "metadata", None)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--models {models}: {error}. Expected a module, as it is imported."
        ) from error
    finally:
        sys.path.remove(str(Path.cwd()))
    if not isinstance(found, sa.MetaData):
        raise ConfigError(
            f"--models {models} is {found!r}. Expected the name of a sqlalchemy.MetaData."
        )
    return found
