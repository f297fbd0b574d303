"""Alembic's runtime on a store: operations, version table, journal, offline mode."""
