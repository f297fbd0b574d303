"""What is seen of a store's migrations: drift, history, health."""
