"""What migrations can do to a feature group, as data: applied, reversed, compared and said."""
