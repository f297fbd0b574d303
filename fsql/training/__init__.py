"""Training sets: the features that held for each row of a spine at its time, and nothing later."""

from __future__ import annotations

from fsql.training.asked import GroupKey, Terms
from fsql.training.differences import Difference
from fsql.training.manifest import Manifest
from fsql.training.shelf import Shelf
from fsql.training.stored import load
from fsql.training.training_set import TrainingSet

__all__ = ["Difference", "GroupKey", "Manifest", "Shelf", "Terms", "TrainingSet", "load"]
