"""What autogenerate proposes, and its source text."""
