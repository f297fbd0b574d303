"""Training sets: the features that held for each row of a spine at its time, and nothing later."""

from __future__ import annotations

from fsql.training.asked import GroupKey, Terms
from fsql.training.training_set import TrainingSet

__all__ = ["GroupKey", "Terms", "TrainingSet"]
