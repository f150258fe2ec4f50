"""Schemas and databases for the tests of the adapter for ModelVault."""

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nacre_adapters.modelvault import Database

Made = TypeVar("Made")


def fields(**types: object) -> str:
    """Return a `fields_json` of top-level fields; a pair is a type and its constraints."""
    return json.dumps([_field([name], said) for name, said in types.items()])


def nested(*pairs: tuple[list[str], object]) -> str:
    """Return a `fields_json` of fields at paths."""
    return json.dumps([_field(path, said) for path, said in pairs])


def indexes(**said: tuple[str, str]) -> str:
    """Return an `indexes_json`: each has a dotted path and a kind."""
    return json.dumps(
        [
            {"name": name, "path": path.split("."), "kind": kind}
            for name, (path, kind) in said.items()
        ]
    )


def optional(said: object) -> object:
    return {"optional": said}


def opened(fields_json: str, indexes_json: str | None = None, *, primary: str = "id") -> Database:
    """Return a database in memory with the collection "c"."""
    db = Database.open_in_memory()
    db.register_collection("c", fields_json, primary, indexes_json)
    return db


def in_thread(work: Callable[[], Made]) -> Made:
    """Return what *work* returns in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(60)


class Undone(Exception):
    """Ends a transaction that is to leave nothing."""


def roll_back(db: Database, action: Callable[[], object]) -> None:
    """Do something in a transaction, and undo it."""
    with contextlib.suppress(Undone), db.transaction():
        action()
        raise Undone


def _field(path: list[str], said: object) -> dict[str, object]:
    if isinstance(said, tuple):
        return {"path": path, "type": said[0], "constraints": list(said[1:])}
    return {"path": path, "type": said}
