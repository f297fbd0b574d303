"""Which process a query or a working folder belongs to, and whether it still lives."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import lru_cache
from pathlib import Path

__all__ = ["is_alive", "this_process"]


def this_process() -> str:
    """This process, unlike any before or after it: host, pid and the time it started."""
    return f"{_host()}:{os.getpid()}:{_started(os.getpid())}"


def is_alive(owner: str) -> bool:
    """Whether a process still runs; one on another host is given the benefit of the doubt."""
    host, pid, started = owner.split(":")
    return host != _host() or _started(int(pid)) == started


@lru_cache(maxsize=1)
def _host() -> str:
    # Containers with one host name have pids of their own: the pid namespace tells them apart.
    try:
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)  # noqa: PTH116 (a link to no path)
    except OSError:
        namespace = ""
    return f"{platform.node().replace(':', '_')}/{namespace}"


def _started(pid: int) -> str:
    """When the process with this pid started, in some unit of the system; "" if there is none."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _started_by_ps(pid)
    # The second field is the command in parentheses and may hold anything; the 22nd is the time.
    fields = status.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


def _started_by_ps(pid: int) -> str:
    shown = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip().replace(":", ".")
