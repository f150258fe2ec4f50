"""What `StoreInterface` does with connections: found for the user, used, and told to the log."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pandas as pd

from nacre.errors import PackageMissing
from nacre.hashing import digest_of
from nacre_adapters.flowstore.connections import buckets, events
from nacre_adapters.flowstore.connections.connection import Connection
from nacre_adapters.flowstore.connections.errors import ConnectionNotFound
from nacre_adapters.flowstore.connections.kinds import ConnectionType
from nacre_adapters.flowstore.connections.store import Connections
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.records import Where

Options = Mapping[str, object]


class Used(NamedTuple):
    """Which connection, as callers say it."""

    name: str
    owner: str | None


class Table(NamedTuple):
    """Where rows are written to, and what happens to those that are there."""

    name: str
    if_exists: str


def read_query(
    place: Place, where: Where, query: str, used: Used, *, options: Options
) -> pd.DataFrame:
    """Return what a query selects in the database of a connection."""
    connection = _connections(place, where).get(*used)
    frame: pd.DataFrame = _databases().read_frame(connection, query, options)
    # The text may hold what the log should not: it is told by its digest.
    digest = str(digest_of(query.encode()))
    told = {"query": digest, "rows": len(frame)}
    read = {"kind": "query", "connection": connection.id, "query": digest, "rows": len(frame)}
    where.reads.note({**read, "identity": digest})
    _record(place, where, events.READ, connection, told)
    return frame


def write_table(
    place: Place, where: Where, frame: pd.DataFrame, into: Table, *, used: Used, options: Options
) -> None:
    """Write a frame to a table in the database of a connection."""
    connection = _connections(place, where).get(*used)
    write = _databases().write_frame
    write(connection, frame, into.name, if_exists=into.if_exists, options=options)
    told = {"table": into.name, "rows": len(frame), "if_exists": into.if_exists}
    _record(place, where, events.WRITTEN, connection, told)


def s3_client(place: Place, where: Where, name_or_id: str, options: Options) -> Any:  # noqa: ANN401 - boto3 has no types
    """Return a client of boto3 for a connection."""
    return buckets.s3_client(_connections(place, where).get(name_or_id), options)


def read_object(place: Place, where: Where, bucket: str, key: str) -> bytes:
    """Return an object of a bucket."""
    connections = _connections(place, where)

    def find(name: str) -> Connection | None:
        try:
            found = connections.get(name)
        except ConnectionNotFound:
            return None
        return found if found.type is ConnectionType.S3 else None

    content = buckets.open_bucket(bucket, files_beside(place), find).read(key)
    read = {"kind": "object", "path": f"{bucket}/{key}", "identity": str(digest_of(content))}
    where.reads.note(read)
    return content


def fixture_keys(place: Place, prefix: str | None) -> list[str]:
    """Return the keys of the fixtures, sorted."""
    return buckets.fixture_keys(prefix, files_beside(place))


def files_beside(place: Place) -> Path:
    """Return the directory of local buckets and fixtures: beside the vault, not in it."""
    path = Path(place.vault.path)
    return path.with_name(f"{path.name}.files")


def _connections(place: Place, where: Where) -> Connections:
    return Connections(place.vault, where.user, told=where.reads.secrets.add)


def _record(
    place: Place, where: Where, kind: str, connection: Connection, told: dict[str, object]
) -> None:
    data = {"id": connection.id, "flow": where.flow, "step": where.step, **told}
    subject = events.subject_of(connection.id)
    place.vault.commit(lambda tx: tx.record(kind, subject=subject, data=data), actor=where.user)


def _databases() -> ModuleType:
    try:
        return import_module("nacre_adapters.flowstore.connections.databases")
    except ModuleNotFoundError as error:
        raise PackageMissing(
            f"the package {error.name} is needed for databases: pip install 'nacre[connections]'"
        ) from error
