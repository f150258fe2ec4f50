"""State derived from the log by pure functions: views, their tables, catch-up and rebuild."""

from nacre.views.pairs import MemoryPairs, Pairs
from nacre.views.table import State, Table
from nacre.views.view import Change, View

__all__ = ["Change", "MemoryPairs", "Pairs", "State", "Table", "View"]
