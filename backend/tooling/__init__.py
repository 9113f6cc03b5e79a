"""What `make` runs: setting up, starting, and services for tests (standard library)."""
