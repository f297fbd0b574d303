"""Feature groups as Parquet files in Hive-style folders, visible by manifests."""
