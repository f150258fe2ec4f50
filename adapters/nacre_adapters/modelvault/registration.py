"""Decisions about schemas: register a collection, change its schema, fill a field of old rows."""

from collections.abc import Mapping, Sequence

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.modelvault import events
from nacre_adapters.modelvault.errors import (
    Malformed,
    ModelVaultSchemaError,
    ModelVaultValidationError,
    WrongType,
    no_instance,
)
from nacre_adapters.modelvault.handle import Handle
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.migration import Plan, check_plan, next_schema, plan_change
from nacre_adapters.modelvault.paths import shown
from nacre_adapters.modelvault.schema import (
    Column,
    Schema,
    check_primary,
    checked_collection_name,
    filled,
    make_columns,
    not_text,
    parse_fields,
    parse_indexes,
    to_data,
)
from nacre_adapters.modelvault.views import Catalogue


def register(
    handle: Handle,
    name: str,
    fields_json: str,
    primary_field: str,
    *,
    indexes_json: str | None = None,
) -> tuple[int, int]:
    """Register a collection, and return its number and version."""
    name = checked_collection_name(name)
    fields = parse_fields(fields_json)
    indexes = parse_indexes(indexes_json, fields)
    primary = check_primary(primary_field, fields)
    schema = Schema(
        name=name,
        number=0,
        version=1,
        primary=primary,
        columns=make_columns(fields),
        indexes=indexes,
    )
    if not schema.key.field.kind.is_primitive:
        raise ModelVaultValidationError(
            "validation error: primary key field must use a primitive type "
            "(not optional/list/object/enum)"
        )
    return handle.write(lambda tx: _register(tx, schema))


def change(
    handle: Handle, name: str, fields_json: str, indexes_json: str | None, *, force: bool
) -> int:
    """Register another schema of a collection, and return its version."""
    fields = parse_fields(fields_json)
    indexes = parse_indexes(indexes_json, fields)

    def decide(tx: nacre.Transaction) -> int:
        schema = handle.shape_in(tx, name).schema
        planned = plan_change(schema, fields, indexes)
        if not force:
            check_plan(planned)
        forced = force and planned.change != "safe"
        made = next_schema(schema, fields, indexes, forced=forced)
        _alter(tx, made, events.CHANGED, {"forced": forced})
        return made.version

    return handle.write(decide)


def plan(handle: Handle, name: str, fields_json: str, indexes_json: str | None) -> Plan:
    """Return what another schema of a collection would take."""
    fields = parse_fields(fields_json)
    indexes = parse_indexes(indexes_json, fields)
    return plan_change(handle.shape(name).schema, fields, indexes)


def backfill(handle: Handle, name: str, field: str, value: object) -> None:
    """Give a top-level field a value in the rows that are without it."""
    if not isinstance(field, str):
        raise not_text("field", field)
    schema = handle.shape(name).schema
    if not any(column.field.path == (field,) for column in schema.columns):
        raise Malformed(f'unknown field "{field}"')
    _backfill(handle, name, (field,), value)


def backfill_at(handle: Handle, name: str, path: object, value: object) -> None:
    """Give the field at a path a value in the rows that are without it."""
    if isinstance(path, str):
        raise WrongType("argument 'path': Can't extract `str` to `Vec`")
    if not isinstance(path, Sequence):
        raise no_instance(path, "Sequence", argument="path")
    wanted = tuple(path)
    for segment in wanted:
        if not isinstance(segment, str):
            raise no_instance(segment, "str", argument="path")
    schema = handle.shape(name).schema
    if not any(column.field.path == wanted for column in schema.columns):
        raise Malformed(f"unknown field path {shown(wanted)}")
    _backfill(handle, name, wanted, value)


def _register(tx: nacre.Transaction, schema: Schema) -> tuple[int, int]:
    catalogue = tx.view(Catalogue)
    # Also a native collection of that name, which is somebody else's.
    if schema.native_name in tx.rows:
        raise ModelVaultSchemaError(f'schema error: duplicate collection name: "{schema.name}"')
    number = catalogue.next_number()
    tx.rows.create(
        schema.native_name,
        schema.native_fields(),
        key=schema.key.native,
        indexes=schema.native_indexes(),
        # Applications fetch their rows one by one.
        rows_alone=True,
    )
    data = {**to_data(schema), "number": number}
    tx.record(events.REGISTERED, subject=schema.native_name, data={"schema": data})
    return number, schema.version


def _alter(tx: nacre.Transaction, schema: Schema, kind: str, more: Mapping[str, object]) -> None:
    try:
        tx.rows[schema.native_name].alter(schema.native_fields(), indexes=schema.native_indexes())
    except InvalidInput as error:
        raise ModelVaultSchemaError(f"schema error: {error}") from error
    tx.record(kind, subject=schema.native_name, data={"schema": to_data(schema), **more})


def _backfill(handle: Handle, name: str, path: Path, value: object) -> None:
    def decide(tx: nacre.Transaction) -> None:
        shape = handle.shape_in(tx, name)
        column = _column(shape.schema, path)
        taken = shape.take_at(column, value)
        if not column.lacking or taken is None:
            return
        rows = tx.rows[shape.schema.native_name]
        without = rows.where((column.native,), "is null").all()
        if without:
            rows.bulk_upsert([{**row, column.native: taken} for row in without])
        data = {"path": list(path)}
        _alter(tx, filled(shape.schema, path), events.BACKFILLED, data)

    handle.write(decide)


def _column(schema: Schema, path: Path) -> Column:
    return next(column for column in schema.columns if column.field.path == path)
