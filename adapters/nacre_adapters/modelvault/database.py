"""The database: collections, their schemas, and their rows by key."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from nacre_adapters.modelvault import registration, snapshots
from nacre_adapters.modelvault.arguments import (
    MISSING,
    check_given,
    check_recovery,
    given,
    required,
)
from nacre_adapters.modelvault.copies import open_copy
from nacre_adapters.modelvault.errors import as_interface
from nacre_adapters.modelvault.handle import Handle
from nacre_adapters.modelvault.places import (
    Place,
    Source,
    checked_path,
    open_in_memory,
    open_vault,
)
from nacre_adapters.modelvault.query import Collection
from nacre_adapters.modelvault.shape import Row
from nacre_adapters.modelvault.transaction import Transaction

_NO_RECOVERY: Mapping[str, object] = {"truncated_bytes": 0, "truncate_reason": None}


class Database:
    """Typed collections in one file; `with` closes it, and so does the collector."""

    def __init__(self, place: Place) -> None:
        self.handle = Handle(place)
        """What the queries and the models of this database use."""

    @staticmethod
    def open(
        path: Source,
        *,
        read_only: bool = False,
        recovery: str | None = None,
    ) -> "Database":
        """Open the database at a path, or in an open vault; create the file when it is absent.

        With *recovery* "strict" all that is in it is verified first, which takes time.

        Raises:
            CannotOpen: it cannot be opened, or another process writes it.
            ModelVaultFormatError: something else is there, or it is damaged.
        """
        check_recovery(recovery)
        with as_interface:
            return Database(open_vault(path, read_only=read_only, strict=recovery == "strict"))

    @staticmethod
    def open_in_memory() -> "Database":
        """Open a database that is gone when it is closed."""
        return Database(open_in_memory())

    @staticmethod
    def open_snapshot(path: str | os.PathLike[str]) -> "Database":
        """Open a copy in memory of a file, checked as a whole; it can be written.

        Raises:
            ModelVaultFormatError: it is damaged, or something else.
        """
        return Database(open_copy(Path(checked_path("path", path))))

    @staticmethod
    def open_snapshot_bytes(data: bytes) -> "Database":
        """Open a copy in memory of what `snapshot_bytes` gave, checked as a whole.

        Raises:
            ModelVaultFormatError: it is damaged, or something else.
        """
        return Database(open_copy(data))

    @staticmethod
    def restore_snapshot(
        snapshot_path: str | os.PathLike[str], dest_path: str | os.PathLike[str]
    ) -> None:
        """Put a snapshot that was verified in the place of a file that nobody writes."""
        snapshots.restore(snapshot_path, dest_path)

    def path(self) -> str:
        """Return the path as it was given; ":memory:" in memory."""
        return self.handle.place.shown

    @property
    def recovery_info(self) -> dict[str, object]:
        """What opening cut off: nothing, ever. A commit is whole or not there."""
        return dict(_NO_RECOVERY)

    def register_collection(
        self,
        name: str,
        fields_json: str,
        primary_field: str,
        indexes_json: str | None = None,
    ) -> tuple[int, int]:
        """Make a collection, and return its id and the version of its schema, 1.

        Raises:
            ModelVaultSchemaError: there is one of that name, or fields are in each other's way.
            ModelVaultValidationError: the primary field cannot be one.
        """
        return registration.register(
            self.handle, name, fields_json, primary_field, indexes_json=indexes_json
        )

    def register_schema_version(
        self,
        collection_name: str | None = None,
        fields_json: str | None = None,
        indexes_json: str | None = None,
        force: bool = False,
        *,
        name: str | None = None,
    ) -> int:
        """Give a collection another schema, and return its version.

        With *force* also one that old rows do not satisfy: they stay as they are, and readable,
        until they are written or backfilled.

        Raises:
            ModelVaultSchemaError: it needs a migration, or is breaking, and is not forced.
        """
        name = given("collection_name", collection_name, name)
        fields_json = required("fields_json", fields_json)
        return registration.change(self.handle, name, fields_json, indexes_json, force=force)

    def plan_schema_version(
        self,
        collection_name: str | None = None,
        fields_json: str | None = None,
        indexes_json: str | None = None,
        *,
        name: str | None = None,
    ) -> dict[str, object]:
        """Return what another schema would take: "change", "reason" and "steps"."""
        name = given("collection_name", collection_name, name)
        fields_json = required("fields_json", fields_json)
        return registration.plan(self.handle, name, fields_json, indexes_json).to_dict()

    def backfill_top_level_field(
        self,
        collection_name: str | None = None,
        field: str | None = None,
        value: object = MISSING,
        *,
        name: str | None = None,
    ) -> None:
        """Give a field a value in all rows that are without it."""
        name = given("collection_name", collection_name, name)
        check_given("value", value)
        registration.backfill(self.handle, name, required("field", field), value)

    def backfill_field_at_path(
        self,
        collection_name: str | None = None,
        path: object = None,
        value: object = MISSING,
        *,
        name: str | None = None,
    ) -> None:
        """Give a field at a path, a list of names, a value in all rows that are without it."""
        name = given("collection_name", collection_name, name)
        check_given("value", value)
        registration.backfill_at(self.handle, name, required("path", path), value)

    def rebuild_indexes(
        self, collection_name: str | None = None, *, name: str | None = None
    ) -> None:
        """Do nothing: indexes are always whole. `nacre verify` proves it."""
        self.handle.shape(given("collection_name", collection_name, name))

    def insert(
        self, collection_name: str | None = None, row: object = MISSING, *,
        collection: str | None = None,
    ) -> None:  # fmt: skip
        """Store a row, new or in place of the whole row with its key.

        Raises:
            ModelVaultValidationError: it does not fit; what is wrong is a TypeError as well.
            ModelVaultSchemaError: a unique value is taken, or its key is missing.
        """
        name = given("collection_name", collection_name, collection)
        check_given("row", row)
        self.handle.insert(name, row)

    def get(
        self, collection_name: str | None = None, pk: object = MISSING, *,
        collection: str | None = None,
    ) -> Row | None:  # fmt: skip
        """Return the row of a primary key, its names in order; None when there is none."""
        if collection_name is None or pk is MISSING:  # checks cost a tenth of what a get does
            check_given("pk", pk)
            collection_name = given("collection_name", collection_name, collection)
        return self.handle.get(collection_name, pk)

    def delete(
        self, collection_name: str | None = None, pk: object = MISSING, *,
        collection: str | None = None,
    ) -> None:  # fmt: skip
        """Delete the row of a primary key, if there is one."""
        check_given("pk", pk)
        self.handle.delete(given("collection_name", collection_name, collection), pk)

    def transaction(self) -> Transaction:
        """Return a `with` block: all that is written in it is committed when it ends, or nothing.

        It belongs to this thread. Others that want to write wait until it ends.
        """
        return Transaction(self.handle)

    def collection_names(self) -> list[str]:
        """Return the names of all collections, by code point."""
        return self.handle.catalogue().names()

    def collection(self, name: str) -> Collection:
        """Return all rows of a collection, to query.

        Raises:
            ModelVaultSchemaError: there is none of that name.
        """
        return Collection(self.handle, name)

    def export_snapshot(self, dest_path: str | os.PathLike[str]) -> None:
        """Write all that was committed to a file, whole or not at all."""
        snapshots.export(self.handle, dest_path)

    def snapshot_bytes(self) -> bytes:
        """Return what a file of this database in memory would be."""
        return snapshots.image(self.handle)

    def compact(self) -> None:
        """Compress the log, and give back the space that nothing needs."""
        snapshots.compact(self.handle)

    def compact_to(self, dest_path: str | os.PathLike[str]) -> None:
        """Write all that was committed to a file, without free space."""
        snapshots.export(self.handle, dest_path, call="compact_to")

    def checkpoint(self) -> None:
        """Do nothing: the database opens at once without any."""
        snapshots.checkpoint(self.handle)

    def close(self) -> None:
        """Release the file. Idempotent."""
        self.handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
