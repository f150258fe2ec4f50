"""Typed collections of rows: indexes, queries, bulk loads, the history of every row.

What needs Arrow is imported when it is first asked for: that takes longer than many commands.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from nacre.rows.conditions import Condition, field
from nacre.rows.definition import Definition
from nacre.rows.schema import Field, Index, Schema
from nacre.rows.view import Rows

if TYPE_CHECKING:
    from nacre.rows.collection import Collection
    from nacre.rows.collections import Collections
    from nacre.rows.home import StagedHome, VaultHome
    from nacre.rows.query import Query

__all__ = [
    "Collection",
    "Collections",
    "Condition",
    "Definition",
    "Field",
    "Index",
    "Query",
    "Rows",
    "Schema",
    "StagedHome",
    "VaultHome",
    "field",
]

_HOMES = {
    "Collection": "collection",
    "Collections": "collections",
    "Query": "query",
    "StagedHome": "home",
    "VaultHome": "home",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f"nacre.rows.{_HOMES[name]}"), name)
    return globals()[name]
