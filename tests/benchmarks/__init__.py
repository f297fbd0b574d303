"""Measurements beside peers, in one run. ``make bench`` runs them and writes RESULTS.md."""
