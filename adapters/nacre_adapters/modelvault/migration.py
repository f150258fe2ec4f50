"""What comes from one schema to the next: safe, needing migration, or breaking; and the columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nacre_adapters.modelvault.errors import ModelVaultSchemaError
from nacre_adapters.modelvault.kinds import Field, Kind
from nacre_adapters.modelvault.schema import Column, Index, Schema, make_columns

Change = Literal["safe", "needs_migration", "breaking"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one schema becomes another."""

    change: Change
    reason: str = ""
    steps: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return what `plan_schema_version` does."""
        found: dict[str, object] = {"change": self.change}
        if self.change != "safe":
            found["reason"] = self.reason
        return {**found, "steps": list(self.steps)}


def plan_change(schema: Schema, fields: Sequence[Field], indexes: Sequence[Index]) -> Plan:
    """Return what changing a schema to *fields* and *indexes* takes."""
    wrong = _breaking(schema.fields, fields)
    if wrong:
        return Plan("breaking", wrong)
    had = {field.path for field in schema.fields}
    for field in fields:
        if field.path not in had and not field.kind.is_optional:
            return Plan(
                "needs_migration",
                f"new required field {_shown(field)} needs backfill",
                (_backfill_step(field),),
            )
    before = {index.name: index for index in schema.indexes}
    for index in indexes:
        if index.name in before and before[index.name] != index:
            return Plan("breaking", f'index changed: "{index.name}"')
    for index in indexes:
        if index.name not in before and index.unique:
            reason = f'new unique index "{index.name}" needs rebuild/validation'
            return Plan("needs_migration", reason, ("rebuild_indexes",))
    return Plan("safe")


def check_plan(plan: Plan) -> None:
    """Refuse what needs to be forced.

    Raises:
        ModelVaultSchemaError: it is not safe.
    """
    if plan.change == "needs_migration":
        raise ModelVaultSchemaError(f"schema error: migration required: {plan.reason}")
    if plan.change == "breaking":
        raise ModelVaultSchemaError(f"schema error: incompatible schema change: {plan.reason}")


def next_schema(
    schema: Schema, fields: Sequence[Field], indexes: Sequence[Index], *, forced: bool
) -> Schema:
    """Return the schema after a change: values of fields that stay as they were stay in place.

    A field whose type is another one gets a column of its own; what was there before is kept
    aside, so that old rows still show it until they are written or backfilled.

    Raises:
        ModelVaultSchemaError: the primary field is not there, or not of its type.
    """
    _check_key(schema, fields)
    kept = {c.field.path: c for c in schema.columns}
    columns: list[Column] = []
    every = (*schema.columns, *schema.former)
    taken = {column.native: column.field for column in every}
    for field in fields:
        was = kept.get(field.path)
        if was is not None and _is_kept(was.field.kind, field.kind):
            columns.append(_carried(was, field))
            kept.pop(field.path)
            continue
        (made,) = make_columns([field], taken)
        taken[made.native] = field
        columns.append(replace(made, lacking=forced))
    former = (*schema.former, *kept.values())
    return replace(
        schema,
        version=schema.version + 1,
        columns=tuple(columns),
        former=former,
        indexes=tuple(indexes),
    )


def _carried(was: Column, field: Field) -> Column:
    # What may be None so far is lacking once a value is required.
    newly_required = was.field.kind.is_optional and not field.kind.is_optional
    return Column(field, was.native, was.lacking or newly_required)


def _check_key(schema: Schema, fields: Sequence[Field]) -> None:
    found = next((f for f in fields if f.path == (schema.primary,)), None)
    if found is None:
        raise ModelVaultSchemaError(
            f'schema error: schema update must retain top-level primary field "{schema.primary}"'
        )
    if found.kind != schema.key.field.kind:
        raise ModelVaultSchemaError(
            f"schema error: schema update must retain the type of the primary field "
            f'"{schema.primary}"'
        )


def _is_kept(was: Kind, kind: Kind) -> bool:
    """Tell whether values of a type are values of another, as they are stored."""
    return was.bare == kind.bare or (was.bare.name == kind.bare.name == "enum")


def _breaking(old: Sequence[Field], new: Sequence[Field]) -> str:
    """Return why a change is breaking, or the empty string."""
    found = {field.path: field for field in new}
    for was in old:
        field = found.get(was.path)
        if field is None:
            return f"field removed: {_shown(was)}"
        if field.constraints != was.constraints:
            return f"constraints changed for field {_shown(was)}"
        if field.kind != was.kind and not _is_wider_enum(was.kind, field.kind):
            return f"type changed for field {_shown(was)}"
    had = {field.path for field in old}
    if [f.path for f in new if f.path in had] != [f.path for f in old]:
        return "field reorder breaks positional record encoding"
    return ""


def _is_wider_enum(was: Kind, kind: Kind) -> bool:
    return was.name == kind.name == "enum" and set(was.variants) <= set(kind.variants)


def _shown(field: Field) -> str:
    return "[" + ", ".join(f'"{segment}"' for segment in field.path) + "]"


def _backfill_step(field: Field) -> str:
    what = "backfill_top_level_field" if len(field.path) == 1 else "backfill_field_at_path"
    return f"{what}:{field.dotted}"
