"""Projects with migrations: made by `fsql init`, run by `fsql migrate`."""
