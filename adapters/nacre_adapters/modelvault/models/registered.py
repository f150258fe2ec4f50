"""Whether a collection that is there already is as a class says."""

from nacre_adapters.modelvault import registration
from nacre_adapters.modelvault.errors import ModelVaultFormatError, ModelVaultSchemaError
from nacre_adapters.modelvault.handle import Handle
from nacre_adapters.modelvault.kinds import Field
from nacre_adapters.modelvault.models.mapping import Mapped, Model
from nacre_adapters.modelvault.schema import Schema, parse_fields, parse_indexes


def register_or_check(handle: Handle, mapped: Mapped[Model]) -> None:
    """Register the collection of a class; if it is there, check that the class fits it.

    Raises:
        ModelVaultSchemaError: a field, a constraint, an index or the key is another one.
        ModelVaultFormatError: the type of a field is another one.
    """
    schema = handle.catalogue().find(mapped.name)
    if schema is None:
        registration.register(
            handle,
            mapped.name,
            mapped.fields_json(),
            mapped.primary,
            indexes_json=mapped.indexes_json(),
        )
        return
    fields = parse_fields(mapped.fields_json())
    if mapped.primary != schema.primary:
        raise ModelVaultSchemaError(
            f'schema error: primary field "{mapped.primary}" not found as a top-level field'
        )
    for field in fields:
        _check_field(schema, field)
    if len(fields) == len(schema.columns):
        indexes = parse_indexes(mapped.indexes_json(), fields)
        if set(indexes) != set(schema.indexes):
            raise ModelVaultSchemaError(
                "schema error: incompatible schema change: "
                "model index definitions do not match collection catalog"
            )


def _check_field(schema: Schema, field: Field) -> None:
    found = next((each for each in schema.fields if each.path == field.path), None)
    if found is None:
        raise ModelVaultSchemaError(f'schema error: insert row has unknown field "{field.dotted}"')
    if found.kind != field.kind:
        raise ModelVaultFormatError(
            f"format error: record payload type does not match schema (field {field.dotted})"
        )
    if set(found.constraints) != set(field.constraints):
        raise ModelVaultSchemaError(
            "schema error: incompatible schema change: "
            f'constraints changed for field ["{field.dotted}"]'
        )
