"""Decisions about tables and indexes: what is made, changed, dropped, and what is refused."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import cast

import nacre
from nacre.errors import InvalidInput, Unstorable
from nacre.rows import Collection, Index, Schema
from nacre_adapters.tenants.errors import IntegrityError, TableMissing
from nacre_adapters.tenants.events import TABLE_DECLARED
from nacre_adapters.tenants.home import Holder, Home
from nacre_adapters.tenants.models import ModelField, inferred
from nacre_adapters.tenants.unset import UNSET
from nacre_adapters.tenants.views import Columns, Tenants

Spec = dict[str, object]


def declare(
    home: Home,
    tx: nacre.Transaction,
    table: str,
    fields: Sequence[ModelField],
    pk: Sequence[str],
) -> None:
    """Record a table with these columns; one that is there gets the columns that it lacks.

    Raises:
        InvalidInput: the key is no column, or the table cannot be changed like this; says how.
    """
    if not isinstance(table, str) or not table.strip() or table != table.strip():
        raise InvalidInput(
            f"{table!r:.60} is no name of a table: give a text with no blanks around it"
        )
    names = [field.name for field in fields]
    missing = [name for name in pk if name not in names]
    if missing or not pk:
        which = f"the field {missing[0]!r}, which is not" if missing else "no field"
        raise InvalidInput(
            f"the primary key of {table!r} names {which} among {', '.join(names) or 'none'}"
        )
    columns = tx.view(Tenants).columns(home.namespace, table)
    collection = home.collection_name(table)
    if collection not in tx.rows:
        tx.rows.create(collection, {f.name: _spec(f, pk) for f in fields}, key=tuple(pk))
        record_columns(home, tx, table, [(field.name, field.type.name) for field in fields])
    elif columns is None:
        raise InvalidInput(f"{table!r} is a collection of rows, and no table: use another name")
    else:
        _extend(home, tx, table, (columns, fields, pk))


def _spec(field: ModelField, pk: Sequence[str], old: Spec | None = None) -> Spec:
    may_be_null = field.nullable
    if may_be_null is None:
        may_be_null = old is None or bool(old["nullable"])
    spec: Spec = {"type": field.type.stored, "nullable": may_be_null and field.name not in pk}
    if field.default is not UNSET and field.default is not None:
        spec["default"] = field.type.take(field.default)
    return spec


def record_columns(home: Home, tx: nacre.Transaction, table: str, columns: Columns) -> None:
    """Record what the columns of a table are declared as."""
    data = {
        "namespace": home.namespace,
        "table": table,
        "columns": [[name, kind] for name, kind in columns],
    }
    tx.record(TABLE_DECLARED, subject=home.collection_name(table), data=data)


def _extend(
    home: Home,
    tx: nacre.Transaction,
    table: str,
    wanted: tuple[Columns, Sequence[ModelField], Sequence[str]],
) -> None:
    columns, fields, pk = wanted
    collection = tx.rows[home.collection_name(table)]
    types = dict(columns)
    old = collection.schema
    specs = specs_of(old)
    refused = [
        f"refused: change the type of {field.name!r} from {types[field.name]} to {field.type.name}"
        for field in fields
        if types.get(field.name, field.type.name) != field.type.name
    ]
    if tuple(pk) != old.key:
        refused.append(f"refused: change the key from {', '.join(old.key)} to {', '.join(pk)}")
    added = [field for field in fields if field.name not in types]
    for field in fields:
        if not refused:
            specs[field.name] = _spec(field, pk, specs.get(field.name))
    indexes = index_specs(old)
    plan = collection.plan(specs, indexes=indexes)
    if refused or not plan.is_safe:
        steps = "\n".join([*refused, *(str(plan).splitlines() if plan.steps else [])])
        raise InvalidInput(f"{table!r} cannot become what the class says:\n{steps}")
    if plan.steps:
        collection.alter(specs, indexes=indexes)
    if added:
        record_columns(
            home, tx, table, columns + [(field.name, field.type.name) for field in added]
        )


def widen(
    home: Home, tx: nacre.Transaction, table: str, records: Iterable[Mapping[str, object]]
) -> None:
    """Record the columns that a table lacks for these records, of the types of their values.

    Raises:
        InvalidInput: the values for one of them are of several types.
        TableMissing: there is no such table.
    """
    collection = collection_of(home, tx, table)
    known = tx.view(Tenants).columns(home.namespace, table) or []
    names = {name for name, _ in known}
    values: dict[str, list[object]] = {}
    for record in records:
        for name in record.keys() - names:
            values.setdefault(name, []).append(record[name])
    if not values:
        return
    added = [inferred(name, found) for name, found in sorted(values.items())]
    schema = collection.schema
    specs = specs_of(schema) | {field.name: _spec(field, schema.key) for field in added}
    collection.alter(specs, indexes=index_specs(schema))
    record_columns(home, tx, table, known + [(field.name, field.type.name) for field in added])


def narrow(home: Home, tx: nacre.Transaction, table: str, kept: Container[str]) -> None:
    """Record that a table has these columns at most.

    Raises:
        InvalidInput: a column that is to go belongs to the key or to an index.
    """
    collection = tx.rows[home.collection_name(table)]
    schema = collection.schema
    gone = [field.name for field in schema.fields if field.name not in kept]
    if not gone:
        return
    for index in schema.indexes:
        if held := set(gone) & set(columns_of(index)):
            raise InvalidInput(
                f"{table!r} cannot lose {min(held)!r}: drop the index {index.name!r} first"
            )
    specs = {name: spec for name, spec in specs_of(schema).items() if name not in gone}
    collection.alter(specs, indexes=index_specs(schema), drop=gone)
    columns = tx.view(Tenants).columns(home.namespace, table) or []
    record_columns(home, tx, table, [each for each in columns if each[0] not in gone])


def specs_of(schema: Schema) -> dict[str, Spec]:
    """Return the fields of a schema, as `alter` takes them."""
    specs: dict[str, Spec] = {}
    for field in schema.fields:
        spec: Spec = {"type": field.type.spec, "nullable": field.nullable, **field.checks}
        if field.has_default:
            give = field.type.give
            given = field.default if give is None or field.default is None else give(field.default)
            spec["default"] = given
        specs[field.name] = spec
    return specs


def index_specs(schema: Schema) -> list[Mapping[str, object]]:
    """Return the indexes of a schema, as `alter` takes them."""
    return [
        index_spec(index.name, columns_of(index), unique=index.unique) for index in schema.indexes
    ]


def index_spec(name: str, columns: Sequence[str], *, unique: bool) -> Mapping[str, object]:
    """Return one index, as `alter` takes it."""
    return {"name": name, "fields": list(columns), "unique": unique}


def columns_of(index: Index) -> list[str]:
    """Return the columns of an index, in their order."""
    return [path[0] for path in index.paths]


def tables_of(home: Home, holder: Holder) -> list[str]:
    """Return the names of the tables that there are, in order."""
    names = holder.view(Tenants).tables(home.namespace)
    return sorted(name for name in names if home.collection_name(name) in holder.rows)


def collection_of(home: Home, holder: Holder, table: object) -> Collection:
    """Return the collection of a table.

    Raises:
        TableMissing: there is no such table.
    """
    if isinstance(table, str) and home.knows(holder, table):
        return holder.rows[home.collection_name(table)]
    raise TableMissing(f"there is no table {table!r:.80}: register it first")


def indexes_of(home: Home, holder: Holder, table: object) -> list[dict[str, object]]:
    """Return name, columns and uniqueness of each index of a table, by name.

    Raises:
        TableMissing: there is no such table.
    """
    indexes = collection_of(home, holder, table).schema.indexes
    return [
        {"name": index.name, "columns": columns_of(index), "unique": index.unique}
        for index in sorted(indexes, key=lambda index: index.name)
    ]


def find_index(home: Home, holder: Holder, name: str) -> tuple[str, Index] | None:
    """Return the table that has an index, and the index; None: no table has it."""
    for table in tables_of(home, holder):
        index = collection_of(home, holder, table).schema.index(name)
        if index is not None:
            return table, index
    return None


def add_index(
    home: Home,
    tx: nacre.Transaction,
    table: str,
    wanted: Mapping[str, object],
) -> None:
    """Record an index; one that is there already, just like this, is left alone.

    Raises:
        TableMissing: there is no such table.
        InvalidInput: there is no such column, or an index of that name and another definition.
        IntegrityError: it is to be unique, and the rows are not.
    """
    collection = collection_of(home, tx, table)
    name, unique = cast("str", wanted["name"]), bool(wanted["unique"])
    columns = cast("list[str]", wanted["fields"])
    schema = collection.schema
    for column in columns:
        if column not in {field.name for field in schema.fields}:
            raise InvalidInput(f"{table!r} has no column {column!r:.60}: an index needs columns")
    there = find_index(home, tx, name)
    if there is not None:
        owner, index = there
        if (owner, columns_of(index), index.unique) == (table, columns, unique):
            return
        raise InvalidInput(
            f"there is an index {name!r} already, {'unique ' * index.unique}on {owner!r} "
            f"({', '.join(columns_of(index))}): give this one another index_name, or drop that one"
        )
    _alter_indexes(collection, schema, [*index_specs(schema), wanted])


def _alter_indexes(
    collection: Collection, schema: Schema, indexes: Iterable[Mapping[str, object]]
) -> None:
    try:
        collection.alter(specs_of(schema), indexes=list(indexes))
    except Unstorable:
        raise
    except InvalidInput as error:
        if "allows once" not in str(error):
            raise
        raise IntegrityError(str(error)) from error


def drop_index(home: Home, tx: nacre.Transaction, name: str, table: str | None) -> None:
    """Record that an index is no more; one of another table than *table* is left alone."""
    found = find_index(home, tx, name)
    if found is None or table not in (None, found[0]):
        return
    collection = collection_of(home, tx, found[0])
    schema = collection.schema
    kept = [spec for spec in index_specs(schema) if spec["name"] != name]
    collection.alter(specs_of(schema), indexes=kept)
