"""Changing a schema: what must be done, what is safe, what is checked, what would lose values."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from nacre.errors import InvalidInput
from nacre.rows.changes import Decision
from nacre.rows.checks import check_of
from nacre.rows.definition import Definition
from nacre.rows.layout import Entries, Layout, StoredRow, index_values
from nacre.rows.schema import Field, Index, Schema
from nacre.rows.types import Refused
from nacre.rows.view import ALTERED, Rows

Level = Literal["safe", "checked", "lossy", "refused"]

_WIDER = {("int64", "float64"), ("uint64", "float64")}
_EXACT = 1 << 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One difference between two schemas."""

    what: str
    level: Level
    """safe: cannot fail. checked: every row is looked at first. lossy: values leave the
    collection, so it must be asked for by name. refused: cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """How to come from one schema to another."""

    schema: Schema
    steps: tuple[Step, ...]
    rewrites: Mapping[int, object]
    """Slots whose values are stored anew, and the types that they then have."""

    @property
    def is_safe(self) -> bool:
        """Whether it cannot fail, and loses nothing."""
        return all(step.level == "safe" for step in self.steps)

    def __str__(self) -> str:
        return "\n".join(f"{step.level}: {step.what}" for step in self.steps) or "nothing to do"


def plan_migration(
    old: Schema, new: Schema, *, renames: Mapping[str, str], fill: Mapping[str, object]
) -> Migration:
    """Return how to come from *old* to *new*, whose fields and indexes have no numbers yet.

    *renames* are old names to new ones, *fill* what rows get in fields that must have a value.
    """
    steps: list[Step] = []
    rewrites: dict[int, object] = {}
    before = {renames.get(field.name, field.name): field for field in old.fields}
    for name in renames:
        old.field(name)
        new.field(renames[name])
        steps.append(Step(what=f"rename the field {name!r} to {renames[name]!r}", level="safe"))
    fields = []
    for field in new.fields:
        was = before.pop(field.name, None)
        if was is None:
            fields.append(_added(field, fill, steps))
        else:
            fields.append(replace(field, slot=was.slot, fill=was.fill))
            _compare(was, field, steps, rewrites)
    steps += [Step(what=f"drop the field {name!r}", level="lossy") for name in before]
    _compare_keys(old, new, renames, rewrites, steps)
    schema = replace(new, fields=tuple(fields), next_slot=old.next_slot, next_index=old.next_index)
    indexes = _matched(old, schema, renames, rewrites, steps)
    schema = replace(schema, indexes=indexes).numbered()
    return Migration(schema=schema, steps=tuple(steps), rewrites=rewrites)


def migrate(tx: Decision, name: str, migration: Migration, drops: Collection[str]) -> None:
    """Check every row where that is needed, and record the change of the schema.

    Raises:
        InvalidInput: it cannot be done, a row is against it, or a loss was not asked for.
    """
    view = tx.view(Rows)
    definition = view.definition(name)
    refused = [step.what for step in migration.steps if step.level == "refused"]
    if refused:
        raise InvalidInput(f"{name!r} cannot be altered: {'; '.join(refused)}")
    gone = {step.what for step in migration.steps if step.level == "lossy"}
    asked = {f"drop the field {drop!r}" for drop in drops}
    if gone != asked:
        unasked = ", ".join(sorted(gone ^ asked))
        raise InvalidInput(f"what leaves {name!r} is to be named with drop=: {unasked}")
    if any(step.level == "checked" for step in migration.steps):
        _check_rows(view, definition, migration)
    data: dict[str, object] = {"schema": migration.schema.to_data()}
    if migration.rewrites:
        data["rewrites"] = dict(migration.rewrites)
    tx.record_own(ALTERED, subject=name, data=data)


def _added(field: Field, fill: Mapping[str, object], steps: list[Step]) -> Field:
    what = f"add the field {field.name!r}"
    if field.name in fill:
        try:
            value = field.type.take(fill[field.name])
        except Refused as error:
            raise InvalidInput(f"the filling of {field.name!r} {error}") from None
        check = check_of(field.type, field.checks)
        wrong = None if check is None else check(value)
        if wrong is not None:
            raise InvalidInput(f"the filling of {field.name!r} {wrong}: {value!r:.60} is refused")
        steps.append(Step(what=f"{what}, filled with {fill[field.name]!r:.40}", level="safe"))
        return replace(field, fill=value)
    if field.nullable or field.default is not None:
        steps.append(Step(what=what, level="safe"))
        return replace(field, fill=field.default)
    needs = f"{what}, which must have a value: give one with fill="
    steps.append(Step(what=needs, level="refused"))
    return field


def _compare(was: Field, field: Field, steps: list[Step], rewrites: dict[int, object]) -> None:
    name = field.name
    if was.type.spec != field.type.spec:
        change = f"change the type of {name!r} from {was.type.spec} to {field.type.spec}"
        level = _level_of(was.type.spec, field.type.spec)
        if level == "refused":
            change += ": add another field, and drop this one"
        elif level == "checked":
            rewrites[was.slot] = field.type.spec
        steps.append(Step(what=change, level=level))
        if level == "refused":
            return
    if was.nullable and not field.nullable:
        steps.append(Step(what=f"require a value of {name!r}", level="checked"))
    if field.nullable and not was.nullable:
        steps.append(Step(what=f"allow {name!r} to be None", level="safe"))
    if dict(was.checks) != dict(field.checks):
        loosened = not field.checks
        what = f"{'drop' if loosened else 'change'} the constraints of {name!r}"
        steps.append(Step(what=what, level="safe" if loosened else "checked"))
    if (was.default, was.has_default) != (field.default, field.has_default):
        steps.append(Step(what=f"change the default of {name!r}", level="safe"))


def _level_of(old: object, new: object) -> Level:
    if _gains_parts(old, new):
        return "safe"
    return "checked" if (str(old), str(new)) in _WIDER else "refused"


def _gains_parts(old: object, new: object) -> bool:
    """Tell whether values of *new* are those of *old*, with more parts that may be None."""
    if not isinstance(old, dict) or not isinstance(new, dict) or list(old) != list(new):
        return old == new
    (shape,) = old
    before, after = old[shape], new[shape]
    if shape != "object":
        return _gains_parts(before, after)
    added = [after[name] for name in after if name not in before]
    return (
        set(before) <= set(after)
        and all(_gains_parts(before[name], after[name]) for name in before)
        and all(map(_may_be_none, added))
    )


def _may_be_none(part: object) -> bool:
    return "nullable" in part if isinstance(part, dict) else str(part).endswith("?")


def _compare_keys(
    old: Schema,
    new: Schema,
    renames: Mapping[str, str],
    rewrites: Mapping[int, object],
    steps: list[Step],
) -> None:
    names = tuple(renames.get(name, name) for name in old.key)
    slots = {old.field(name).slot for name in old.key}
    if names != new.key or slots & set(rewrites):
        steps.append(
            Step(what="change the key: copy the rows into a new collection", level="refused")
        )


def _matched(
    old: Schema,
    new: Schema,
    renames: Mapping[str, str],
    rewrites: Mapping[int, object],
    steps: list[Step],
) -> tuple[Index, ...]:
    """Return the new indexes, those with a number that there were already."""
    kept = {}
    for index in old.indexes:
        slots = {old.field(path[0]).slot for path in index.paths}
        paths = tuple((renames.get(path[0], path[0]), *path[1:]) for path in index.paths)
        if not slots & set(rewrites):
            kept[paths, index.unique] = index.number
    indexes = []
    for index in new.indexes:
        number = kept.pop((index.paths, index.unique), -1)
        indexes.append(replace(index, number=number))
        if number < 0:
            level: Level = "checked" if index.unique else "safe"
            steps.append(Step(what=f"build the index {index.name!r}", level=level))
    numbers = {index.number for index in indexes}
    for index in old.indexes:
        if index.number not in numbers:
            steps.append(Step(what=f"drop the index {index.name!r}", level="safe"))
    return tuple(indexes)


RowCheck = Callable[[StoredRow], str | None]


def _check_rows(view: Rows, definition: Definition, migration: Migration) -> None:
    new = Layout(migration.schema)
    checks = list(_row_checks(new, migration))
    for row in view.rows(definition):
        whole = new.whole(row)
        for check in checks:
            wrong = check(whole)
            if wrong is not None:
                layout = definition.layout
                key = layout.given_key(layout.key_values(whole))
                raise InvalidInput(f"row {key!r} of {definition.name!r} is against it: {wrong}")


def _row_checks(layout: Layout, migration: Migration) -> Iterable[RowCheck]:
    for field in migration.schema.fields:
        yield _field_check(field, rewritten=field.slot in migration.rewrites)
    for entries in layout.indexes:
        if entries.index.unique:
            yield _unique_check(layout, entries)


def _field_check(field: Field, *, rewritten: bool) -> RowCheck:
    check = check_of(field.type, field.checks)

    def run(row: StoredRow) -> str | None:
        value = row[field.slot]
        if value is None:
            return None if field.nullable else f"{field.name!r} is None"
        if rewritten:
            assert isinstance(value, int)
            if abs(value) > _EXACT:
                return f"{field.name!r} is {value}, which a float would round"
        wrong = None if check is None else check(value)
        return None if wrong is None else f"{field.name!r} {wrong}"

    return run


def _unique_check(layout: Layout, entries: Entries) -> RowCheck:
    seen: set[bytes] = set()

    def run(row: StoredRow) -> str | None:
        if any(get(row) is None for get, _ in entries.get):
            return None
        values = index_values(entries, row)
        if values in seen:
            found = layout.shown(entries.index, row)
            return f"another row has {found} too, which {entries.index.name!r} allows once"
        seen.add(values)
        return None

    return run
