"""Bringing a file of modelvault 0.16 over into a new database."""

import json
from dataclasses import dataclass
from pathlib import Path

from nacre_adapters.modelvault.database import Database
from nacre_adapters.modelvault.errors import CannotOpen
from nacre_adapters.modelvault.original import read_original


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was brought over."""

    collections: int
    rows: int
    notes: tuple[str, ...]
    """What could not be found out of the schemas."""


def import_original(source: Path, target: Path) -> Imported:
    """Bring all collections of a file over into a new one, in one commit.

    Raises:
        NotFound: the package modelvault is not installed.
        CannotOpen: there is no such file, or the target is there already.
        ModelVaultFormatError: the file is none of modelvault's.
    """
    if target.exists():
        raise CannotOpen(f"{target} is there already: name a new file")
    found = list(read_original(source))
    with Database.open(target) as db, db.transaction():
        for original in found:
            db.register_collection(
                original.name,
                json.dumps(original.fields),
                original.primary,
                json.dumps(original.indexes),
            )
            for row in original.rows:
                db.insert(original.name, row)
    return Imported(
        collections=len(found),
        rows=sum(len(original.rows) for original in found),
        notes=tuple(note for original in found for note in original.notes),
    )
