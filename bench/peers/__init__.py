"""The stores that nacre is measured against, each run in an environment of its own."""
