"""Alembic as its users run it, in this process or in one of its own, and a group to migrate."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from fsql import FeatureGroup
from fsql.types import Struct, Timestamp

__all__ = ["SAMPLE", "alembic", "config", "downgrade", "ran", "readings", "started", "upgrade"]

SAMPLE = Path(__file__).parent.parent
"""Where the flights sample's migrations and their settings are."""


def config(url: str, folder: Path = SAMPLE) -> Config:
    """The settings in a folder's pyproject.toml, for one store; what commands say is dropped."""
    made = Config(toml_file=folder / "pyproject.toml", stdout=io.StringIO())
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(url: str, to: str = "head", folder: Path = SAMPLE) -> None:
    """Go up, in this process."""
    command.upgrade(config(url, folder), to)


def downgrade(url: str, to: str = "base", folder: Path = SAMPLE) -> None:
    """Go down, in this process."""
    command.downgrade(config(url, folder), to)


def started(url: str, *arguments: str, folder: Path = SAMPLE) -> subprocess.Popen[str]:
    """``alembic …`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=folder,
        env={**os.environ, "FSQL_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(url: str, *arguments: str, folder: Path = SAMPLE) -> tuple[int, str]:
    """The exit code of ``alembic …``, and all that it says."""
    process = started(url, *arguments, folder=folder)
    said = process.communicate()
    return process.returncode, "".join(said)


def alembic(url: str, *arguments: str, folder: Path = SAMPLE) -> str:
    """What ``alembic …`` says.

    Raises:
        AssertionError: it failed.
    """
    code, said = ran(url, *arguments, folder=folder)
    assert code == 0, said
    return said


def readings(table: str, **options: Any) -> FeatureGroup:
    """A group of what sensors read, by day unless told otherwise."""
    client, app, entity, version = table.split("_")
    usual = {"partition_by": ["day(t)"], "description": "what was read"}
    return FeatureGroup(
        client,
        app,
        entity,
        version,
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", Timestamp("ms")),
        sa.Column("temp", sa.Double, comment="degrees"),
        sa.Column("seats", sa.Integer),
        sa.Column("wind", Struct(dir=sa.Integer, speed=sa.Double)),
        keys=["k"],
        event_time="t",
        **{**usual, **options},
    )
