"""`nacre rows`: the collections of a vault, or rows of one."""

from pathlib import Path

import click

import nacre
from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import json_option, print_json, print_table, say, vault_argument
from nacre.rows.collection import Collection
from nacre.rows.query import Query
from nacre.rows.written import condition_in

_COLUMNS = ("collection", "rows", "schema", "key", "fields", "indexes")


@click.command(short_help="List the collections of a vault, or rows.")
@vault_argument
@click.argument("name", required=False)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only rows like this, such as 'age >= 18'; may be repeated, and all must hold.",
)
@click.option("--order-by", multiple=True, metavar="FIELD", help="Sort by 'age' or 'age desc'.")
@click.option("--limit", type=click.IntRange(min=0), default=20, help="At most so many; else 20.")
@at_option
@json_option
def rows(
    vault: Path,
    name: str | None,
    where: tuple[str, ...],
    order_by: tuple[str, ...],
    limit: int,
    at: str | None,
    as_json: bool,
) -> None:
    """List the collections of a vault, or rows of the collection NAME."""
    if name is None and (where or order_by):
        raise click.UsageError("--where and --order-by need the NAME of a collection")
    with reading(vault, at) as opened:
        if name is None:
            _print_collections(opened, as_json=as_json)
            return
        collection = opened.rows[name]
        found = _query(collection, where, order_by).limit(limit + 1).all()
        columns = [field.name for field in collection.schema.fields]
    if as_json:
        print_json(found[:limit])
        return
    print_table(columns, [list(row.values()) for row in found[:limit]])
    if len(found) > limit:
        say("there are more: raise --limit")


def _query(collection: Collection, where: tuple[str, ...], order_by: tuple[str, ...]) -> Query:
    query = collection.query()
    for text in where:
        query = query.where(condition_in(collection.schema, text))
    return query.order_by(*order_by) if order_by else query


def _print_collections(opened: nacre.Vault, *, as_json: bool) -> None:
    found = [_described(opened.rows[name]) for name in opened.rows]
    if as_json:
        print_json(found)
        return
    print_table(_COLUMNS, [list(map(_shown, described.values())) for described in found])


def _described(collection: Collection) -> dict[str, object]:
    schema = collection.schema
    return {
        "name": collection.name,
        "rows": collection.count(),
        "version": collection.version,
        "key": list(schema.key),
        "fields": {field.name: field.type.spec for field in schema.fields},
        "indexes": [index.name for index in schema.indexes],
    }


def _shown(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | dict) else value
