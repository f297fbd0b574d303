"""The classic four on a small frame: create, upload, dump, read.

Run it with ``python -m fsql.samples.fg_sample [URL]``; without a URL it makes the store
``fg_sample`` in the folder that it runs in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pandas as pd

from fsql.dialect import create_engine
from fsql.featurestore import create_fg, dump_fg, read_fg, upload_fg

__all__ = ["activity", "run"]

Echo = Callable[[str], None]
SQL = """
    SELECT user_id, max(clicks) AS most, max_by(device, seen) AS device, max(seen) AS seen
    FROM business_user_activity
    GROUP BY user_id ORDER BY user_id
"""


def activity() -> pd.DataFrame:
    """What three users did, with epoch seconds as its time."""
    return pd.DataFrame(
        {
            "user_id": ["u1", "u1", "u2", "u3"],
            "seen": [1_784_000_000, 1_784_000_060, 1_784_000_120, 1_784_000_180],
            "clicks": [3, 5, 0, 2],
            "device": [
                {"os": "linux", "screens": [1080, 1440]},
                {"os": "linux", "screens": []},
                None,
                {"os": "ios", "screens": [2532]},
            ],
        }
    )


def run(url: str, echo: Echo) -> None:
    """Do it all in the store of a URL, and tell what happens.

    Running it again finds the feature group there and uploads once more.
    """
    engine = create_engine(url)
    client, app, entity, version = "business", "user", "activity", "v0001"
    frame = activity()
    created, response = create_fg(
        client, app, entity, version, "seen", "s", frame, keys="user_id", engine=engine
    )
    echo(f"create_fg: {created}, {response}")
    uploaded, response = upload_fg(client, app, entity, version, frame, engine=engine)
    echo(f"upload_fg: {uploaded}, {response}")
    dumped, query_id, path, response = dump_fg(SQL, engine=engine)
    echo(f"dump_fg: {dumped}, {query_id}, {path}, {response}")
    read, schema = read_fg(query_id or "", engine=engine)
    echo(f"read_fg:\n{read}\n\n{schema}")


def main(arguments: list[str]) -> None:
    """Run the sample in the store of the first argument."""
    run(arguments[0] if arguments else "fsql:///fg_sample", _print)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
