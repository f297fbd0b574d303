"""Environments of their own, for clients and tools whose requirements don't go with fsql's.

Each is made of the pins in ``<name>.txt`` beside this file: lines of ``name==version``, or ``-e .``
for fsql itself. Making one may take a minute or two: give such tests
``pytest.mark.slow`` and a ``pytest.mark.timeout`` that allows for it.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".envs"


def python(name: str) -> Path:
    """The interpreter of the environment ``name``; made by pip if missing or of other pins.

    Several processes may ask at once: one makes it, the others wait.

    Raises:
        FileNotFoundError: there is no list of that name.
        subprocess.CalledProcessError: pip couldn't install the list; what it said is on stderr.
    """
    wanted = f"{sys.version}\n{pins(name)}"
    folder = FOLDER / name
    interpreter, stamp = folder / "bin" / "python", folder / "installed.txt"
    with _alone(name):
        if not stamp.exists() or stamp.read_text() != wanted:
            sys.stderr.write(f"Making {folder.relative_to(ROOT)} …\n")
            _make(folder, interpreter, _list(name))
            stamp.write_text(wanted)
    return interpreter


def pins(name: str) -> str:
    """The list of the environment ``name``."""
    return _list(name).read_text("utf-8")


def version(name: str, distribution: str) -> str:
    """The release of a distribution that the environment ``name`` pins."""
    return dict(line.split("==") for line in pins(name).split() if "==" in line)[distribution]


def command(name: str, script: str) -> Path:
    """A command that the environment ``name`` has installed, such as ``dbt``."""
    return python(name).with_name(script)


def _list(name: str) -> Path:
    return Path(__file__).with_name(f"{name}.txt")


def _make(folder: Path, interpreter: Path, wanted: Path) -> None:
    venv = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)]
    subprocess.run(venv, check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "--quiet"]
    # What nobody imports need not be compiled: most of it.
    install = [*pip, "--disable-pip-version-check", "install", "--no-compile", "-r", str(wanted)]
    subprocess.run(install, check=True, cwd=ROOT)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        yield
