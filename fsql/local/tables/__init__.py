"""Tables as the engine reads and writes them: Iceberg, Hive and views."""
