"""Clients as processes of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def told(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    folder: Path | None = None,
    code: int = 0,
    seconds: float = 300,
) -> str:
    """What a command printed; fails with all that it said if it ends with another code."""
    run = subprocess.run(
        [os.fspath(word) for word in command],
        env=dict(environment),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    said = f"$ {' '.join(map(str, command))}\n{run.stdout}\n{run.stderr}"
    assert run.returncode == code, said
    return run.stdout
