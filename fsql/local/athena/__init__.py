"""The Athena service: its API, queries and results."""
