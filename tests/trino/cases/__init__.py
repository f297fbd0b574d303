"""Cases by topic: see `tests.trino`."""
