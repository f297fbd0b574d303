"""Runnable samples on real data."""
