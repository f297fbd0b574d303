"""An Athena before a Glue and an S3 that are not ours, reached through their public APIs alone."""
