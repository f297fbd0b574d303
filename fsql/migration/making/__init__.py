"""Changes made to a store's tables: each whole or not at all, and once."""
