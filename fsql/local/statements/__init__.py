"""Statements: what they say, and what each one does."""
