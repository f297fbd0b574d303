"""What a project's env.py calls: Alembic's commands, run against a store."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging.config import fileConfig
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error

from fsql.dialect import create_engine
from fsql.errors import FsqlError
from fsql.migration.projects.progress import is_silent
from fsql.migration.proposing import autogenerate
from fsql.migration.runtime import operations
from fsql.migration.runtime.flags import Flags
from fsql.migration.runtime.impl import FLAGS, LOCATION, FsqlImpl
from fsql.urls import SECRET_ARGUMENTS, parse_url

__all__ = ["run"]

REGISTERED = (autogenerate, operations)  # with Alembic, as they are imported

_FAILURES = (FsqlError, Error, sa.exc.SQLAlchemyError, BotoCoreError, ClientError)
_LOGGERS = ("alembic", "fsql.migration")
_LINE = "%(levelname)-5.5s [%(name)s] %(message)s"  # as in the env.py that Alembic makes


def run(
    metadata: sa.MetaData | Sequence[sa.MetaData] | None = None,
    *,
    on_version_apply: Any = (),
    **options: Any,
) -> None:
    """Do what the command that Alembic runs asks for; all that an env.py says.

    ``fsql.migration.run(features.metadata)``

    The store is that of ``-x url=…``, else of ``sqlalchemy.url`` in pyproject.toml's
    ``[tool.alembic]`` or in alembic.ini, else of FSQL_URL; a program may also put an open
    connection of fsql's into ``config.attributes["connection"]``. ``-x allow-breaking``,
    ``-x adopt``, ``-x force`` and ``-x takeover`` are explained in docs/migrations.md.

    Args:
        metadata: of the declared feature groups, for ``--autogenerate`` and ``check``.
        on_version_apply, options: what `alembic.context.configure` takes, such as version_table,
            version_table_schema, include_name, include_object and process_revision_directives.

    Raises:
        FsqlError: the command cannot be done. Run by ``alembic``, the process says so on standard
            error and ends with exit code 1 instead.
    """
    config = context.config
    given = context.get_x_argument(as_dictionary=True)
    url = given.get("url") or config.get_alembic_option("sqlalchemy.url") or "fsql://"
    callbacks = on_version_apply if isinstance(on_version_apply, Sequence) else [on_version_apply]
    with _logged(config), _worded(config, url):
        settings = {
            "target_metadata": metadata,
            "on_version_apply": [_settle, *callbacks],
            FLAGS: Flags.of(given),
            "autogenerate_plugins": [],  # none but `autogenerate`, which needs no name
            **options,
        }
        if context.is_offline_mode():
            _offline(url, settings)
        else:
            _online(config, url, settings)


def _online(config: Config, url: str, settings: Mapping[str, Any]) -> None:
    connection: sa.Connection | None = config.attributes.get("connection")
    if connection is not None:
        _run(connection=connection, **settings)
        return
    engine = create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        _run(connection=connection, **settings)


def _offline(url: str, settings: Mapping[str, Any]) -> None:
    location = parse_url(url)
    dialect = {"paramstyle": "named"}  # so that percent signs stay as they are
    _run(
        url="fsql://", literal_binds=True, dialect_opts=dialect, **settings, **{LOCATION: location}
    )


def _run(**settings: Any) -> None:
    context.configure(**settings)
    with context.begin_transaction():
        context.run_migrations()


def _settle(*, ctx: Any, **kw: Any) -> None:
    """Write what a revision brings the store to in one call, however many heads change."""
    if isinstance(ctx.impl, FsqlImpl):
        ctx.impl.settle()


@contextmanager
def _worded(config: Config, url: str) -> Iterator[None]:
    """An error ends the process with words, if Alembic's command line runs in it."""
    try:
        yield
    except _FAILURES as error:
        if not _is_command(config) or getattr(config.cmd_opts, "raiseerr", False):
            raise
        raise SystemExit(f"FAILED: {_without_secrets(_words(error), url)}") from None


def _is_command(config: Config) -> bool:
    return hasattr(config.cmd_opts, "cmd")  # the command's function, which argparse puts there


def _words(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return "\n".join([str(original), *getattr(error, "__notes__", ())])


def _without_secrets(text: str, url: str) -> str:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        return text.replace(url, "the URL")
    secrets = [parsed.password, *(parsed.query.get(name) for name in SECRET_ARGUMENTS)]
    for secret in secrets:
        if secret:
            text = text.replace(str(secret), "***")
    return text


@contextmanager
def _logged(config: Config) -> Iterator[None]:
    """Alembic's lines on standard error, where nothing else is set up for them."""
    if config.config_file_name is not None and config.file_config.has_section("loggers"):
        fileConfig(config.config_file_name, disable_existing_loggers=False)
    silent = (
        [] if not _is_command(config) else [*filter(is_silent, map(logging.getLogger, _LOGGERS))]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_LINE))
    before = [logger.level for logger in silent]
    for logger in silent:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(silent, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
