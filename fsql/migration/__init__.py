"""Migrations: feature groups evolve by reviewed Alembic revisions."""
