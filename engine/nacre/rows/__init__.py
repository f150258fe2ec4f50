"""Typed collections of rows: indexes, queries, bulk loads, the history of every row."""

from nacre.rows.collection import Collection
from nacre.rows.collections import Collections
from nacre.rows.conditions import Condition, field
from nacre.rows.home import StagedHome, VaultHome
from nacre.rows.query import Query
from nacre.rows.schema import Field, Index, Schema
from nacre.rows.view import Rows

__all__ = [
    "Collection",
    "Collections",
    "Condition",
    "Field",
    "Index",
    "Query",
    "Rows",
    "Schema",
    "StagedHome",
    "VaultHome",
    "field",
]
