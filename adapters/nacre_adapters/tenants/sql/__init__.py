"""Expressions of SQL over rows: read with sqlglot, run as SQLite would run them."""
