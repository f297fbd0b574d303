"""awswrangler's own environment: it takes no pyarrow as new as fsql's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".bench" / "peers"
PINS = Path(__file__).with_name("peers.txt")


def python() -> str:
    """The environment's interpreter; made by pip if it is missing or its pins have changed."""
    interpreter, stamp = FOLDER / "bin" / "python", FOLDER / "installed.txt"
    if not stamp.exists() or stamp.read_text() != PINS.read_text():
        sys.stderr.write(f"Making {FOLDER.relative_to(ROOT)} for awswrangler …\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
        install = [str(interpreter), "-m", "pip", "install", "--quiet", "-r", str(PINS)]
        subprocess.run(install, check=True)
        stamp.write_text(PINS.read_text())
    return str(interpreter)


def versions() -> str:
    """The peers whose releases matter, for the report."""
    pins = dict(line.split("==") for line in PINS.read_text().split())
    return ", ".join(f"{name} {pins[name]}" for name in ("awswrangler", "pyarrow", "pandas"))
