"""Helpers for single AWS services, usable without a feature group."""
